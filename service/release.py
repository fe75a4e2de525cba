"""The version of hubbub, and the commit that it was built from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service import __version__

# The builds of the image and of the wheels write this file; a checkout has none.
_FILE: Final = Path(__file__).with_name("COMMIT")


def read_commit(file: Path = _FILE) -> str:
    """Read the commit of the build; "unknown" in a checkout."""
    try:
        return file.read_text(encoding="utf-8").strip() or "unknown"
    except OSError:
        return "unknown"


VERSION: Final = __version__
COMMIT: Final = read_commit()
