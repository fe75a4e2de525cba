"""Which pages an archive can be asked for."""

from __future__ import annotations


def check_place(after: int | None, before: int | None, around: int | None, limit: int) -> None:
    """Refuse what `page` can't answer, in the same words on every archive."""
    given = [offset for offset in (after, before, around) if offset is not None]
    if len(given) > 1:
        raise ValueError("give one of `after`, `before` and `around`")
    if given and given[0] < 0:
        raise ValueError("offsets are not negative")
    if limit < 1:
        raise ValueError(f"a page holds at least 1 entry, not {limit}")
