"""The settings, from options, the environment and the configuration file.

This is the only module here that reads the environment. An option overrides the environment, which overrides
the profile, then the rest of the file, then the default.
"""

import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict

from msgspec import Struct
from typing_extensions import override

from hubbub_cli.config_file import ConfigFile, read_config
from hubbub_cli.errors import BadInput
from hubbub_cli.folders import config_folder, state_folder

DEFAULT_ROOM: Final = "lobby"
_DEFAULTS: Final = {"server": "ws://localhost:8000", "connect_timeout": "10s", "color": "auto"}
DEFAULT_SERVER: Final = _DEFAULTS["server"]
_VARIABLES: Final = {
    "server": "CHAT_SERVER",
    "name": "CHAT_NAME",
    "profile": "CHAT_PROFILE",
    "token_file": "CHAT_TOKEN_FILE",
    "ca_file": "CHAT_CA_FILE",
    "retry": "CHAT_RETRY",
    "background": "CHAT_BACKGROUND",
}
# The variable of click: a shell sets it to complete a command line.
COMPLETION: Final = "_HUBBUB_CHAT_COMPLETE"
_COLORS: Final = frozenset({"auto", "always", "never"})
_BACKGROUNDS: Final = frozenset({"auto", "dark", "light"})
# White, and the brighter white.
_LIGHT_COLORS: Final = frozenset({7, 15})
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "": 1.0}
_LONGEST: Final = 365 * 24 * 3600.0


class Given(TypedDict, total=False):
    """The shared options of the command line."""

    server: str
    name: str
    profile: str
    token_file: Path
    ca_file: Path
    color: str
    connect_timeout: float
    retry: str
    quiet: bool
    verbose: bool
    json: bool


class SettingValue(Struct, frozen=True):
    """A value, and where it comes from."""

    value: str
    origin: str


class CliSettings(Struct, frozen=True, kw_only=True):
    """The settings of every command."""

    server: str
    # The requested name, and the one to use by default.
    name: str | None
    login: str | None
    token: str | None
    # Where the token is from, for people.
    token_origin: str = ""
    token_file: Path | None
    ca_file: Path | None  # None: SSL_CERT_FILE, or the operating system's
    color: bool | None  # None: on a terminal
    dumb: bool
    # None: ask the terminal.
    dark: bool | None = None
    connect_timeout: float
    # Attempts to connect after the first; None: none at first, and any number once connected.
    retry: float | None = None
    quiet: bool
    verbose: bool
    json: bool

    @override
    def __repr__(self) -> str:
        # Without the token.
        return f"CliSettings(server={self.server!r}, name={self.name!r})"

    @property
    def has_token(self) -> bool:
        return self.token is not None or self.token_file is not None


class SettingSources:
    """The sources of the settings, in the order in which they override each other."""

    def __init__(self, given: Given, environ: Mapping[str, str], config: ConfigFile) -> None:
        self.given = given
        self.environ = environ
        self.config = config
        chosen = self._from({}, "profile")
        self.profile = None if chosen is None else chosen.value
        self._profile: Mapping[str, str] = {} if self.profile is None else config.profile(self.profile)

    def find(self, key: str) -> SettingValue | None:
        """Return the value of a key; an empty variable counts as unset."""
        return self._from(self._profile, key)

    def _from(self, profile: Mapping[str, str], key: str) -> SettingValue | None:
        variable = _VARIABLES.get(key, "")
        sources = (
            (self.given.get(key), f"--{key.replace('_', '-')}"),
            (self.environ.get(variable), variable),
            (profile.get(key), f"profile {self.profile}" if profile else ""),
            (self.config.values.get(key), str(self.config.path)),
            (_DEFAULTS.get(key), "default"),
        )
        return next((SettingValue(str(value), origin) for value, origin in sources if value), None)

    def text(self, key: str) -> str | None:
        found = self.find(key)
        return None if found is None else found.value

    def path(self, key: str) -> Path | None:
        text = self.text(key)
        return None if text is None else Path(text).expanduser()


def sources(given: Given) -> SettingSources:
    """Return the sources of this process.

    Raises:
        BadInput: the configuration file is invalid.
    """
    return SettingSources(given, os.environ, read_config(config_path()))


