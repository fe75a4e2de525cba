"""What proves that a name is the same person's: in another terminal, in the next `send`.

A server gives a guest's name only to whoever brings the name's session (CN4). Here sessions are derived from
one secret of this user's, so that no server learns what would open another one.
"""

import hmac
import os
import secrets
import tempfile
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from typing import Final

from hubbub_protocol.names import fold_user

_SECRET_BYTES: Final = 32
_SESSION_BYTES: Final = 16


def session(server: str, name: str) -> str | None:
    """Give the session of a name on a server; None where no secret can be kept."""
    from platformdirs import user_state_path

    secret = _secret(user_state_path("hubbub", appauthor=False) / "secret")
    if secret is None:
        return None
    proof = hmac.digest(secret, f"{server}\n{fold_user(name)}".encode(), "sha256")
    return urlsafe_b64encode(proof[:_SESSION_BYTES]).decode().rstrip("=")


def _secret(path: Path) -> bytes | None:
    """Read the secret; make it if there's none yet."""
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path)
        secret = path.read_bytes()
    except OSError:
        return None
    return secret if len(secret) == _SECRET_BYTES else None


def _make(path: Path) -> None:
    """Write a new secret in one piece; if another process was faster, its secret counts."""
    number, beside = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
        with suppress(FileExistsError):
            Path(path).hardlink_to(beside)
    finally:
        Path(beside).unlink()
