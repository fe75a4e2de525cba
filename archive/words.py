"""The words of a text, as every archive indexes and finds them. Pure functions: nothing here does I/O.

- Words are runs of letters, digits and marks of any script, folded: compatibility forms, case, and the
  accents of Latin, Greek and Cyrillic letters make no difference.
- Chinese, Japanese and Korean are written without spaces, so a run of them is its overlapping pairs, and its
  last character: `東京都` is `東京`, `京都`, `都`.
- An identifier is its parts, and the whole: `parseHTML` and `parse_html` are `parse`, `html`, and
  `parsehtml`.
- An emoji is a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import Final, NamedTuple, cast

# Longer words are cut off, and of longer texts the first words are found.
LONGEST: Final = 64
MOST: Final = 2_000
# Pieces of a text that are split in one step.
STEP: Final = 250
# Characters of a text that are looked at in one step.
PAUSE: Final = 1_000
# A run of paired characters has no more than so many words, and of a longer word only the beginning is found.
_LONGEST_RUN: Final = MOST + 1
_LONGEST_WORD: Final = 512

# Characters that join the parts of an identifier or a compound.
_JOINED: Final = "_-'\u2019"
_JOINERS: Final = frozenset(_JOINED)
# Latin, Greek and Cyrillic end here; accents of later scripts distinguish letters.
_ACCENTS_END: Final = "\u0530"
_ASCII: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_'-]*")
_SKIN_TONES: Final = ("\U0001f3fb", "\U0001f3ff")
# Han, kana, bopomofo, hangul.
_PAIRED: Final = (
    ("\u1100", "\u11ff"),
    ("\u3005", "\u3007"),
    ("\u3040", "\u318f"),
    ("\u31f0", "\u31ff"),
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\ua960", "\ua97f"),
    ("\uac00", "\ud7ff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)


class Words(NamedTuple):
    """The words of a text in order, and the identifiers as a whole."""

    words: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()


class Term(NamedTuple):
    """What a piece of a query looks for: consecutive words, or one whole.

    `prefix`: the last word may continue.
    """

    words: tuple[str, ...]
    whole: str | None = None
    prefix: bool = False


class _Piece(NamedTuple):
    """One word of a text before it is split."""

    text: str
    is_paired: bool


# Between two steps.
_PAUSE: Final = _Piece("", is_paired=False)


class _Kind(NamedTuple):
    """What a character is: of a word, or a mark on one; of a pair; between the parts of a word; an emoji."""

    is_word: bool
    is_mark: bool
    is_paired: bool
    is_joiner: bool
    is_emoji: bool


def words_of(text: str) -> Words:
    """Split a text into the words under which it is found."""
    steps = words_in_steps(text)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast(Words, end.value)


def words_in_steps(text: str) -> Generator[None, None, Words]:
    """Split a text as `words_of` does, and yield between steps: a long text takes milliseconds."""
    words: list[str] = []
    wholes: list[str] = []
    for number, piece in enumerate(_pieces_and_pauses(text), 1):
        if len(words) >= MOST:
            break
        if piece is _PAUSE or not number % STEP:
            yield
        if piece is _PAUSE:
            continue
        if piece.is_paired:
            words += [*_pairs(piece.text), piece.text[-1:]] if len(piece.text) > 1 else [piece.text]
            continue
        parts, whole = _parts(piece.text)
        words += parts
        if whole is not None:
            wholes.append(whole)
    return Words(tuple(words[:MOST]), tuple(wholes))


def terms_of(text: str, *, prefix: bool = False) -> list[Term]:
    """Return what a text in a query looks for, one term for each of its words."""
    if _is_plain(text):
        return [Term((text.lower()[:LONGEST],), prefix=prefix)]
    terms = [_term(piece) for piece in _pieces(text)]
    if prefix and terms:
        terms[-1] = terms[-1]._replace(prefix=True)
    return terms[:MOST]


def phrase_of(text: str) -> Term | None:
    """Return the term of a quoted text: all of its words, in this order; None if it has none."""
    terms = [_term(piece) for piece in _pieces(text)]
    words = tuple(word for term in terms for word in term.words)[:MOST]
    if not words:
        return None
    return Term(words, prefix=terms[-1].prefix)


def fold(text: str) -> str:
    """Fold compatibility forms, case, and the accents of Latin, Greek and Cyrillic letters."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept: list[str] = []
    base = ""
    for char in decomposed:
        if not unicodedata.combining(char):
            base = char
        elif base < _ACCENTS_END:
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _term(piece: _Piece) -> Term:
    if piece.is_paired:
        pairs = tuple(_pairs(piece.text))
        # One character: it begins a pair, or ends its run.
        return Term(pairs) if pairs else Term((piece.text,), prefix=True)
    parts, whole = _parts(piece.text)
    return Term(tuple(parts), whole)


