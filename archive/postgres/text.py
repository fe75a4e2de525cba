"""Text as bytes: PostgreSQL's text can't hold every text."""

from __future__ import annotations


def encoded(text: str) -> bytes:
    """Encode a name or a key."""
    return text.encode()


def decoded(stored: bytes) -> str:
    """Decode what `encoded` made."""
    return stored.decode()
