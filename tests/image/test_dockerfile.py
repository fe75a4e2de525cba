"""The image is built from pinned packages, and runs unprivileged."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from service import __version__
from service.release import read_commit
from tests.image.dockerfile import ROOT, globals_, stages, text

PAGE, WHEELS, RUNS = stages()
INSTRUCTIONS = {"ARG", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN",
                "STOPSIGNAL", "USER", "WORKDIR"}  # fmt: skip


def ignored() -> list[tuple[bool, re.Pattern[str]]]:
    """Parse .dockerignore: whether a line is an exception, and its pattern."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [
        (line.startswith("!"), pattern(line.lstrip("!")))
        for line in lines
        if line and not line.startswith("#")
    ]


def pattern(line: str) -> re.Pattern[str]:
    """Translate a line: `**/` is any depth, `*` is within one name, a folder includes its content."""
    parts = re.split(r"(\*\*/|\*|\[[^]]*\])", line)
    known = {"**/": "(?:.*/)?", "*": "[^/]*"}
    made = "".join(known.get(part, part if part.startswith("[") else re.escape(part)) for part in parts)
    return re.compile(f"{made}(?:/.*)?")


def is_sent(path: str) -> bool:
    """Return whether a file is in the build context."""
    sent = True
    for is_exception, ignored_path in ignored():
        if ignored_path.fullmatch(path):
            sent = is_exception
    return sent


def checkout() -> list[str]:
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [path for path in listed if path and (ROOT / path).is_file()]


def test_every_base_image_is_configurable() -> None:
    assert {stage.base for stage in stages()} == {"${NODE_IMAGE}", "${PYTHON_IMAGE}"}
    assert globals_().keys() == {"NODE_IMAGE", "PYTHON_IMAGE"}
    assert all("slim" in image and "latest" not in image for image in globals_().values())


def test_the_dockerfile_needs_no_buildkit() -> None:
    assert "# syntax" not in text()
    used = {name for stage in stages() for name, _ in stage.instructions}
    assert used <= INSTRUCTIONS
    for stage in stages():
        assert not [run for run in stage.all("RUN") if run.startswith(("--", "<<"))], "needs BuildKit"
        assert not [copy for copy in stage.all("COPY") if re.search("--(chmod|link|parents)", copy)]


def test_the_dockerfile_names_no_registry() -> None:
    assert "://" not in text().replace("org.opencontainers", "")


def test_package_indexes_are_build_arguments() -> None:
    assert {"NPM_CONFIG_REGISTRY", "NODE_EXTRA_CA_CERTS"} <= set(PAGE.all("ARG"))
    assert {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CERT"} <= set(WHEELS.all("ARG"))
    assert RUNS.all("ARG") == ["COMMIT=unknown"], "an argument of the last stage stays in its history"


def test_installed_packages_are_pinned_by_hash() -> None:
    installs = re.findall(r"pip(?: --python \S+)? install ([^&]+)", " ".join(WHEELS.all("RUN")))
    assert len(installs) == 3
    *pinned, own = installs
    assert all("--require-hashes" in line for line in pinned)
    assert "--no-deps --no-index /wheels/" in own
    assert any("npm ci" in run for run in PAGE.all("RUN"))
    for file in ("build", "image"):
        requirements = (ROOT / "requirements" / f"{file}.txt").read_text(encoding="utf-8")
        assert "--hash=sha256:" in requirements


def test_the_image_has_the_same_versions_as_a_checkout() -> None:
    def pins(file: str) -> set[str]:
        lines = (ROOT / "requirements" / f"{file}.txt").read_text(encoding="utf-8")
        return set(re.findall(r"^([\w.-]+==[^\s;\\]+)", lines, re.MULTILINE))

    assert pins("image") <= pins("run")
    assert pins("build") <= pins("run")
    assert {pin.partition("==")[0] for pin in pins("image")} >= {"redis", "hiredis", "nats-py", "uvloop"}
    assert "textual" not in str(pins("image")), "the terminal client is not part of the image"


def test_the_image_runs_unprivileged_and_without_a_shell() -> None:
    user, group = RUNS.one("USER").split(":")
    assert int(user) >= 10000
    assert int(group) >= 10000
    assert json.loads(RUNS.one("ENTRYPOINT")) == ["python", "-m", "service"]
    check = RUNS.one("HEALTHCHECK")
    assert json.loads(check[check.index("CMD ") + 4 :]) == ["python", "-m", "service.healthcheck"]
    assert not RUNS.all("RUN")
    assert RUNS.one("STOPSIGNAL") == "SIGTERM"
    assert "PYTHONDONTWRITEBYTECODE=1" in RUNS.one("ENV")
    assert "HUBBUB_HOST=0.0.0.0" in RUNS.one("ENV")


def test_the_labels_name_version_and_commit() -> None:
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', RUNS.one("LABEL")))
    assert labels["version"] == __version__
    assert labels["revision"] == "${COMMIT}"
    assert labels["licenses"] == "MIT"


def test_the_build_context_contains_what_is_copied_and_nothing_else() -> None:
    sent = {path for path in checkout() if is_sent(path)}
    copied = set[str]()
    for stage in stages():
        for copy in (copy for copy in stage.all("COPY") if "--from" not in copy):
            *sources, _ = copy.split()
            for source in sources:
                found = {p for p in sent if p == source or p.startswith(f"{source}/")}
                assert found, source
                copied |= found
    assert sent == copied
    assert not [path for path in sent if "/test_" in path or ".test." in path or "/e2e/" in path]


def test_the_build_context_contains_all_files_of_the_page() -> None:
    public = {path for path in checkout() if path.startswith("clients/web/public/")}
    assert public
    assert all(map(is_sent, public))
    for kept in (".git/config", ".venv/bin/python", "clients/node_modules/x/y.js", "clients/web/dist/a",
                 "tests/conftest.py", "service/__pycache__/app.pyc", "service/COMMIT", ".env"):  # fmt: skip
        assert not is_sent(kept), kept


@pytest.mark.parametrize("folder", [".", "clients/protocol"])
def test_wheel_builds_are_reproducible(folder: str, tmp_path: Path) -> None:
    one, two = (build(ROOT / folder, tmp_path / turn) for turn in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert one.name.split("-")[1] == __version__
    with zipfile.ZipFile(one) as packed:
        names = packed.namelist()
    assert not [name for name in names if name.startswith(("tests/", "clients/"))]


def build(project: Path, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*command, into], cwd=project, capture_output=True, check=True)
    (wheel,) = into.iterdir()
    return wheel


def test_the_commit_is_read_from_the_build(tmp_path: Path) -> None:
    file = tmp_path / "COMMIT"
    assert read_commit(file) == "unknown"
    file.write_text("abc123\n", encoding="utf-8")
    assert read_commit(file) == "abc123"
