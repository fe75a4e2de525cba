"""Keys for messages that come without one."""

from __future__ import annotations

import secrets


def new_key() -> str:
    """Make a key that no other message has: 96 random bits."""
    return secrets.token_urlsafe(12)
