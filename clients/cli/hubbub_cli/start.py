"""Start the program without work that most commands do not need. This module runs before any other import."""

import gc
import sys
from typing import Final

from hubbub_cli.late_imports import LATE, LATE_PACKAGE, import_late, import_package_late

_FEW_COLLECTIONS: Final = 50_000


def main() -> int:
    """Run a command; return the exit code."""
    # Imports make many objects, and no garbage.
    gc.set_threshold(_FEW_COLLECTIONS)
    for name, known in LATE.items():
        import_late(name, known)
    import_package_late(LATE_PACKAGE)
    from hubbub_cli import main, settings

    if not settings.uses_socks():
        # websockets imports it wherever it is installed. None says that it is not.
        sys.modules.setdefault("python_socks", None)  # type: ignore[arg-type]  # typeshed has no None here
    try:
        return main.main()
    finally:
        # The interpreter collects garbage before it ends, for no use.
        gc.freeze()
