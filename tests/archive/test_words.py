"""The words of texts, in any language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.words import LONGEST, MOST, Term, fold, phrase_of, terms_of, words_in_steps, words_of


@pytest.mark.parametrize(
    ("text", "words", "wholes"),
    [
        ("", (), ()),
        (" \t\n.,;!?", (), ()),
        ("Guten Morgen", ("guten", "morgen"), ()),
        ("Müller, STRASSE naß", ("muller", "strasse", "nass"), ()),
        ("\ufb01ne \uff21\uff22", ("fine", "ab"), ()),
        ("東京都", ("東京", "京都", "都"), ()),
        ("都", ("都",), ()),
        ("東京tower2", ("東京", "京", "tower2"), ()),
        # Voiced kana are letters of their own.
        ("が か", ("が", "か"), ()),
        ("서울", ("서울", "울"), ()),
        ("parseHTML5Page", ("parse", "html5", "page"), ("parsehtml5page",)),
        ("HTTPServer XMLHttp", ("http", "server", "xml", "http"), ("httpserver", "xmlhttp")),
        ("snake_case-name", ("snake", "case", "name"), ("snakecasename",)),
        ("_private__", ("private",), ()),
        ("don't", ("don", "t"), ("dont",)),
        ("a.b/c:d", ("a", "b", "c", "d"), ()),
        ("🎉👍🏽👩‍🚀", ("🎉", "👍", "👩", "🚀"), ()),
        ("हिन्दी", ("हिन्दी",), ()),
        ("1.5 100%", ("1", "5", "100"), ()),
    ],
)
def test_a_text_has_these_words(text: str, words: tuple[str, ...], wholes: tuple[str, ...]) -> None:
    assert words_of(text) == (words, wholes)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("東", [Term(("東",), prefix=True)]),
        ("東京都", [Term(("東京", "京都"))]),
        ("parseHTML", [Term(("parse", "html"), "parsehtml")]),
        ("a b", [Term(("a",)), Term(("b",))]),
        ("!?", []),
    ],
)
def test_a_query_has_these_terms(text: str, terms: list[Term]) -> None:
    assert terms_of(text) == terms


def test_the_last_word_of_a_query_may_be_a_beginning() -> None:
    assert terms_of("one tw", prefix=True) == [Term(("one",)), Term(("tw",), prefix=True)]
    assert terms_of("", prefix=True) == []


def test_a_phrase_is_its_words_in_order() -> None:
    assert phrase_of("One two_three 東京") == Term(("one", "two", "three", "東京"))
    assert phrase_of("京 東") == Term(("京", "東"), prefix=True)
    assert phrase_of("…") is None


@given(st.text(st.characters(max_codepoint=127)))
def test_the_short_way_for_plain_texts_finds_the_same_words(text: str) -> None:
    assert words_of(text) == words_of(f"{text} \u200b")


@pytest.mark.parametrize(
    "text",
    [
        "\N{DUCK}" * 4_000,
        "a b " * 1_000,
        "漢字" * 2_000,
        "e\u0301" * 2_000,
        "a" + "\u0301" * 3_999,
        "㌀" * 4_000,
    ],
)
def test_a_long_text_is_split_in_steps(text: str) -> None:
    steps = words_in_steps(text)
    count = sum(1 for _ in steps)
    assert count >= 2
    assert words_of(text) == words_of(f"{text} ")
    assert len(words_of(text).words) <= MOST


def test_of_a_long_word_the_beginning_is_found() -> None:
    assert words_of("a" + "\u0301" * 3_999).words == ("a",)
    assert words_of("é" * 4_000).words == ("e" * LONGEST,)
    assert words_of("漢字" * 2_000).words == ("漢字", "字漢") * (MOST // 2)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(TEXTS)
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_words_are_short_and_have_nothing_that_a_query_language_could_read(text: str) -> None:
    found = words_of(text)
    for word in (*found.words, *found.wholes):
        assert 0 < len(word) <= LONGEST
        assert not set(word) & set(" \t\r\n\0\"'\\:*&|!()<>-_^{}")


@given(TEXTS, st.sampled_from(["word", "Straße", "東京", "parseHTML", "🎉"]), TEXTS)
def test_a_word_between_others_is_found(before: str, word: str, after: str) -> None:
    words = words_of(f"{before} {word} {after}").words
    [term] = terms_of(word)
    count = len(term.words)
    runs = [words[index : index + count] for index in range(len(words) - count + 1)]
    assert term.words in runs


@given(TEXTS)
def test_every_text_is_found_by_itself_as_a_phrase(text: str) -> None:
    words = words_of(text).words
    for term in terms_of(text):
        *exact, last = term.words
        count = len(term.words)
        runs = [words[index : index + count] for index in range(len(words) - count + 1)]
        assert any(
            list(run[:-1]) == exact and (run[-1].startswith(last) if term.prefix else run[-1] == last)
            for run in runs
        )


def test_so_many_words_of_a_text_are_found() -> None:
    assert len(words_of("word " * 10_000).words) == MOST
    assert len(terms_of("word " * 10_000)) == MOST
    assert words_of("x" * 1_000).words == ("x" * LONGEST,)
