"""One row of the table of settings, and how it's written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeVar

from service.settings.kinds import Kind

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
    return field(default=default, repr=not kind.hidden, metadata={META: (variable, kind, meaning)})
