"""The token, from a file or the environment; never from the command line, which others can see."""

from hubbub_cli.errors import BadInput
from hubbub_cli.settings import CliSettings


def read_token(settings: CliSettings) -> str | None:
    """Read the token; anew each time, for the file may hold a fresh one by now.

    Raises:
        BadInput: the file can't be read, or holds no token.
    """
    if settings.token_file is None:
        return settings.token
    try:
        token = settings.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it's not ASCII"
        raise BadInput(
            f"cannot read the token file {settings.token_file}: {reason}", code="no_token"
        ) from error
    if not token:
        raise BadInput(f"the token file {settings.token_file} is empty", code="no_token")
    return token
