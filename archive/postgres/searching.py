"""Search in PostgreSQL: a GIN index over the words that the service found in each entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from archive.base import ArchivedEntry
from archive.postgres.connections import Connection
from archive.postgres.references import insert
from archive.postgres.rows import COLUMNS, entry_of
from archive.postgres.text import decoded, encoded
from archive.references import Reference
from archive.search import FoundEntry, FoundPage, Searchable, SearchQuery, Unindexed, merged
from archive.words import Term, Words

# The largest position in a tsvector, and the most positions of one word in it.
_LAST_POSITION: Final = 16_383
_MOST_POSITIONS: Final = 255
_BEYOND: Final = 2**63 - 1
# Milliseconds of each second of the time limit: the server ends a search before this side does.
_SHARE: Final = 900

_UNINDEXED: Final = """
SELECT rooms.name, epochs.name, epochs.indexed FROM epochs JOIN rooms ON rooms.id = epochs.room
WHERE epochs.indexed < epochs.head LIMIT $1
"""
# References follow the words, unless earlier ones are missing.
_MOVE: Final = """
UPDATE epochs SET
    indexed = $4, referred = CASE WHEN referred >= $3 THEN greatest(referred, $4) ELSE referred END
FROM rooms
WHERE rooms.id = epochs.room AND rooms.name = $1 AND epochs.name = $2 AND epochs.indexed = $3
RETURNING epochs.id
"""
_REMOVE: Final = 'DELETE FROM searchable WHERE epoch = $1 AND "offset" = ANY($2::bigint[]) RETURNING "offset"'
_ADD: Final = """
INSERT INTO searchable
SELECT $1, given."offset", entries.at, author, given.author_id, link, edit, words::tsvector
FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::boolean[], $6::bigint[], $7::text[])
    AS given ("offset", author, author_id, link, edit, words)
JOIN entries ON entries.epoch = $1 AND entries."offset" = given."offset"
WHERE entries.author_kind IS DISTINCT FROM 'erased'::bytea
"""
# Only of what is found.
_MENTION: Final = """
INSERT INTO mentions SELECT given."user", $1, given."offset"
FROM unnest($2::bytea[], $3::bigint[]) AS given ("user", "offset")
JOIN searchable ON searchable.epoch = $1 AND searchable."offset" = given."offset"
ON CONFLICT DO NOTHING
"""
_SEARCH: Final = f"""
SELECT rooms.name AS room, epochs.name AS epoch_name, searchable.epoch, searchable.edit,
    {COLUMNS.format(table="entries")}
FROM searchable JOIN epochs ON epochs.id = searchable.epoch JOIN rooms ON rooms.id = epochs.room
JOIN entries ON entries.epoch = searchable.epoch AND entries."offset" = searchable."offset"
WHERE searchable."offset" > epochs.base
    AND ($1::text IS NULL OR searchable.words @@ $1::tsquery)
    AND searchable.at >= $2 AND (searchable.at, searchable.epoch, searchable."offset") < ($3, $4, $5)
    AND ($6::bytea[] IS NULL OR rooms.name = ANY($6))
    AND ($7::bytea[] IS NULL OR searchable.author = ANY($7) OR searchable.author_id = ANY($7))
    AND ($8 IS FALSE OR searchable.link)
ORDER BY searchable.at DESC, searchable.epoch DESC, searchable."offset" DESC LIMIT $9
"""  # noqa: S608  no values
_EDITS: Final = f"""
SELECT entries.epoch, {COLUMNS.format(table="entries")} FROM entries
JOIN unnest($1::bigint[], $2::bigint[]) AS wanted (epoch, "offset")
    ON wanted.epoch = entries.epoch AND wanted."offset" = entries."offset"
