"""`python -m service export` and `import`."""

from __future__ import annotations

import asyncio
import io
import os
import stat
from pathlib import Path

import pytest

from archive.base import ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.samples import numbered
from service import __main__ as program
from service.runtime.process import FAILED, USAGE
from service.transfer import command
from tests.archive.sqlite_storage import FILE
from tests.service.transfer.test_mattermost import POSTS, TOWN, VERSION, write


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use(monkeypatch, tmp_path / "first")
    return tmp_path


def use(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("HUBBUB_DATA", str(folder))
    monkeypatch.setenv("ARCHIVE_URL", f"sqlite:///{FILE}")


def archive_in(folder: Path) -> SqliteArchive:
    return SqliteArchive(ArchiveOptions(url=f"sqlite:///{folder / FILE}"))


async def fill(folder: Path) -> None:
    archive = archive_in(folder)
    await archive.start()
    await archive.append(numbered("room", 3))
    await archive.close()


def test_history_is_copied_to_a_file_and_back(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(fill(data / "first"))
    out, again = data / "out.ndjson", data / "again.ndjson"
    assert program.main(["export", "--out", str(out)]) == 0
    assert "Exported 3 entries (rooms: 1) from" in capsys.readouterr().err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    use(monkeypatch, data / "second")
    for new in (3, 0):
        assert program.main(["import", str(out)]) == 0
        assert (
            f"Imported 3 entries (rooms: 1) into {data / 'second' / FILE}; {new}" in capsys.readouterr().err
        )
    assert command.main(["export", "--room", "room", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()


def test_the_standard_streams_and_the_other_services_work(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert (
        command.main(["import", str(write(data / "bulk", VERSION, TOWN, *POSTS)), "--from", "mattermost"])
        == 0
    )
    assert command.main(["export"]) == 0
    content = capfdbinary.readouterr().out
    assert content.startswith(b'{"format":"hubbub-export","version":1}\n{"room":"town"')
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert command.main(["import", "-"]) == 0


async def test_while_the_server_runs_on_sqlite_it_is_refused(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = archive_in(data / "first")
    await running.start()
    assert await asyncio.to_thread(command.main, ["export", "--out", str(data / "out")]) == FAILED
    assert "is in use by another hubbub" in capsys.readouterr().err
    await running.close()
    assert await asyncio.to_thread(os.listdir, data) == ["first"]


def test_what_is_wrong_is_one_sentence(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, code, reason in (
        (["import", str(data / "none")], FAILED, "No such file"),
        (["import", str(data)], FAILED, "Is a directory"),
        (["import", str(data / "wrong")], FAILED, f"{data / 'wrong'}: it is no export of hubbub"),
        (["export", "--room", "x"], FAILED, "has no room 'x'"),
        (["export", "--out", str(data / "no" / "folder")], FAILED, "No such file"),
    ):
        (data / "wrong").write_bytes(b"wrong\n")
        assert command.main(arguments) == code
        assert reason in capsys.readouterr().err
    monkeypatch.setenv("ARCHIVE_URL", "")
    assert command.main(["export"]) == USAGE
    assert "ARCHIVE_URL is not set" in capsys.readouterr().err
    monkeypatch.setenv("HUBBUB_PORT", "x")
    assert command.main(["export"]) == USAGE
