"""Search in the rooms that a user may read."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

from archive.errors import ArchiveError
from archive.query import is_empty, parse
from archive.search import FoundEntry, SearchQuery
from hubbub_protocol import Code
from hubbub_protocol.commands import Search
from service.archiving.searches import Searches
from service.identity.identity import Identity
from service.node import Node
from service.rooms.room import Room
from service.sessions.errors import CommandError
from service.sessions.session import Deferred, Session
from service.wire import responses

# Pages of the archive that are read for one page of hits: the others are in rooms that the user may not read.
MAX_READS: Final = 10
MAX_QUERY: Final = 500
RETRY_AFTER: Final = 2.0
# Of a search, besides the one of its frame (see `service/transport/input_budget.py`).
TOKENS: Final = 10


class Query(NamedTuple):
    """What a client asks for: a text, in one room or in all, and which part of the hits."""

    text: str
    before: str | None
    limit: int
    room: str | None = None


class Hits(NamedTuple):
    """Hits, newest first, and the place at which the next page begins."""

    hits: list[FoundEntry]
    more: str | None


def search(session: Session, command: Search) -> Deferred:
    """Answer with the messages of a room that match a query (SR1)."""
    session.connection.charge(TOKENS)
    return partial(_search, session, command, session.require_room(command.room))


async def _search(session: Session, command: Search, room: Room) -> None:
    identity = session.require_identity()
    found = await find(
        session.node,
        identity,
        Query(command.query, command.before or None, command.limit, room.name),
        address=session.connection.address,
    )
    session.connection.write(responses.found(command.id, room.log.room, found.hits, found.more))


async def find(node: Node, identity: Identity, asked: Query, *, address: str = "") -> Hits:
    """Find messages, in one room or in all. There may be fewer than the limit although there are more.

    Raises:
        CommandError: the query is not valid, or the archive can't be searched now.
    """
    if node.archiving is None:
        raise CommandError(Code.UNKNOWN_TYPE, "This server has no archive, and can't search.")
    searches = node.archiving.searches
    try:
        # Ahead of all work: one search of a user runs at a time, or of the guests of an address.
        async with searches.turn(identity.limited_as(address)):
            return await _find(searches, identity, asked)
    except ArchiveError as error:
        raise CommandError(Code.UNAVAILABLE, str(error), retry_after=RETRY_AFTER) from error


async def _find(searches: Searches, identity: Identity, asked: Query) -> Hits:
    query, found = _parsed(asked), Hits([], asked.before)
    for _ in range(MAX_READS):
        try:
            page = await searches.search(query, before=found.more, limit=asked.limit - len(found.hits))
        except ValueError as error:
            raise CommandError(Code.INVALID, f"Invalid `before`: {error}.") from error
        readable = [hit for hit in page.hits if identity.may_read(hit.entry.room)]
        found = Hits([*found.hits, *readable], page.more)
        if found.more is None or len(found.hits) >= asked.limit:
            break
    return found


def _parsed(asked: Query) -> SearchQuery:
    length = len(asked.text)
    if length > MAX_QUERY:
        raise CommandError(
            Code.INVALID, f"Invalid query: it has {length} characters, {MAX_QUERY} are allowed."
        )
    query = parse(asked.text)
    if is_empty(query):
        raise CommandError(Code.INVALID, "Invalid query: it has no word and no filter.")
    return query if asked.room is None else replace(query, rooms=(asked.room,))
