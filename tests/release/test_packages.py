"""The client packages install alone: no index is asked for a private name, and no other package is needed."""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("protocol", "python", "cli")
# Runs without `site`, so without the packages of this checkout, which are installed by path files.
ISOLATED = (sys.executable, "-I", "-S", "-c")


def build(folder: str, into: Path) -> Path:
    """Build the wheel of a folder of `clients/`."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1000000000"}
    subprocess.run(command, cwd=ROOT / "clients" / folder, check=True, capture_output=True, env=environment)
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module", params=FOLDERS)
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(request.param, tmp_path_factory.mktemp(request.param))


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def run(wheel: Path, script: str, unpacked: Path) -> str:
    """Run a script with the content of the wheel, and with the packages that it requires."""
    with ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    paths = [str(unpacked), sysconfig.get_path("purelib")]
    done = subprocess.run(
        [*ISOLATED, f"import sys; sys.path += {paths!r}\n{script}"],
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_requirement_has_the_name_of_one_of_our_packages(wheel: Path) -> None:
    needs = metadata(wheel).get_all("Requires-Dist") or []
    assert needs
    assert not [need for need in needs if re.match(r"hubbub|sanic|redis|nats", need)]


def test_a_wheel_has_a_license_a_readme_and_a_summary(wheel: Path) -> None:
    about = metadata(wheel)
    assert about["License-Expression"] == "MIT"
    assert about["License-File"] == "LICENSE"
    assert about["Summary"]
    payload = about.get_payload()
    assert isinstance(payload, str)
    assert payload.startswith("# ")


def test_a_wheel_is_the_same_whenever_it_is_built(wheel: Path, tmp_path: Path) -> None:
    folder = {"protocol": "protocol", "client": "python", "cli": "cli"}[
        wheel.name.split("-")[0].split("_")[1]
    ]
    assert build(folder, tmp_path).read_bytes() == wheel.read_bytes()


def test_a_wheel_has_one_package_and_works_without_the_others(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    (package,) = [top for top in tops if not top.endswith(".dist-info")]
    script = f"import {package}\nprint(sorted(name for name in sys.modules if name.startswith('hubbub')))"
    loaded = run(wheel, script, tmp_path)
    assert not re.search(rf"'(?!{package}[.'])hubbub", loaded)


def test_the_program_of_the_wheel_runs(tmp_path: Path) -> None:
    wheel = build("cli", tmp_path)
    script = "from hubbub_cli.main import main\nmain(['doctor', '-s', 'ws://127.0.0.1:9', '--json'])"
    assert '"code":"connection_refused"' in run(wheel, script, tmp_path / "unpacked")


def test_a_wheel_requires_what_its_parts_require() -> None:
    needs = {}
    for folder in FOLDERS:
        text = (ROOT / "clients" / folder / "pyproject.toml").read_text(encoding="utf-8")
        needs[folder] = set(tomllib.loads(text)["project"]["dependencies"])
    assert needs["protocol"] <= needs["python"] <= needs["cli"]


def test_the_license_is_the_same_everywhere() -> None:
    text = (ROOT / "LICENSE").read_bytes()
    assert {(ROOT / "clients" / folder / "LICENSE").read_bytes() for folder in FOLDERS} == {text}