"""  # noqa: S608  no values


async def unindexed(connection: Connection, limit: int) -> list[Unindexed]:
    """Read epochs with entries that were not indexed."""
    rows = await connection.fetch(_UNINDEXED, limit)
    return [Unindexed(decoded(room), decoded(epoch), indexed) for room, epoch, indexed in rows]


async def index(
    connection: Connection,
    name: tuple[str, str],
    reach: tuple[int, int],
    changes: Sequence[Searchable],
    references: Sequence[Reference],
) -> bool:
    """Set words, and move the mark of an epoch from the one offset of `reach` to the other."""
    async with connection.transaction():
        number = await connection.fetchval(_MOVE, *map(encoded, name), *reach)
        if number is None:
            return False
        await insert(connection, number, references)
        await set_words(connection, number, changes)
    return True


async def set_words(connection: Connection, epoch: int, changes: Sequence[Searchable]) -> None:
    """Set the words of entries, in a transaction of the caller."""
    last = {each.change.offset: each for each in merged(changes)}
    removed = {row[0] for row in await connection.fetch(_REMOVE, epoch, list(last))}
    kept = [each.change for each in last.values() if each.is_new or each.change.offset in removed]
    rows = [row for change in kept if (row := _row(change)) is not None]
    if rows:
        await connection.execute(_ADD, epoch, *map(list, zip(*rows, strict=True)))
    mentions = [(encoded(user), change.offset) for change in kept for user in change.mentions]
    if mentions:
        await connection.execute(_MENTION, epoch, *map(list, zip(*mentions, strict=True)))


async def search(
    connection: Connection,
    query: SearchQuery,
    before: str | None,
    limit: int,
    *,
    oldest: int | None,
    seconds: float,
) -> FoundPage:
    """Read a page of hits."""
    place = _place(before)
    since = max((each for each in (query.since, None if oldest is None else oldest + 1) if each), default=0)
    if query.until is not None:
        place = min(place, (query.until, 0, 0))
    terms = " & ".join(map(_expression, query.terms)) or None
    rooms = None if query.rooms is None else [encoded(room) for room in query.rooms]
    authors = [encoded(author) for author in query.authors] or None
    async with connection.transaction(readonly=True):
        # The server itself ends it: a connection that is closed would not.
        await connection.execute(f"SET LOCAL statement_timeout = {max(1, int(seconds * _SHARE))}")
        rows = await connection.fetch(_SEARCH, terms, since, *place, rooms, authors, query.link, limit + 1)
        wanted = [(row["epoch"], row["edit"]) for row in rows[:limit] if row["edit"] is not None]
        edits = await connection.fetch(_EDITS, *map(list, zip(*wanted, strict=True))) if wanted else []
    texts = {(row["epoch"], row["offset"]): row for row in edits}
    hits = []
    for row in rows[:limit]:
        room, epoch = decoded(row["room"]), decoded(row["epoch_name"])
        edit = texts.get((row["epoch"], row["edit"]))
        found: ArchivedEntry | None = entry_of(room, epoch, edit) if edit else None
        hits.append(FoundEntry(entry_of(room, epoch, row), found))
    more = None
    if len(rows) > limit:
        end = rows[limit - 1]
        more = f"{end['at']}.{end['epoch']}.{end['offset']}"
    return FoundPage(tuple(hits), more)


def _place(before: str | None) -> tuple[int, int, int]:
    if before is None:
        return _BEYOND, _BEYOND, _BEYOND
    if not re.fullmatch(r"[0-9]{1,18}\.[0-9]{1,18}\.[0-9]{1,18}", before):
        raise ValueError(f"{before!r} is not a place in a search")
    at, epoch, offset = map(int, before.split("."))
    return at, epoch, offset


def _row(change: Searchable) -> tuple[int, bytes, bytes | None, bool, int | None, str] | None:
    if change.words is None:
        return None
    author_id = None if change.author_id is None else encoded(change.author_id)
    return change.offset, encoded(change.author), author_id, change.link, change.edit, _vector(change.words)


def _vector(words: Words) -> str:
    """Write words in the form of a tsvector: each with its places."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words.words, 1):
        found = places.setdefault(word, [])
        if len(found) < _MOST_POSITIONS:
            found.append(min(place, _LAST_POSITION))
    for whole in words.wholes:
        places.setdefault(whole, [])
    return " ".join(
        _quoted(word) + (":" + ",".join(map(str, found)) if found else "") for word, found in places.items()
    )


def _expression(term: Term) -> str:
    """Write a term as a tsquery."""
    mark = ":*" if term.prefix else ""
    phrase = " <-> ".join(map(_quoted, term.words)) + mark
    return f"({phrase})" if term.whole is None else f"(({phrase}) | {_quoted(term.whole)}{mark})"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
