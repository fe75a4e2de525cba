"""Load modules at their first use: libraries import them, most commands do not need them.

`importlib.util.LazyLoader` loads a module when the next `import` finds it, which is too early here.
"""

import os
import sys
import textwrap
import typing
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Final, TypeVar

F = TypeVar("F", bound=Callable[..., object])


def _override(method: F, /) -> F:
    """Mark a method for type checkers, as `typing.override` does from Python 3.12 on."""
    return method


def _cleandoc(text: str) -> str:
    """Remove the indentation of a text of help, as `inspect.cleandoc` does."""
    first, _, rest = text.expandtabs().partition("\n")
    return f"{first.lstrip()}\n{textwrap.dedent(rest)}".strip("\n")


# The modules, and the names of each that are needed at once, from the standard library.
LATE: Final[Mapping[str, Mapping[str, object]]] = {
    # websockets imports these for a version number and for the proxies of the environment.
    "importlib.metadata": {},
    "urllib.request": {},
    # uuid, which msgspec imports, calls it once.
    "platform": {"system": lambda: os.uname().sysname} if hasattr(os, "uname") else {},
    # click calls it for each text of help.
    "inspect": {"cleandoc": _cleandoc},
    # msgspec and this project import it for these names.
    "typing_extensions": {
        "override": _override,
        **{name: getattr(typing, name) for name in ("get_type_hints", "Required", "NotRequired")},
    },
    "msgspec.inspect": {},
}
# Its modules are imported alone: together they need asyncio.
LATE_PACKAGE: Final = "hubbub_client"


def import_late(name: str, known: Mapping[str, object]) -> None:
    """Put a module in place that loads the real one when an attribute of it is read that is not known."""
    if name in sys.modules:
        return

    def load(attribute: str) -> object:
        if attribute.startswith("__"):  # the import system looks for some
            raise AttributeError(attribute)
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    stand_in = sys.modules[name] = ModuleType(name)
    vars(stand_in).update(known)
    stand_in.__getattr__ = load  # type: ignore[method-assign]  # PEP 562
    parent, _, short = name.rpartition(".")
    if parent:
        setattr(import_module(parent), short, stand_in)


def import_package_late(name: str) -> None:
    """Put a package in place as `import_late` does; its modules load at once, without it."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is not None:
        import_late(name, {"__path__": spec.submodule_search_locations})
