"""Read the token from a file or the environment; other users can see the command line."""

from hubbub_cli.errors import BadInput
from hubbub_cli.settings import CliSettings


def expiry(token: str) -> float | None:
    """Return when a JWT expires, in seconds since 1970, without checking it; None if it does not say."""
    import json
    from base64 import urlsafe_b64decode

    parts = token.split(".")
    try:
        payload = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(payload["exp"])
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def read_token(settings: CliSettings) -> str | None:
    """Read the token. Each call reads the file, which may have a new token.

    Raises:
        BadInput: the file cannot be read, or has no token.
    """
    if settings.token_file is None:
        return settings.token
    try:
        token = settings.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise BadInput(
            f"cannot read the token file {settings.token_file}: {reason}", code="no_token"
        ) from error
    if not token:
        raise BadInput(f"the token file {settings.token_file} is empty", code="no_token")
    return token
