"""The settings, from options and the environment: the only module here that reads the environment.

An option overrides the environment, which overrides the default.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypedDict

DEFAULT_SERVER: Final = "ws://localhost:8000"
DEFAULT_ROOM: Final = "lobby"
DEFAULT_CONNECT_TIMEOUT: Final = 10.0


class Given(TypedDict, total=False):
    """The shared options of the command line."""

    server: str
    name: str
    token_file: Path
    ca_file: Path
    color: str
    connect_timeout: float
    quiet: bool
    verbose: bool
    json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CliSettings:
    """The settings of every command."""

    server: str
    # The requested name, and the one to use by default.
    name: str | None
    login: str | None
    token: str | None = field(repr=False)
    token_file: Path | None
    ca_file: Path | None  # None: SSL_CERT_FILE, or the operating system's
    color: bool | None  # None: on a terminal
    dumb: bool
    connect_timeout: float
    quiet: bool
    verbose: bool
    json: bool

    @property
    def has_token(self) -> bool:
        return self.token is not None or self.token_file is not None


def load(given: Given, environ: Mapping[str, str] | None = None) -> CliSettings:
    """Return the settings. An empty variable counts as unset."""
    environ = os.environ if environ is None else environ
    return CliSettings(
        server=given.get("server") or environ.get("CHAT_SERVER") or DEFAULT_SERVER,
        name=given.get("name") or environ.get("CHAT_NAME") or None,
        login=next((environ[name] for name in ("USER", "LOGNAME", "USERNAME") if environ.get(name)), None),
        token=environ.get("CHAT_TOKEN") or None,
        token_file=given.get("token_file"),
        ca_file=given.get("ca_file"),
        color=_color(given.get("color", "auto"), environ),
        dumb=environ.get("TERM") == "dumb",
        connect_timeout=given.get("connect_timeout", DEFAULT_CONNECT_TIMEOUT),
        quiet=given.get("quiet", False),
        verbose=given.get("verbose", False),
        json=given.get("json", False),
    )


def _color(option: str, environ: Mapping[str, str]) -> bool | None:
    """Follow the option, then NO_COLOR, then the variables that force colours."""
    if option != "auto":
        return option == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") != "0" for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return False if environ.get("TERM") == "dumb" else None
