"""Load modules of the standard library at their first use: libraries import them, most commands do not.

`importlib.util.LazyLoader` loads a module when the next `import` finds it, which is too early here.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Final

# websockets imports them for a version number and for the proxies of the environment.
LATE: Final = ("importlib.metadata", "urllib.request")


def import_late(name: str) -> None:
    """Put a module in place that loads the real one when an attribute of it is read."""
    parent, _, short = name.rpartition(".")
    if name in sys.modules:
        return

    def load(attribute: str) -> object:
        if attribute.startswith("__"):  # the import system looks for some
            raise AttributeError(attribute)
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    stand_in = sys.modules[name] = ModuleType(name)
    stand_in.__getattr__ = load  # type: ignore[method-assign]  # PEP 562
    setattr(import_module(parent), short, stand_in)
