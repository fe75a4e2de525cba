"""Who the client is: the user of a token, or a guest with the session that proves the name."""

import secrets
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from typing_extensions import override

from hubbub_cli.identity import session
from hubbub_cli.settings import CliSettings
from hubbub_cli.tokens import read_token
from hubbub_protocol.names import user_fault

_SESSION_BYTES: Final = 16


class Credentials(Struct, frozen=True, kw_only=True):
    """The content of `hello`. A guest without a name gets one from the server."""

    token: str | None
    name: str | None
    session: str | None

    @override
    def __repr__(self) -> str:
        # Without the secrets.
        return f"Credentials(name={self.name!r})"


def credentials(settings: CliSettings, *, speaks: bool) -> Credentials:
    """Return them. A client that only reads asks for no name, so it does not take one from a user.

    Raises:
        BadInput: the token cannot be read.
    """
    token = read_token(settings)
    proposed = settings.login if settings.login and not user_fault(settings.login) else None
    name = settings.name or (proposed if speaks and token is None else None)
    proof = session(settings.server, name) if name and token is None else None
    return Credentials(token=token, name=name, session=proof)


def own_session(who: Credentials) -> Credentials:
    """Return credentials that are the same user on each connection: a guest has a session."""
    if who.token is not None or who.session is not None:
        return who
    return replace(who, session=secrets.token_urlsafe(_SESSION_BYTES))
