"""Idempotency keys for messages that arrive without one."""

from __future__ import annotations

import secrets


def new_key() -> str:
    """Make a unique key: 96 random bits."""
    return secrets.token_urlsafe(12)