def config_path() -> Path:
    """Return the path of the configuration file: CHAT_CONFIG, or the usual one."""
    named = os.environ.get("CHAT_CONFIG")
    return Path(named).expanduser() if named else config_folder(os.environ) / "config.toml"


def state_path() -> Path:
    """Return where secrets and tokens are."""
    return state_folder(os.environ)


def may_use_proxy() -> bool:
    """Return whether the environment, or the operating system, may name a proxy."""
    return sys.platform in {"darwin", "win32"} or any(
        name.lower().endswith("_proxy") for name, value in os.environ.items() if value
    )


def uses_socks() -> bool:
    """Return whether the environment names a SOCKS proxy."""
    proxies = {name.lower(): value.lower() for name, value in os.environ.items() if value}
    named = "socks_proxy" in proxies
    return named or any(
        name.endswith("_proxy") and value.startswith("socks") for name, value in proxies.items()
    )


def completion_request() -> str | None:
    """Return what a shell asks for when it completes a command line."""
    return os.environ.get(COMPLETION)


def load(given: Given, environ: Mapping[str, str] | None = None) -> CliSettings:
    """Return the settings; without the configuration file if an environment is given.

    Raises:
        BadInput: a value is invalid.
    """
    if environ is None:
        return resolved(sources(given))
    return resolved(SettingSources(given, environ, ConfigFile(Path(os.devnull))))


def resolved(found: SettingSources) -> CliSettings:
    """Return the settings of some sources.

    Raises:
        BadInput: a value is invalid.
    """
    environ, given = found.environ, found.given
    return CliSettings(
        server=found.text("server") or DEFAULT_SERVER,
        name=found.text("name"),
        login=next((environ[name] for name in ("USER", "LOGNAME", "USERNAME") if environ.get(name)), None),
        token=environ.get("CHAT_TOKEN") or None,
        token_origin="CHAT_TOKEN" if environ.get("CHAT_TOKEN") else "",
        token_file=found.path("token_file"),
        ca_file=found.path("ca_file"),
        color=_color(_word("color", found.text("color") or "auto", _COLORS), environ),
        dumb=environ.get("TERM") == "dumb",
        dark=_dark(_word("background", found.text("background") or "auto", _BACKGROUNDS), environ),
        connect_timeout=_seconds("connect_timeout", found.text("connect_timeout") or "10s"),
        retry=_attempts(found.text("retry")),
        quiet=given.get("quiet", False),
        verbose=given.get("verbose", False),
        json=given.get("json", False),
    )


def duration(text: str) -> float | None:
    """Return the seconds of a duration like 10s, 500ms, 2m, 1h or 7d; a plain number is in seconds."""
    text = text.strip()
    unit = next((unit for unit in _UNITS if text.endswith(unit)), "")
    try:
        seconds = float(text.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        return None
    return seconds if 0 < seconds <= _LONGEST else None


def _seconds(key: str, text: str) -> float:
    seconds = duration(text)
    if seconds is None:
        raise BadInput(f"{key}: {text!r} is not a duration. Examples: 10s, 500ms, 2m.", code="config")
    return seconds


def _attempts(text: str | None) -> float | None:
    if text is None or text == "forever":
        return None if text is None else math.inf
    if not (text.isascii() and text.isdigit()):
        raise BadInput(f"retry: {text!r} is neither a number nor forever", code="config")
    return int(text)


def _word(key: str, text: str, allowed: frozenset[str]) -> str:
    if text not in allowed:
        raise BadInput(f"{key}: {text!r} is not one of {', '.join(sorted(allowed))}", code="config")
    return text


def _dark(background: str, environ: Mapping[str, str]) -> bool | None:
    """Follow the setting, then COLORFGBG, which some terminals set: its last number is the background."""
    if background != "auto":
        return background == "dark"
    number = environ.get("COLORFGBG", "").rpartition(";")[2]
    return int(number) not in _LIGHT_COLORS if number.isascii() and number.isdigit() else None


def _color(option: str, environ: Mapping[str, str]) -> bool | None:
    """Follow the option, then NO_COLOR, then the variables that force colours."""
    if option != "auto":
        return option == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") != "0" for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return False if environ.get("TERM") == "dumb" else None
