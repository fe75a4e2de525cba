"""A name in use, as the nodes publish it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from hubbub_protocol.names import fold_user

# A name in use: see `NameClaim`.
_LINE: Final = re.compile(r"(.*)\n([0-9]{1,16})\n([!-~]*)\n(.*)")


class NameClaim(NamedTuple):
    """A name in use.

    A guest's `proof` is a digest of the session: another node can compare it, but not use it. A verified
    user's name has no proof, so no session can take it over as a guest when the token has expired. `since` is
    when a guest acquired the name (ms since 1970): if two nodes granted it at once, the earlier claim wins.
    """

    folded: str
    since: int
    proof: str
    name: str

    @property
    def line(self) -> str:
        """The claim as one line of the roster of names."""
        return f"{self.folded}\n{self.since}\n{self.proof}\n{self.name}"

    def loses_to(self, other: NameClaim) -> bool:
        """Return whether the other claim wins."""
        if not other.proof:
            return True
        return other.proof != self.proof and (other.since, other.proof) < (self.since, self.proof)


def parse_claims(lines: Iterable[str]) -> Iterator[NameClaim]:
    """Parse lines of the roster; skip lines in the format of another version."""
    for found in filter(None, map(_LINE.fullmatch, lines)):
        folded, since, proof, name = found.groups()
        yield NameClaim(folded, int(since), proof, name)


def verified_line(user: str) -> str:
    """Return the line of a user with a token."""
    return NameClaim(fold_user(user), 0, "", "").line
