"""The language of searches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.query import is_empty, parse
from archive.search import SearchQuery
from archive.words import Term

JANUARY_31 = 1_769_817_600_000


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", SearchQuery()),
        ("one Two", SearchQuery(terms=(Term(("one",)), Term(("two",))))),
        ('"one two" thr*', SearchQuery(terms=(Term(("one", "two")), Term(("thr",), prefix=True)))),
        ("from:Ann", SearchQuery(authors=("Ann", "ann"))),
        ('from:"Ann Lee" in:lobby', SearchQuery(authors=("Ann Lee", "ann lee"), rooms=("lobby",))),
        ("in:a IN:b", SearchQuery(rooms=("a", "b"))),
        ("after:2026-01-31", SearchQuery(since=JANUARY_31)),
        ("before:2026-01-31 before:2027-01-01", SearchQuery(until=JANUARY_31)),
        ("has:link", SearchQuery(link=True)),
        ("has:links", SearchQuery(terms=(Term(("has",)), Term(("links",))))),
        ("before:soon", SearchQuery(terms=(Term(("before",)), Term(("soon",))))),
        ("to:me", SearchQuery(terms=(Term(("to",)), Term(("me",))))),
        ("from:", SearchQuery(terms=(Term(("from",)),))),
        ('"unfinished phrase', SearchQuery(terms=(Term(("unfinished",)), Term(("phrase",))))),
        ('""', SearchQuery()),
        ("* ** !", SearchQuery()),
    ],
)
def test_a_text_is_this_query(text: str, query: SearchQuery) -> None:
    assert parse(text) == query


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_query(text: str) -> None:
    query = parse(text)
    assert is_empty(query) == (query == SearchQuery())
