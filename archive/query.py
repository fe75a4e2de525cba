"""The language of searches: words, "quoted phrases", beginnings*, and filters. Everything else is text.

`from:name`, `in:room`, `before:2026-01-31`, `after:2026-01-31` (from that day on, in UTC), `has:link`. A
value with spaces is quoted: `from:"Ann Lee"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from archive.search import SearchQuery
from archive.words import Term, fold, phrase_of, terms_of

_PIECE: Final = re.compile(
    r"""(?P<filter>from|in|before|after|has):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]+))"""
    r"""|"(?P<phrase>[^"]*)"|(?P<text>[^\s"]+)\s*|.""",
    re.IGNORECASE | re.DOTALL,
)


class _Filter(NamedTuple):
    name: str
    value: str


def parse(text: str) -> SearchQuery:
    """Parse what a user wrote; a filter with a value that it can't have is text too.

    The query has no condition if the text has neither a word nor a filter.
    """
    query = SearchQuery()
    terms: list[Term] = []
    for piece in _pieces(text):
        if isinstance(piece, Term):
            terms.append(piece)
            continue
        narrowed = _narrowed(query, piece)
        if narrowed is None:
            terms += terms_of(f"{piece.name} {piece.value}")
        else:
            query = narrowed
    # Once: a query may have hundreds of words.
    return replace(query, terms=tuple(terms))


def _narrowed(query: SearchQuery, each: _Filter) -> SearchQuery | None:
    """Add the condition of a filter; None if it can't have that value."""
    match each:
        case _Filter("from", value):
            return replace(query, authors=(*query.authors, *dict.fromkeys((value, fold(value)))))
        case _Filter("in", value):
            return replace(query, rooms=(*(query.rooms or ()), value))
        case _Filter("before", value) if (day := _day(value)) is not None:
            return replace(query, until=min(query.until or day, day))
        case _Filter("after", value) if (day := _day(value)) is not None:
            return replace(query, since=max(query.since or day, day))
        case _Filter("has", "link"):
            return replace(query, link=True)
        case _:
            return None


def is_empty(query: SearchQuery) -> bool:
    """Return whether a query has no condition: it would find everything."""
    return query == SearchQuery()


def _pieces(text: str) -> Iterator[_Filter | Term]:
    for found in _PIECE.finditer(text):
        match found.lastgroup:
            case "text":
                yield from terms_of(found["text"], prefix=found["text"].endswith("*"))
            case "phrase":
                phrase = phrase_of(found["phrase"])
                if phrase is not None:
                    yield phrase
            case "quoted" | "value":
                yield _Filter(found["filter"].lower(), found["quoted"] or found["value"] or "")


def _day(value: str) -> int | None:
    """Return the beginning of a day in UTC, in ms since 1970."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return max(0, int(datetime.combine(day, time(), UTC).timestamp() * 1000))
