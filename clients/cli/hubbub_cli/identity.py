"""Prove the ownership of a guest name across terminals and invocations.

A server accepts a guest name that is in use only with the session of that name (CN4). This module derives
each session from one secret of the user, so no server learns the session for another server.
"""

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from typing import Final

from hubbub_cli.settings import state_path
from hubbub_protocol.names import fold_user, user_fault

_SECRET_BYTES: Final = 32
_SESSION_BYTES: Final = 16


def account() -> str:
    """Return the name of the account that runs this program, the same each time."""
    import getpass

    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        name = ""  # an account without an entry, as in some containers
    # Servers reserve the name of this account.
    unusable = name == "root" or user_fault(name) is not None
    return f"user-{os.getuid()}" if unusable and hasattr(os, "getuid") else name or "user"


def session(server: str, name: str) -> str | None:
    """Return the session of a name on a server; None if no secret can be stored."""
    secret = _secret(state_path() / "secret")
    if secret is None:
        return None
    proof = hmac.digest(secret, f"{server}\n{fold_user(name)}".encode(), "sha256")
    return urlsafe_b64encode(proof[:_SESSION_BYTES]).decode().rstrip("=")


def _secret(path: Path) -> bytes | None:
    """Read the secret; create it if there is none yet."""
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path)
        secret = path.read_bytes()
    except OSError:
        return None
    return secret if len(secret) == _SECRET_BYTES else None


def _make(path: Path) -> None:
    """Write a new secret atomically; if another process was faster, its secret is used."""
    import tempfile

    number, beside = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
        with suppress(FileExistsError):
            Path(path).hardlink_to(beside)
    finally:
        Path(beside).unlink()
