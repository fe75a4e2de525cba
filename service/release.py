"""Which hubbub this is: its version, and the commit that it was built from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service import __version__

# Written by whoever builds the image or the wheels; a checkout has none.
_FILE: Final = Path(__file__).with_name("COMMIT")


def read_commit(file: Path = _FILE) -> str:
    """Read the commit that was built; "unknown" for a checkout."""
    try:
        return file.read_text(encoding="utf-8").strip() or "unknown"
    except OSError:
        return "unknown"


VERSION: Final = __version__
COMMIT: Final = read_commit()
