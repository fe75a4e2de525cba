"""Read the settings from the environment, or report everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from service.settings.checks import contradictions
from service.settings.row import Row
from service.settings.table import Settings, rows

OURS: Final = "HUBBUB_"
# A secret may be in a file, as Docker and Kubernetes mount it: this ends the variable that names the file.
FILE: Final = "_FILE"

# Kubernetes puts such variables into every pod of a namespace that has a Service named "hubbub".
_SERVICE_LINKS: Final = ("HUBBUB_SERVICE_", "HUBBUB_PORT_")

_ADDRESSES: Final = {"REDIS_URL": "redis", "NATS_URL": "nats"}


class SettingsError(Exception):
    """The settings can't be used. The message has a line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        count = "1 setting is" if len(faults) == 1 else f"{len(faults)} settings are"
        super().__init__("\n  ".join([f"{count} wrong:", *faults]))


class _FileUnusable(Exception):
    """The file of a secret can't be used; the message says why."""


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. An empty variable counts as one that isn't set.

    Raises:
        SettingsError: with all faults at once, each naming the variable, its value and what is allowed.
    """
    environ = os.environ if environ is None else environ
    faults = [_unknown(name) for name in sorted(unknown_names(environ))]
    values: dict[str, object] = {}
    for row in rows():
        try:
            text = _text(row, environ)
        except _FileUnusable as error:
            faults.append(str(error))
            continue
        # Files that secrets are read from often end with a line break.
        text = text.rstrip("\r\n") if row.kind.verbatim else text.strip()
        if text:
            try:
                values[row.attribute] = row.kind.read(text)
            except ValueError:
                faults.append(_refused(row, text))
    settings = Settings(**values)  # type: ignore[arg-type]  # the table gives each attribute its kind
    faults += contradictions(settings)
    if faults:
        raise SettingsError(faults)
    return settings


def _text(row: Row, environ: Mapping[str, str]) -> str:
    """Return the text of a setting: its variable, or the file that `<variable>_FILE` names."""
    text, file = environ.get(row.variable, ""), environ.get(f"{row.variable}{FILE}", "")
    if not (row.kind.hidden and file):
        return text
    if text:
        raise _FileUnusable(f"{row.variable} and {row.variable}{FILE} are both set: remove one of them.")
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _FileUnusable(f"{row.variable}{FILE}={file!r} can't be read: {reason}.") from error


def unknown_names(environ: Mapping[str, str]) -> Iterator[str]:
    """Find the variables that begin like a setting, and are none."""
    known = {row.variable for row in rows()}
    known |= {f"{row.variable}{FILE}" for row in rows() if row.kind.hidden}
    return (name for name in environ if name.startswith(OURS) and name not in known)


def unused(settings: Settings, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield a warning for each address of a broker that is not selected."""
    environ = os.environ if environ is None else environ
    for variable, broker in _ADDRESSES.items():
        if environ.get(variable) and settings.broker != broker:
            yield f"{variable} is set, but BROKER={settings.broker} doesn't use it. Set BROKER={broker}?"


def _unknown(name: str) -> str:
    if name.startswith(_SERVICE_LINKS):
        return (
            f"{name} comes from Kubernetes, not from you: set `enableServiceLinks: false` in the pod's spec."
        )
    variables = [row.variable for row in rows()]
    near = [known for known in variables if known.startswith(name)] or get_close_matches(name, variables, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{name} is not a setting.{hint}"


def _refused(row: Row, text: str) -> str:
    hint = ""
    if row.variable == "HUBBUB_PORT" and text.startswith("tcp://"):
        hint = " Kubernetes set it: set `enableServiceLinks: false` in the pod's spec."
    return f"{row.variable}={row.kind.quote(text)} is refused. Allowed: {row.kind.allowed}.{hint}"
