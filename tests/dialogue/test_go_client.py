"""The client of `docs/another-language.md`: it passes the dialogues, and loses nothing in a restart."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Final

import pytest

from tests.dialogue.cases import CASES, run_case
from tests.dialogue.program_peer import Unsupported
from tests.hubbub_cli.other_users import history
from tests.hubbub_cli.server import serving

_DOCS: Final = Path(__file__).parents[2] / "docs"
_SOURCE: Final = _DOCS / "go-client"
# In seconds. A healthy server and client are much faster.
_LIMIT: Final = 20


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the client; without Go or its modules the tests are skipped."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("needs Go")
    into = tmp_path_factory.mktemp("go") / "hubbub-client"
    command = [go, "build", "-mod=readonly", "-o", str(into), "."]
    built = subprocess.run(command, cwd=_SOURCE, capture_output=True, text=True, check=False)
    if built.returncode and "dial tcp" in built.stderr:
        pytest.skip("needs the modules of the Go client")
    assert not built.returncode, built.stderr
    return str(into)


def test_the_page_shows_the_client() -> None:
    code = (_SOURCE / "client.go").read_text(encoding="utf-8")
    assert f"```go\n{code}```\n" in (_DOCS / "another-language.md").read_text(encoding="utf-8")
    assert code.count("\n") <= 105


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_it_passes_the_dialogues(program: str) -> None:
    failed, skipped = {}, []
    for case in CASES:
        try:
            await run_case(case, (program,))
        except Unsupported:
            skipped.append(case["id"])
        except AssertionError as error:
            failed[case["id"]] = str(error)
    assert not failed
    assert len(skipped) < len(CASES) / 5


async def test_it_recovers_and_sends_once_after_a_crash(program: str, tmp_path: Path) -> None:
    with serving(ARCHIVE_URL="sqlite:///archive.sqlite", HUBBUB_DATA=str(tmp_path)) as server:
        chat = await asyncio.create_subprocess_exec(
            program, f"{server.url}/ws", "gopher", "lobby", stdin=PIPE, stdout=PIPE
        )
        assert chat.stdin is not None
        assert chat.stdout is not None
        async with asyncio.timeout(_LIMIT):
            chat.stdin.write(b"before\n")
            assert await chat.stdout.readline() == b"gopher: before\n"
            server.kill()
            chat.stdin.write(b"meanwhile\n")
            server.start()
            assert await chat.stdout.readline() == b"gopher: meanwhile\n"
        chat.kill()
        await chat.communicate()
        assert await asyncio.to_thread(history, server, "lobby") == ["before", "meanwhile"]
