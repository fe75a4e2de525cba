"""Names that look alike: skeletons as in Unicode Technical Standard 39, section 4.

The data are those of `confusable-homoglyphs`: for each character the ones that it is confused with.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from hubbub_protocol.names import fold_user, visible

_LIBRARY: Final = "confusable_homoglyphs"
_FILE: Final = "confusables.json"
# The library surrounds characters of scripts from right to left with these marks.
_MARK: Final = "\u200e"
# Rooms that are known by what their names look like.
MOST_ROOMS: Final = 10_000


class _Homoglyph(msgspec.Struct):
    text: str = msgspec.field(name="c")


@lru_cache(maxsize=1024)
def look_alike_key(name: str) -> str:
    """Return what is equal for two user names that look alike, as `ann`, `ANN`, `ann.` and `\u0430nn`.

    Remembered for the names used last: a connection asks for its own up to four times.
    """
    if name.isascii():
        return name.casefold().translate(_ascii_keys()) or name
    folded = unicodedata.normalize("NFD", fold_user(name))
    return _letters(_skeleton(folded)) or folded


def ascii_twin(name: str) -> str | None:
    """Return the ASCII text that a name with other characters looks like; None if there is none."""
    if name.isascii():
        return None
    twin = _room_key(name)
    return twin if twin.isascii() else None


class RoomNames:
    """The names of rooms with messages that this node has seen, by what they look like.

    Those in ASCII are not among them: `ascii_twin` finds them. The one seen longest ago is forgotten.
    """

    __slots__ = ("_most", "_names")

    def __init__(self, most: int = MOST_ROOMS) -> None:
        self._most = most
        self._names: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        """Add the name of a room with messages. The first one of those that look alike counts."""
        if name.isascii():
            return
        key = _room_key(name)
        self._names.setdefault(key, name)
        self._names.move_to_end(key)
        if len(self._names) > self._most:
            self._names.popitem(last=False)

    def find(self, name: str) -> str | None:
        """Return another name that looks like this one; None if none is known."""
        found = None if name.isascii() else self._names.get(_room_key(name))
        return None if found == name else found


@lru_cache(maxsize=1024)
def _room_key(name: str) -> str:
    """Return what is equal for two names of rooms that look alike. ASCII characters stand for themselves."""
    shown = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", visible(name)))
    twin = "".join(char if char.isascii() else _prototypes().get(ord(char), char) for char in shown)
    return unicodedata.normalize("NFD", twin)


def _skeleton(text: str) -> str:
    return unicodedata.normalize("NFD", text.translate(_prototypes())).casefold()


def _letters(text: str) -> str:
    """Remove punctuation and spaces: they distinguish no names."""
    return "".join(char for char in text if unicodedata.category(char)[0] not in "PZ")


@cache
def _ascii_keys() -> dict[int, str]:
    """Map every ASCII character to its part of a key: a table with gaps is ten times slower."""
    return {code: _letters(_skeleton(chr(code).casefold())) for code in range(128)}


@cache
def _prototypes() -> dict[int, str]:
    """Map each character to the prototype of its class of look-alikes.

    The library lists a pair under both of its texts. A prototype has all members of its class under it; a
    member has the prototype alone. If there are only two, either will do.
    """
    raw = files(_LIBRARY).joinpath(_FILE).read_bytes()
    found = msgspec.json.decode(raw, type=dict[str, list[_Homoglyph]])
    prototypes = {}
    for text, others in found.items():
        char, other = text.replace(_MARK, ""), others[0].text.replace(_MARK, "")
        is_pair = len(others) == 1 and len(other) == 1 and len(found[others[0].text]) == 1
        if len(char) == 1 and len(others) == 1 and not (is_pair and char < other):
            prototypes[ord(char)] = other
    return prototypes
