"""A node with an archive: what its clients see across restarts, and while the disk is full."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from archive.base import ArchivedEntry, Author
from archive.errors import ArchiveFull
from archive.sqlite import SqliteArchive
from service.archiving.archiving import CannotOpenArchive
from service.node import READY, Node
from service.server import running
from service.settings import SettingsError, load
from tests.service.peer import Peer
from tests.service.serving import quick

ROOT = Path(__file__).parents[3]


class Client:
    """A connection that said hello, and its node."""

    def __init__(self, node: Node, peer: Peer, welcome: dict[str, Any]) -> None:
        self.node = node
        self.peer = peer
        self.welcome = welcome
        self.person = {"name": welcome["user"], "session": welcome["session"]}

    async def send(self, *texts: str) -> list[dict[str, Any]]:
        return [await self.peer.ask("send", room="lobby", text=text, key=text) for text in texts]

    async def join(self, **more: object) -> dict[str, Any]:
        return await self.peer.ask("join", room="lobby", **more)


@asynccontextmanager
async def node(
    folder: Path, person: dict[str, str] | None = None, **settings: object
) -> AsyncIterator[Client]:
    """Run a node on an archive in a folder, with one client."""
    async with running(quick(archive_url="sqlite:///a.sqlite", data=str(folder), **settings)) as here:
        peer = await Peer.connect(here.port)
        await peer.upgrade()
        welcome = await peer.ask("hello", **(person or {}))
        try:
            yield Client(here.node, peer, welcome)
        finally:
            peer.disconnect()


def texts(answer: dict[str, Any]) -> list[str]:
    return [message["text"] for message in answer["messages"]]


async def test_history_position_and_keys_are_those_of_before_the_restart(tmp_path: Path) -> None:
    async with node(tmp_path) as here:
        empty = await here.join()
        sent = await here.send("one", "two")
        person = here.person
    async with node(tmp_path, person) as here:
        joined = await here.join(history=10)
        assert texts(joined) == ["one", "two"]
        assert joined["epoch"] == empty["epoch"] == sent[0]["epoch"]
        [again, more] = await here.send("two", "three")
        assert (again["offset"], again["duplicate"]) == (2, True)
        assert more["offset"] == 3


async def test_a_client_resumes_without_a_gap(tmp_path: Path) -> None:
    async with node(tmp_path) as here:
        await here.join()
        [first, *_] = await here.send("one", "two", "three")
    async with node(tmp_path) as here:
        joined = await here.join(since={"epoch": first["epoch"], "offset": first["offset"]})
        assert joined["recovered"]
        assert texts(joined) == ["two", "three"]


async def test_recovery_and_history_read_on_where_memory_ends(tmp_path: Path) -> None:
    small: dict[str, Any] = {"history_entries": 5, "log_entries": 5}
    async with node(tmp_path, **small) as here:
        await here.join()
        sent = await here.send(*(str(number) for number in range(1, 41)))
        page = await here.peer.ask("history", room="lobby", before=11, limit=10)
        assert [message["text"] for message in page["messages"]] == [str(number) for number in range(1, 11)]
        assert not page["more"]
    async with node(tmp_path, None, **small) as here:
        joined = await here.join(since={"epoch": sent[0]["epoch"], "offset": 1}, history=50)
        assert joined["recovered"]
        assert texts(joined)[:3] == ["2", "3", "4"]


async def test_while_the_archive_refuses_sends_are_refused_and_reads_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = "The archive /a can't be written: the disk is full (12 KiB free). Free space."

    def refuse(*_: object) -> None:
        raise ArchiveFull(full)

    async with node(tmp_path) as here:
        await here.join()
        await here.send("before")
        assert await here.node.readiness() == READY
        with monkeypatch.context() as patch:
            patch.setattr(SqliteArchive, "_append", refuse)
            [refused] = await here.send("refused")
            assert (refused["code"], refused["message"]) == ("unavailable", full)
            assert refused["retry_after"]
            assert full in await here.node.readiness()
            page = await here.peer.ask("history", room="lobby", before=2, limit=10)
            assert texts(page) == ["before"]
            assert "hubbub_archive_up 0.0" in here.node.metrics.exposition().decode()
        assert await here.node.readiness() == READY
        [sent] = await here.send("refused")
        assert sent["offset"] == 2
        metrics = here.node.metrics.exposition().decode()
    assert "hubbub_archive_up 1.0" in metrics
    assert 'hubbub_archive_failures_total{reason="full"}' in metrics
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "archive_refuses_writes"
    ]


async def test_the_author_is_stored(tmp_path: Path) -> None:
    async with node(tmp_path) as here:
        joined = await here.join()
        await here.send("text")
        archive = SqliteArchive(here.node.settings.archive_options(300))
        assert archive.place == str(tmp_path / "a.sqlite")
    await archive.start()
    page = await archive.page("lobby", joined["epoch"], limit=1)
    assert page.entries[0].author == Author(here.welcome["user_id"], here.welcome["user"], "guest")
    await archive.close()


async def test_messages_of_older_versions_stay_readable(tmp_path: Path) -> None:
    async with node(tmp_path) as here:
        joined = await here.join()
        sent = await here.send("new")
        archive = SqliteArchive(here.node.settings.archive_options(300))
    await archive.start()
    offset = sent[0]["offset"]
    payload = b'{"key":"k","user":"ann","text":"old","at":1700000000000}'
    name = Author(name="ann")
    await archive.append([ArchivedEntry("lobby", joined["epoch"], offset, offset + 1, 1, "k", payload, name)])
    await archive.close()
    async with node(tmp_path) as here:
        joined = await here.join()
        assert [(one["text"], one.get("kind")) for one in joined["messages"]] == [
            ("new", "guest"),
            ("old", None),
        ]
        assert "user_id" not in joined["messages"][1]


async def test_retention_is_applied_while_the_node_runs(tmp_path: Path) -> None:
    async with node(tmp_path, archive_entries=5, history_entries=5, log_entries=5) as here:
        await here.join()
        sent = await here.send(*(str(number) for number in range(1, 21)))
    async with node(tmp_path, archive_entries=5, history_entries=5, log_entries=5) as here:
        joined = await here.join(since={"epoch": sent[0]["epoch"], "offset": 1}, history=10)
        assert not joined["recovered"]
        assert texts(joined) == ["16", "17", "18", "19", "20"]


async def test_a_second_node_on_the_same_archive_is_refused(tmp_path: Path) -> None:
    async with node(tmp_path):
        with pytest.raises(CannotOpenArchive, match="in use by another hubbub"):
            async with node(tmp_path):
                pass


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda folder: (folder / "a.sqlite").write_text("a letter" * 100), "is damaged"),
        (lambda folder: (folder / "a.sqlite").mkdir(), "can't be opened"),
    ],
    ids=["no database", "a folder"],
)
def test_what_keeps_it_from_starting_is_one_sentence_and_exit_code_1(
    tmp_path: Path, prepare: Callable[[Path], object], sentence: str
) -> None:
    prepare(tmp_path)
    environment = {"HUBBUB_PORT": "0", "ARCHIVE_URL": "sqlite:///a.sqlite", "HUBBUB_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "service"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("hubbub: The archive ")
    assert sentence in line


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"ARCHIVE_URL": "sqlite:///a", "BROKER": "redis"},
            "refused with BROKER=redis: this archive is for one process",
        ),
        (
            {"ARCHIVE_URL": "postgresql://h/db"},
            "refused with BROKER=memory: this archive is for several nodes",
        ),
        ({"ARCHIVE_URL": "sqlight:///a"}, "No archive for 'sqlight' is installed. Did you mean 'sqlite'?"),
        (
            {"ARCHIVE_URL": "sqlite:///a", "HUBBUB_ARCHIVE_ENTRIES": "10"},
            "HUBBUB_ARCHIVE_ENTRIES=10 keeps less than HUBBUB_HISTORY_ENTRIES=1000",
        ),
        (
            {"ARCHIVE_URL": "sqlite:///a", "HUBBUB_ARCHIVE_SECONDS": "60", "HUBBUB_HISTORY_SECONDS": "0"},
            "HUBBUB_ARCHIVE_SECONDS=60 keeps less than HUBBUB_HISTORY_SECONDS=0",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(environment)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("url", "data", "place"),
    [
        ("sqlite:///a.sqlite", "/data", "/data/a.sqlite"),
        ("sqlite:///a.sqlite", "/with space", "/with space/a.sqlite"),
        ("sqlite:////b/a.sqlite", "/data", "/b/a.sqlite"),
        ("sqlite:///a.sqlite", "", f"{Path.cwd()}/a.sqlite"),
    ],
)
def test_a_relative_file_lies_in_the_data_folder(url: str, data: str, place: str) -> None:
    settings = load({"ARCHIVE_URL": url, "HUBBUB_DATA": data})
    assert settings.archive_shown == place
    assert SqliteArchive(settings.archive_options(300)).place == place
