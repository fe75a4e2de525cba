"""Tokens that `login` keeps: in the keyring of the operating system, or in a private file.

An index names the server of each token and where it is, so that a command without one imports no keyring.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from hubbub_cli.errors import BadInput
from hubbub_cli.settings import CliSettings, state_path

_SERVICE: Final = "hubbub-chat"
_VERSION: Final = 1
_PRIVATE: Final = 0o077


def with_stored_token(settings: CliSettings) -> CliSettings:
    """Return the settings with the token that `login` kept for this server, if there is one."""
    store = TokenStore.load()
    token = store.get(settings.server)
    if token is None:
        return settings
    return replace(settings, token=token, token_origin=store.place(settings.server))


class TokenStore:
    """The index of kept tokens, with the tokens that are in no keyring."""

    def __init__(self, path: Path, tokens: Mapping[str, str | None]) -> None:
        self.path = path
        # By server; None is one in the keyring.
        self._tokens = dict(tokens)

    @classmethod
    def load(cls) -> "TokenStore":
        """Read the index; a missing one is empty.

        Raises:
            BadInput: it cannot be read, or others can read it.
        """
        path = state_path() / "tokens.json"
        try:
            with path.open(encoding="utf-8") as file:
                import json

                if os.fstat(file.fileno()).st_mode & _PRIVATE:
                    raise BadInput(f"others can read {path}: chmod 600 {path}", code="no_token")
                return cls(path, json.load(file)["tokens"])
        except (FileNotFoundError, NotADirectoryError):
            return cls(path, {})
        except OSError as error:
            raise BadInput(f"cannot read {path}: {error.strerror}", code="no_token") from error
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"invalid token file {path}; delete it, and log in again", code="no_token"
            ) from error

    def get(self, server: str) -> str | None:
        """Return the token of a server.

        Raises:
            BadInput: the keyring does not return it.
        """
        if server not in self._tokens:
            return None
        return self._tokens[server] or _from_keyring(server)

    def place(self, server: str) -> str:
        """Return where the token of a server is, for people."""
        return "the keyring" if self._tokens.get(server) is None else str(self.path)

    def keep(self, server: str, token: str) -> str:
        """Keep a token, in the keyring if that works; return where it is.

        Raises:
            BadInput: it can be kept nowhere.
        """
        self._tokens[server] = None if _to_keyring(server, token) else token
        self._write()
        return self.place(server)

    def remove(self, server: str) -> bool:
        """Remove the token of a server; return whether there was one."""
        if server not in self._tokens:
            return False
        if self._tokens.pop(server) is None:
            _remove_from_keyring(server)
        self._write()
        return True

    def _write(self) -> None:
        """Write a private file and rename it: a crash leaves the old or the new tokens."""
        import json
        import tempfile

        text = json.dumps({"version": _VERSION, "tokens": self._tokens})
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, beside = tempfile.mkstemp(dir=self.path.parent)  # with mode 600
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
            Path(beside).replace(self.path)
        except OSError as error:
            raise BadInput(f"cannot write {self.path}: {error.strerror}", code="no_token") from error


# The keyring is optional, and without a desktop session it raises what its backends raise.


def _from_keyring(server: str) -> str:
    try:
        import keyring

        token: str | None = keyring.get_password(_SERVICE, server)
    except Exception as error:
        raise BadInput(
            f"the keyring does not return the token: {error}; log in again", code="no_token"
        ) from error
    if token is None:
        raise BadInput("the keyring has no token for this server any more; log in again", code="no_token")
    return token


def _to_keyring(server: str, token: str) -> bool:
    try:
        import keyring

        keyring.set_password(_SERVICE, server, token)
        return bool(keyring.get_password(_SERVICE, server) == token)
    except Exception:  # noqa: BLE001  the token is kept in the file instead
        return False


def _remove_from_keyring(server: str) -> None:
    with suppress(Exception):
        import keyring

        keyring.delete_password(_SERVICE, server)
