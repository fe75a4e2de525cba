"""Which pages of history a broker can be asked for."""

from __future__ import annotations


def check_paging(*, after: int | None, before: int | None, limit: int) -> None:
    """Reject invalid arguments of `history`, with the same messages on every broker."""
    if after is not None and before is not None:
        raise ValueError("`after` and `before` exclude each other")
    if min(after or 0, before or 0) < 0:
        raise ValueError("an offset can't be negative")
    if limit < 1:
        raise ValueError(f"a page holds at least 1 entry, not {limit}")
