"""The folders of this program, by the conventions of the operating system."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_NAME: Final = "hubbub"


def config_folder(environ: Mapping[str, str]) -> Path:
    """Return where the configuration is."""
    found = _xdg(environ, "XDG_CONFIG_HOME", ".config")
    if found is None:
        from platformdirs import user_config_path

        found = user_config_path(_NAME, appauthor=False)
    return found


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return where secrets and tokens are."""
    found = _xdg(environ, "XDG_STATE_HOME", ".local/state")
    if found is None:
        from platformdirs import user_state_path

        found = user_state_path(_NAME, appauthor=False)
    return found


def _xdg(environ: Mapping[str, str], variable: str, default: str) -> Path | None:
    """Return the folder on Linux, without the import of platformdirs; None where that has to find it."""
    if sys.platform != "linux":
        return None
    # The specification of XDG: a relative path is ignored.
    named, home = Path(environ.get(variable, "")), Path(environ.get("HOME", ""))
    if named.is_absolute():
        return named / _NAME
    return home / default / _NAME if home.is_absolute() else None
