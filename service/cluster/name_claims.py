"""A name in use, as the nodes publish it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from hubbub_protocol.names import fold_user
from service.identity.identity import guest_id

# A name in use: see `NameClaim`.
_LINE: Final = re.compile(r"(.*)\n([0-9]{1,16})\n([!-~]*)\n(.*)")


class NamedUser(NamedTuple):
    """A user who has a name, and its display name."""

    name: str
    id: str


_verified: Final = msgspec.json.Decoder(NamedUser)


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

    @property
    def user(self) -> NamedUser | None:
        """The user; None for a user with a token on an older node."""
        try:
            if self.proof:
                return NamedUser(self.name, guest_id(bytes.fromhex(self.proof)))
            return _verified.decode(self.name)
        except ValueError:
            return None

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


def verified_line(user: str, user_id: str | None) -> str:
    """Return the line of a user with a token: instead of the name, it has the name and the id as JSON."""
    who = "" if user_id is None else msgspec.json.encode(NamedUser(user, user_id)).decode()
    return NameClaim(fold_user(user), 0, "", who).line
