"""`docs/writing-a-broker.md` is true: its example is built, installed, started and proven."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from brokers.testing import suite
from brokers.testing.promises import PROMISES
from hubbub_client import Client, Message, Room
from tests.hubbub_cli.server import serving

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "writing-a-broker.md"
EXAMPLE: Final = ROOT / "tests" / "examples" / "hubbub_sqlite"
LOUD: Final = """

class Loud(SqliteBroker):
    def publish(self, room, payload, *, key):
        return super().publish(room, payload.upper(), key=key)
"""


@dataclass(frozen=True, slots=True)
class Site:
    """Where hubbub and the example are installed, and the wheel that hubbub came in."""

    folder: Path
    wheel: Path

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with both installed, in a folder that is no checkout."""
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Build both wheels, and install them into a folder; nothing is fetched."""
    folder = tmp_path_factory.mktemp("installed")
    for project in (ROOT, EXAMPLE):
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(build, cwd=project, check=True, capture_output=True)
    wheels = sorted(folder.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder / "site"), *map(str, wheels)], check=True)
    return Site(folder / "site", next(wheel for wheel in wheels if wheel.name.startswith("hubbub-")))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Give a copy of the example's own tests and their settings, and nothing else."""
    shutil.copytree(EXAMPLE / "contract", tmp_path / "contract")
    shutil.copy(EXAMPLE / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_wheel_holds_the_suite_and_says_what_it_needs(site: Site) -> None:
    with zipfile.ZipFile(site.wheel) as wheel:
        packed = set(wheel.namelist())
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "brokers" / "testing").rglob("*.py")}
    assert ours <= packed
    assert not [name for name in packed if name.startswith("tests/")]
    [hubbub] = importlib.metadata.distributions(name="hubbub", path=[str(site.folder)])
    needed = [need for need in hubbub.requires or [] if "testing" in need]
    assert {re.split(r"[><=;]", need)[0] for need in needed} == {"pytest", "pytest-asyncio", "pytest-timeout"}


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_suite_proves_every_promise_from_outside_our_tree(site: Site, elsewhere: Path) -> None:
    where = "import brokers.testing, hubbub_sqlite; print(brokers.testing.__file__, hubbub_sqlite.__file__)"
    assert site.run(elsewhere, "-c", where).stdout.count(str(site.folder)) == 2
    done = site.run(elsewhere, "-m", "pytest", "-q", "-W", "error", "--junit-xml", "result.xml")
    assert done.returncode == 0, done.stdout + done.stderr
    cases = ET.parse(elsewhere / "result.xml").getroot().iter("testcase")  # noqa: S314  we wrote it
    passed = {str(case.get("name")).partition("[")[0] for case in cases if not len(case)}
    proven = {mark.name for name in passed for mark in getattr(suite, name).pytestmark}
    assert proven >= PROMISES.keys()


def test_one_promise_can_be_run_alone(site: Site, elsewhere: Path) -> None:
    done = site.run(elsewhere, "-m", "pytest", "-m", "P16", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line for line in done.stdout.splitlines() if "::" in line} == {
        f"contract/test_contract.py::{name}"
        for name, test in vars(suite).items()
        if name.startswith("test_") and any(mark.name == "P16" for mark in test.pytestmark)
    }


def test_a_broken_promise_is_shown_with_its_values(site: Site, elsewhere: Path) -> None:
    conftest = elsewhere / "contract" / "conftest.py"
    text = conftest.read_text(encoding="utf-8").replace("SqliteBroker(self._options)", "Loud(self._options)")
    conftest.write_text(text + LOUD, encoding="utf-8")
    done = site.run(elsewhere, "-m", "pytest", "-q", "-m", "P2")
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"assert \[\(1, b'ONE'\)\] == \[\(1, b'one'\)\]", done.stdout), done.stdout


def test_settings_that_would_hide_the_suite_are_refused(site: Site, elsewhere: Path) -> None:
    done = site.run(elsewhere, "-m", "pytest", "-o", "collect_imported_tests=false")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "do not disable `collect_imported_tests`" in done.stderr


@asynccontextmanager
async def joined(urls: list[str]) -> AsyncIterator[list[Room]]:
    async with AsyncExitStack() as clients:
        people = zip(("ann", "bob"), urls, strict=True)
        yield [
            await (await clients.enter_async_context(Client(url, name=name))).join("lobby", history=True)
            for name, url in people
        ]


async def hears(room: Room, count: int) -> list[str]:
    texts: list[str] = []
    async for event in room:
        if isinstance(event, Message):
            texts.append(event.text)
        if len(texts) == count:
            break
    return texts


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_two_nodes_chat_over_the_installed_broker(site: Site, tmp_path: Path, workers: str) -> None:
    settings = {
        "BROKER": "sqlite",
        "HUBBUB_BROKER_URL": f"sqlite://{tmp_path}/chat.db",
        "HUBBUB_WORKERS": workers,
        "PYTHONPATH": str(site.folder),
    }
    with ExitStack() as nodes:
        urls = [nodes.enter_context(serving(**settings)).url for _ in range(2)]
        async with asyncio.timeout(30):
            async with joined(urls) as rooms:
                for number in range(20):
                    await rooms[number % 2].send(f"{number}")
                said = [f"{number}" for number in range(20)]
                assert [await hears(room, 20) for room in rooms] == [said, said]
            async with joined(urls) as rooms:
                assert await hears(rooms[0], 20) == said, "the file keeps them"


def test_a_broker_url_that_cannot_be_meant_stops_the_node_with_a_sentence(site: Site, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(site.folder),
        "BROKER": "sqlite",
        "HUBBUB_BROKER_URL": "redis://localhost",
    }
    done = subprocess.run(
        [sys.executable, "-m", "service"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode != 0
    assert "HUBBUB_BROKER_URL must name a file: sqlite:///path/to/chat.db" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_page_shows_is_what_is_proven() -> None:
    sources = [path for path in EXAMPLE.rglob("*") if path.suffix in {".py", ".toml"}]
    texts = [path.read_text(encoding="utf-8") for path in sources]
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:python|toml)\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    parts = [part for block in blocks for part in re.split(r"^ *# …\n", block, flags=re.MULTILINE)]
    assert len(parts) > len(blocks) > 5
    assert [part for part in parts if not any(part in text for text in texts)] == []
