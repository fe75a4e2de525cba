"""Exports of Slack: a folder or a zip file with channels, users, and a file of messages for each day.

Private channels and direct messages are left out: a room is open to all who may read it.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from archive.base import ArchivedEntry
from service.transfer.errors import TransferError
from service.transfer.foreign import ForeignRoom, Person, room_name, user_name

EPOCH: Final = "slack"

# The others are what the service itself announced: who came and went, and such.
_WRITTEN: Final = frozenset({"", "bot_message", "file_share", "me_message", "thread_broadcast"})
_MARKUP: Final = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")

T = TypeVar("T")


class _Profile(msgspec.Struct, frozen=True):
    display_name: str = ""
    real_name: str = ""


class _User(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    real_name: str | None = None
    is_bot: bool = False
    profile: _Profile = _Profile()


class _Channel(msgspec.Struct, frozen=True):
    id: str
    name: str


class _Reaction(msgspec.Struct, frozen=True):
    name: str
    users: list[str] = []


class _File(msgspec.Struct, frozen=True):
    name: str | None = None


class _Message(msgspec.Struct, frozen=True):
    ts: str
    type: str = "message"
    subtype: str = ""
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str = ""
    thread_ts: str | None = None
    reactions: list[_Reaction] = []
    files: list[_File] = []


def read(path: Path) -> Iterator[tuple[int, ArchivedEntry]]:
    """Yield the entries of all public channels, numbered.

    Raises:
        TransferError: it is no export of Slack.
    """
    files = zipfile.Path(_zip(path)) if path.is_file() else path
    users = {user.id: _person(user) for user in _decode(files / "users.json", list[_User])}
    number = 0
    for channel in sorted(_decode(files / "channels.json", list[_Channel]), key=lambda each: each.name):
        number += 1
        room = ForeignRoom(room_name(channel.name, number), EPOCH)
        for entry in _Reader(room, users).read(files / channel.name):
            number += 1
            yield number, entry


class _Reader:
    """Reads one channel."""

    def __init__(self, room: ForeignRoom, users: dict[str, Person]) -> None:
        self._room = room
        self._users = users
        self._roots: dict[str, int] = {}

    def read(self, folder: Path | zipfile.Path) -> Iterator[ArchivedEntry]:
        """Yield the entries of the days, in order."""
        days = [day for day in folder.iterdir() if day.name.endswith(".json")] if folder.is_dir() else []
        for day in sorted(days, key=lambda each: each.name):
            for message in sorted(_decode(day, list[_Message]), key=lambda each: _at(each, day.name)):
                if message.type == "message" and message.subtype in _WRITTEN:
                    yield from self._message(message, day.name)

    def _message(self, message: _Message, day: str) -> Iterator[ArchivedEntry]:
        files = [f"[file: {file.name or 'unnamed'}]" for file in message.files]
        text = "\n".join([*filter(None, [self._text(message.text)]), *files])
        if not text:
            return
        at = _at(message, day)
        root = self._roots.get(message.thread_ts or "")
        entry = self._room.message(text, self._author(message), at, root)
        if message.thread_ts == message.ts:
            self._roots[message.ts] = entry.offset
        yield entry
        for reaction in message.reactions:
            for user in reaction.users:
                # A skin tone is part of the name: `wave::skin-tone-2`.
                emoji = f":{reaction.name.partition('::')[0]}:"
                made = self._room.reaction(emoji, self._user(user), at, entry.offset)
                if made is not None:
                    yield made

    def _author(self, message: _Message) -> Person:
        if message.user is not None:
            return self._user(message.user)
        return Person(f"slack:{message.bot_id or 'bot'}", user_name(message.username, message.bot_id), "bot")

    def _user(self, user: str) -> Person:
        return self._users.get(user) or Person(f"slack:{user}", user_name(user), "verified")

    def _text(self, text: str) -> str:
        return html.unescape(_MARKUP.sub(self._plain, text)).strip()

    def _plain(self, found: re.Match[str]) -> str:
        sign, target, label = found.groups()
        match sign:
            case "@":
                return f"@{label or self._user(target).name}"
            case "#":
                return f"#{label or target}"
            case "!":
                return label or f"@{target.partition('^')[0]}"
            case _:
                return target if label in (None, target) else f"{label} ({target})"


def _person(user: _User) -> Person:
    name = user_name(user.profile.display_name, user.real_name, user.profile.real_name, user.name, user.id)
    return Person(f"slack:{user.id}", name, "bot" if user.is_bot else "verified")


def _at(message: _Message, file: str) -> int:
    try:
        seconds, _, fraction = message.ts.partition(".")
        return int(seconds) * 1000 + int(fraction[:3].ljust(3, "0"))
    except ValueError:
        raise TransferError(f"{file}: `ts` {message.ts!r} is no time of a message.") from None


def _decode(file: Path | zipfile.Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, KeyError):
        raise TransferError(
            f"it is no export of Slack: {file.name} is missing. Give the folder or the zip file with "
            "channels.json and users.json."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TransferError(f"{file.name} can't be read: {error}") from error


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise TransferError("it is neither a folder nor a zip file.") from error
