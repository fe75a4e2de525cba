"""Load modules at their first use: libraries import them, most commands do not need them.

`importlib.util.LazyLoader` loads a module when the next `import` finds it, which is too early here.
"""

import sys
import typing
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Final, TypeVar

F = TypeVar("F", bound=Callable[..., object])


def _override(method: F, /) -> F:
    """Mark a method for type checkers, as `typing.override` does from Python 3.12 on."""
    return method


# The modules, and the names of each that are needed at once, from the standard library.
LATE: Final[Mapping[str, Mapping[str, object]]] = {
    # websockets imports these for a version number and for the proxies of the environment.
    "importlib.metadata": {},
    "urllib.request": {},
    # msgspec and this project import it for these names.
    "typing_extensions": {
        "override": _override,
        **{name: getattr(typing, name) for name in ("get_type_hints", "Required", "NotRequired")},
    },
    "msgspec.inspect": {},
}


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
