"""The configuration file: values for the options, and profiles of them.

server = "wss://chat.example.org"
profile = "work"            # the profile to use by default

[profiles.work]
server = "wss://chat.work.example"
token_file = "~/.work-token"
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from hubbub_cli.errors import BadInput

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Table

# What the file may set, and what each value is for.
KEYS: Final = {
    "server": "the address of the server",
    "name": "your name",
    "token_file": "a file with a token",
    "ca_file": "the authorities to trust with wss://, as PEM",
    "color": "when to use colours: auto, always or never",
    "background": "the background of the terminal: auto, dark or light",
    "connect_timeout": "the timeout of the connection, as 10s",
    "retry": "attempts to connect after the first: a number, or forever",
    "profile": "the profile to use by default",
}
_PROFILES: Final = "profiles"


class ConfigFile(Struct, frozen=True):
    """The content of the file; empty if there is none."""

    path: Path
    values: Mapping[str, str] = {}
    profiles: Mapping[str, Mapping[str, str]] = {}

    def profile(self, name: str) -> Mapping[str, str]:
        """Return the values of a profile.

        Raises:
            BadInput: there is no such profile.
        """
        if name not in self.profiles:
            known = ", ".join(sorted(self.profiles)) or "none"
            raise BadInput(f"unknown profile {name!r}; {self.path} has: {known}", code="config")
        return self.profiles[name]


def read_config(path: Path) -> ConfigFile:
    """Read the file.

    Raises:
        BadInput: it cannot be read, is not TOML, or has an unknown key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ConfigFile(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(f"cannot read {path}: {reason}", code="config") from error
    return _parse(text, path)


def _parse(text: str, path: Path) -> ConfigFile:
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"invalid configuration {path}: {error}", code="config") from error
    profiles = content.pop(_PROFILES, {})
    if not isinstance(profiles, dict) or not all(isinstance(one, dict) for one in profiles.values()):
        raise BadInput(f"invalid configuration {path}: write profiles as [profiles.NAME]", code="config")
    return ConfigFile(
        path,
        _values(content, path, ""),
        {
            name: _values(cast("dict[str, object]", values), path, f"{_PROFILES}.{name}.")
            for name, values in profiles.items()
        },
    )


def _values(table: Mapping[str, object], path: Path, where: str) -> dict[str, str]:
    for key, value in table.items():
        if key not in KEYS or (where and key == "profile"):
            keys = ", ".join(KEYS)
            raise BadInput(f"unknown key {where}{key} in {path}; the keys are: {keys}", code="config")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadInput(f"the value of {where}{key} in {path} is not a string", code="config")
    return {key: str(value) for key, value in table.items()}


def write_value(path: Path, key: str, value: str | None, profile: str | None) -> None:
    """Set a value, or remove it; the rest of the file, also its comments, stays.

    Raises:
        BadInput: the file cannot be written, or is not TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    read_config(path)  # explains what is wrong with the file
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        table = document if profile is None else _profile_table(document, profile)
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(tomlkit.dumps(document), encoding="utf-8")
    except (OSError, TOMLKitError) as error:
        raise BadInput(f"cannot write {path}: {error}", code="config") from error


def _profile_table(document: "TOMLDocument", name: str) -> "Table":
    import tomlkit

    profiles = document.setdefault(_PROFILES, tomlkit.table(is_super_table=True))
    return cast("Table", profiles.setdefault(name, tomlkit.table()))
