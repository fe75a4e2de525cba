"""One row of the table of settings, and how it's written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeVar

from service.settings.kinds import Address, Kind

T = TypeVar("T")

META: Final = "hubbub"


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one setting."""

    variable: str
    attribute: str
    default: object
    kind: Kind[object]
    meaning: str


def setting(variable: str, default: T, kind: Kind[T], meaning: str) -> T:
    """Write one field of the table."""
    # Secrets and addresses stay out of repr(), which ends in logs and tracebacks.
    hidden = kind.secret or isinstance(kind, Address)
    return field(default=default, repr=not hidden, metadata={META: (variable, kind, meaning)})
