"""Match events against the expectations of a dialogue (`clients/protocol/vectors/README.md`, "Matching")."""

from __future__ import annotations

from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

ABSENT = object()


class Mismatch(AssertionError):
    """An event does not match; the message names the field."""


class Names:
    """The names that a dialogue has bound so far."""

    def __init__(self) -> None:
        self.bound: dict[str, object] = {}

    def fill(self, value: Json) -> Json:
        """Replace bound names in a value that is sent."""
        if isinstance(value, str) and value in self.bound:
            return cast(Json, self.bound[value])
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        return value

    def match(self, expected: Json, found: object, where: str = "") -> None:
        """Compare a value with the expected one; bind names.

        Raises:
            Mismatch: they differ.
        """
        if isinstance(expected, dict):
            self._match_object(expected, found, where)
        elif isinstance(expected, list):
            if not isinstance(found, list) or len(found) != len(expected):
                raise Mismatch(f"{where}: expected {expected}, found {found}")
            for index, (want, have) in enumerate(zip(expected, found, strict=True)):
                self.match(want, have, f"{where}[{index}]")
        elif isinstance(expected, str) and expected.startswith("$"):
            self._match_name(expected, found, where)
        elif expected != found or isinstance(expected, bool) is not isinstance(found, bool):
            raise Mismatch(f"{where}: expected {expected!r}, found {found!r}")

    def _match_name(self, name: str, found: object, where: str) -> None:
        if found is ABSENT:
            raise Mismatch(f"{where}: expected {name}, found nothing")
        if name != "$any" and self.bound.setdefault(name, found) != found:
            raise Mismatch(f"{where}: {name} is {self.bound[name]!r}, found {found!r}")

    def _match_object(self, expected: dict[str, Json], found: object, where: str) -> None:
        if len(expected) == 1 and next(iter(expected)).startswith("$"):
            self._match_operator(*next(iter(expected.items())), found, where)
            return
        if not isinstance(found, dict):
            raise Mismatch(f"{where}: expected an object, found {found!r}")
        for key, want in expected.items():
            self.match(want, found.get(key, ABSENT), f"{where}.{key}")

    def _match_operator(self, operator: str, operand: Json, found: object, where: str) -> None:
        value = self.fill(operand)
        match operator:
            case "$absent":
                fits = found is ABSENT
            case "$gt":
                fits = isinstance(found, int | float) and isinstance(value, int | float) and found > value
            case "$starts":
                fits = isinstance(found, str) and found.startswith(str(value))
            case "$not":
                fits = found is not ABSENT and found != value
            case _:
                raise Mismatch(f"{where}: no such operator: {operator}")
        if not fits:
            raise Mismatch(f"{where}: expected {operator} {value!r}, found {found!r}")
