"""Bulk files of Mattermost: lines of JSON. Private channels and direct messages are left out.

Posts may be in any order, so the file is read twice: first only the times and places of its posts.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec

from archive.base import ArchivedEntry
from service.transfer.errors import LineError, TransferError
from service.transfer.foreign import ForeignRoom, Person, room_name, user_name
from service.transfer.lines import MOST_BYTES

EPOCH: Final = "mattermost"

_At = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Channel(msgspec.Struct, frozen=True):
    team: str
    name: str
    type: str = "O"


class _User(msgspec.Struct, frozen=True):
    username: str
    nickname: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class _Reaction(msgspec.Struct, frozen=True):
    user: str
    emoji_name: str
    create_at: _At | None = None


class _Attachment(msgspec.Struct, frozen=True):
    path: str = ""


class _Reply(msgspec.Struct, frozen=True):
    user: str
    message: str
    create_at: _At
    reactions: list[_Reaction] | None = None
    attachments: list[_Attachment] | None = None


class _Post(msgspec.Struct, frozen=True):
    team: str
    channel: str
    user: str
    message: str
    create_at: _At
    reactions: list[_Reaction] | None = None
    attachments: list[_Attachment] | None = None
    replies: list[_Reply] | None = None


class _Line(msgspec.Struct, frozen=True):
    type: str
    version: int | None = None
    channel: _Channel | None = None
    user: _User | None = None
    post: _Post | None = None


_decoder: Final = msgspec.json.Decoder(_Line)


class _Contents:
    """What a file has: its public channels, its users, and where the posts of each channel are."""

    def __init__(self) -> None:
        self.channels: set[tuple[str, str]] = set()
        self.names: dict[str, str] = {}
        # A time, a place and the number of a reply (0: the post), side by side: millions fit into memory.
        self.posts: dict[tuple[str, str], array[int]] = {}

    def add(self, line: _Line, place: int) -> None:
        """Note one line that begins at a place."""
        if line.channel is not None and line.channel.type == "O":
            self.channels.add((line.channel.team, line.channel.name))
        elif line.user is not None:
            user = line.user
            full = f"{user.first_name or ''} {user.last_name or ''}"
            self.names[user.username] = user_name(user.nickname, full, user.username)
        elif line.post is not None:
            post = line.post
            posts = self.posts.setdefault((post.team, post.channel), array("q"))
            for number, each in enumerate((post, *(post.replies or ()))):
                posts.extend((each.create_at, place, number))

    def person(self, username: str) -> Person:
        """Return who has a user name."""
        name = self.names.get(username) or user_name(username)
        return Person(f"mattermost:{username}", name, "verified")


def read(path: Path) -> Iterator[tuple[int, ArchivedEntry]]:
    """Yield the entries of all public channels, numbered.

    Raises:
        TransferError: it is no bulk file of Mattermost.
    """
    with path.open("rb") as file:
        contents = _contents(file)
        teams = {team for team, _ in contents.channels}
        number = 0
        for team, channel in sorted(contents.channels):
            number += 1
            name = channel if len(teams) == 1 else f"{team}-{channel}"
            reader = _Reader(file, contents, ForeignRoom(room_name(name, number), EPOCH))
            for entry in reader.read(contents.posts.get((team, channel), array("q"))):
                number += 1
                yield number, entry


def _contents(file: BinaryIO) -> _Contents:
    contents, number, place = _Contents(), 0, 0
    while line := file.readline(MOST_BYTES + 1):
        number += 1
        found = _decode(line, number)
        if number == 1 and (found.type != "version" or found.version != 1):
            raise TransferError(
                'it is no bulk file of Mattermost: the first line is not {"type": "version", "version": 1}.'
            )
        contents.add(found, place)
        place += len(line)
    return contents


def _decode(line: bytes, number: int) -> _Line:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LineError(number, f"it is no line of a bulk file of Mattermost: {error}") from error


class _Reader:
    """Reads one channel."""

    def __init__(self, file: BinaryIO, contents: _Contents, room: ForeignRoom) -> None:
        self._file = file
        self._contents = contents
        self._room = room
        self._roots: dict[int, int] = {}

    def read(self, posts: array[int]) -> Iterator[ArchivedEntry]:
        """Yield the entries of the posts and their replies, in the order of their times."""
        for _, place, number in sorted(zip(posts[::3], posts[1::3], posts[2::3], strict=True)):
            self._file.seek(place)
            post = _decoder.decode(self._file.readline()).post
            if post is None:  # pragma: no cover  the first reading found it there
                continue
            if number == 0:
                yield from self._written(post, None, place if post.replies else None)
            elif post.replies:
                yield from self._written(post.replies[number - 1], self._roots.get(place), None)

    def _written(self, post: _Post | _Reply, root: int | None, place: int | None) -> Iterator[ArchivedEntry]:
        """Yield a message and its reactions; remember where one is that has replies."""
        files = [f"[file: {Path(each.path).name}]" for each in post.attachments or ()]
        text = "\n".join([*filter(None, [post.message.strip()]), *files])
        if not text:
            return
        entry = self._room.message(text, self._contents.person(post.user), post.create_at, root)
        if place is not None:
            self._roots[place] = entry.offset
        yield entry
        for reaction in post.reactions or ():
            at = post.create_at if reaction.create_at is None else reaction.create_at
            person = self._contents.person(reaction.user)
            made = self._room.reaction(f":{reaction.emoji_name}:", person, at, entry.offset)
            if made is not None:
                yield made