def _pairs(run: str) -> Iterator[str]:
    return (run[index : index + 2] for index in range(len(run) - 1))


def _pieces(text: str) -> Iterator[_Piece]:
    """Yield words, identifiers, runs of paired characters, and emoji, in order."""
    return (piece for piece in _pieces_and_pauses(text) if piece is not _PAUSE)


def _pieces_and_pauses(text: str) -> Iterator[_Piece]:
    if text.isascii():
        # Most texts, and ten times as fast.
        return (_Piece(found.rstrip("_-'"), is_paired=False) for found in _ASCII.findall(text))
    return _pieces_of_any(text)


def _pieces_of_any(text: str) -> Iterator[_Piece]:
    word: list[str] = []
    paired = False
    for number, char in enumerate(unicodedata.normalize("NFKC", text), 1):
        if not number % PAUSE:
            yield _PAUSE
        kind = _kind(char)
        is_word = kind.is_word or (kind.is_mark and bool(word))
        if is_word and (not word or kind.is_mark or kind.is_paired is paired):
            paired = paired if word else kind.is_paired
            if len(word) < (_LONGEST_RUN if paired else _LONGEST_WORD):
                word.append(char)
            continue
        if word:
            if kind.is_joiner and not paired:
                word.append(char)
                continue
            yield from _piece(word, paired=paired)
        word = [char] if is_word else []
        paired = kind.is_paired
        if kind.is_emoji:
            yield _Piece(char, is_paired=False)
    yield from _piece(word, paired=paired)


@lru_cache(maxsize=8_192)
def _kind(char: str) -> _Kind:
    """Classify a character. Remembered: a text has few different ones, and they decide what it costs."""
    category = unicodedata.category(char)
    return _Kind(
        is_word=category[0] in "LN",
        is_mark=category[0] == "M",
        is_paired=any(first <= char <= last for first, last in _PAIRED),
        is_joiner=char in _JOINERS,
        is_emoji=category == "So" and not _SKIN_TONES[0] <= char <= _SKIN_TONES[1],
    )


@lru_cache(maxsize=8_192)
def _fold_char(char: str) -> str:
    return fold(char)


def _piece(word: list[str], *, paired: bool) -> Iterator[_Piece]:
    text = "".join(word).strip(_JOINED)
    if text:
        yield _Piece(fold(text) if paired else text, paired)


def _parts(text: str) -> tuple[list[str], str | None]:
    """Split an identifier at its joiners and its capitals; the whole only if there are several parts."""
    if _is_plain(text):
        return [text.lower()[:LONGEST]], None
    if len(text) == 1:
        return [folded for folded in [_fold_char(text)] if folded], None
    parts: list[str] = []
    part = ""
    for index, char in enumerate(text):
        if char in _JOINERS or (part and _begins_part(text, index)):
            parts.append(part)
            part = ""
        if char not in _JOINERS:
            part += char
    folded = [fold(each)[:LONGEST] for each in [*parts, part] if each]
    folded = [each for each in folded if each]
    return folded, "".join(folded)[:LONGEST] if len(folded) > 1 else None


def _is_plain(text: str) -> bool:
    """Return whether a text is one word without parts: `word`, `Word`, `2026`. Most are."""
    return text.isascii() and text.isalnum() and text[1:] == text[1:].lower()


def _begins_part(text: str, index: int) -> bool:
    """Return whether a capital begins a part: `parse|HTML5|Page`."""
    if not text[index].isupper():
        return False
    follows = text[index + 1 : index + 2]
    return text[index - 1].islower() or follows.islower()
