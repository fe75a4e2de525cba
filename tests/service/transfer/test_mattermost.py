"""Bulk files of Mattermost, as its documentation describes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archive.base import Archive
from archive.testing.samples import everything
from service.transfer import mattermost
from service.transfer.errors import TransferError
from service.transfer.importing import Importer

VERSION = {"type": "version", "version": 1, "info": {"generator": "mattermost-server"}}
TEAM = {"type": "team", "team": {"name": "team", "display_name": "Team", "type": "O"}}
TOWN = {"type": "channel", "channel": {"team": "team", "name": "town", "display_name": "Town", "type": "O"}}
SECRET = {"type": "channel", "channel": {"team": "team", "name": "secret", "type": "P"}}
ANN = {"type": "user", "user": {"username": "ann", "nickname": "", "first_name": "Ann", "last_name": "Li"}}
BOB = {"type": "user", "user": {"username": "bob", "nickname": "Bobby", "email": "bob@example.org"}}


def post(channel: str, user: str, message: str, at: int, **more: object) -> dict[str, Any]:
    content = {"team": "team", "channel": channel, "user": user, "message": message, "create_at": at}
    return {"type": "post", "post": {**content, **more}}


POSTS = [
    post("town", "bob", "third", 3000, attachments=[{"path": "data/plan.pdf"}]),
    post(
        "town",
        "ann",
        "first",
        1000,
        reactions=[{"user": "bob", "emoji_name": "+1", "create_at": 1001}],
        replies=[
            {"user": "ann", "message": "fourth", "create_at": 4000},
            {"user": "gone", "message": "second", "create_at": 2000},
        ],
    ),
    post("secret", "ann", "hidden", 1),
    {
        "type": "direct_post",
        "direct_post": {"channel_members": ["ann", "bob"], "user": "ann", "message": "x"},
    },
]


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


async def test_posts_and_replies_are_messages_in_the_order_of_their_times(
    tmp_path: Path, archive: Archive
) -> None:
    file = write(tmp_path / "bulk.jsonl", VERSION, TEAM, TOWN, SECRET, ANN, BOB, *POSTS)
    done = await Importer(archive).run(mattermost.read(file))
    assert (done.rooms, done.new) == (1, 5)
    payloads = [
        msgspec.json.decode(entry.payload) for entry in await everything(archive, "town", mattermost.EPOCH)
    ]
    assert [each.get("text") for each in payloads] == [
        "first",
        None,
        "second",
        "third\n[file: plan.pdf]",
        "fourth",
    ]
    assert [each["user"] for each in payloads] == ["Ann Li", "Bobby", "gone", "Bobby", "Ann Li"]
    assert (payloads[1]["emoji"], payloads[1]["target"], payloads[1]["at"]) == (":+1:", 1, 1001)
    assert [each.get("reply_to") for each in payloads] == [None, None, 1, None, 1]


async def test_channels_of_several_teams_have_the_name_of_the_team(tmp_path: Path, archive: Archive) -> None:
    other = {"type": "channel", "channel": {"team": "other", "name": "town", "type": "O"}}
    there = post("town", "ann", "there", 1)
    there["post"]["team"] = "other"
    file = write(tmp_path / "bulk.jsonl", VERSION, TOWN, other, POSTS[0], there)
    await Importer(archive).run(mattermost.read(file))
    assert await archive.rooms(limit=9) == ["other-town", "team-town"]


def test_what_is_no_bulk_file_is_reported_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match=r"no bulk file of Mattermost"):
        list(mattermost.read(write(tmp_path / "a", TEAM)))
    half = {"type": "post", "post": {"team": "t", "channel": "c", "user": "u"}}
    with pytest.raises(TransferError, match=r"line 3: .*required field `message`"):
        list(mattermost.read(write(tmp_path / "b", VERSION, TOWN, half)))
