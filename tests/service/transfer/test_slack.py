"""Exports of Slack, as its help pages describe them."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archive.base import Archive
from archive.testing.samples import everything
from service.transfer import slack
from service.transfer.errors import TransferError
from service.transfer.importing import Importer
from tests.service.transfer.histories import exported

USERS = [
    {"id": "U1", "name": "ann", "profile": {"display_name": "Ann", "real_name": "Ann Li"}, "is_bot": False},
    {"id": "U2", "name": "bob", "real_name": "Bob \u202eWu", "profile": {"display_name": ""}},
]
FIRST = [
    {
        "type": "message",
        "user": "U1",
        "text": "hi &lt;b&gt; <@U2> in <#C1|general>",
        "ts": "1700000000.000100",
    },
    {"type": "message", "subtype": "channel_join", "user": "U2", "text": "joined", "ts": "1700000001.0"},
    {
        "type": "message",
        "user": "U2",
        "text": "see <https://example.org/a?b=1&amp;c|this> or <https://example.org> <!here>",
        "ts": "1700000002.000200",
        "thread_ts": "1700000002.000200",
        "reactions": [{"name": "tada", "users": ["U1", "U3"]}, {"name": "Not An Emoji", "users": ["U1"]}],
    },
]
SECOND = [
    {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B1",
        "username": "ci",
        "text": "green",
        "ts": "1700090003.5",
    },
    {
        "type": "message",
        "user": "U1",
        "text": "",
        "files": [{"name": "a.png"}],
        "ts": "1700090002.0",
        "thread_ts": "1700000002.000200",
    },
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "export",
        {
            "users.json": USERS,
            "channels.json": [{"id": "C1", "name": "general"}, {"id": "C2", "name": "empty"}],
            "groups.json": [{"id": "G1", "name": "secret"}],
            "general/2023-11-15.json": SECOND,
            "general/2023-11-14.json": FIRST,
            "secret/2023-11-14.json": FIRST,
        },
    )


def write(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


async def test_channels_are_rooms_with_threads_and_reactions(folder: Path, archive: Archive) -> None:
    done = await Importer(archive).run(slack.read(folder))
    assert (done.rooms, done.new) == (1, 6)
    entries = await everything(archive, "general", slack.EPOCH)
    payloads = [msgspec.json.decode(entry.payload) for entry in entries]
    assert [each.get("text") for each in payloads] == [
        "hi <b> @Bob Wu in #general",
        "see this (https://example.org/a?b=1&c) or https://example.org @here",
        None,
        None,
        "[file: a.png]",
        "green",
    ]
    assert [each["user_id"] for each in payloads] == [
        f"slack:{who}" for who in ("U1", "U2", "U1", "U3", "U1", "B1")
    ]
    assert [each["at"] - 1_700_000_000_000 for each in payloads] == [
        0,
        2000,
        2000,
        2000,
        90_002_000,
        90_003_500,
    ]
    assert [(each["change"], each["target"], each["emoji"]) for each in payloads[2:4]] == [
        ("react", 2, ":tada:")
    ] * 2
    assert (payloads[4]["reply_to"], payloads[5]["kind"], payloads[5]["user"]) == (2, "bot", "ci")


async def test_a_zip_file_is_the_same_and_importing_again_changes_nothing(
    folder: Path, archive: Archive
) -> None:
    await Importer(archive).run(slack.read(folder))
    before = await exported(archive)
    packed = Path(shutil.make_archive(str(folder), "zip", folder))
    done = await Importer(archive).run(slack.read(packed))
    assert (done.entries, done.new) == (6, 0)
    assert await exported(archive) == before


def test_what_is_no_export_of_slack_is_reported(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").write_bytes(b"?")
    with pytest.raises(TransferError, match=r"neither a folder nor a zip file"):
        list(slack.read(tmp_path / "file"))
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    for place in (tmp_path, tmp_path / "empty.zip"):
        with pytest.raises(TransferError, match=r"users.json is missing"):
            list(slack.read(place))
    write(folder, {"general/2023-11-16.json": [{"ts": "then"}]})
    with pytest.raises(TransferError, match=r"2023-11-16.json: `ts` 'then' is no time"):
        list(slack.read(folder))
    write(folder, {"general/2023-11-16.json": {}})
    with pytest.raises(TransferError, match=r"2023-11-16.json can't be read: Expected `array`"):
        list(slack.read(folder))
    write(folder, {"channels.json": [{"id": "C1", "name": "a\nb"}]})
    with pytest.raises(TransferError, match=r"can't be a room: its name contains a control character"):
        list(slack.read(folder))
