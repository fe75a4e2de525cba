"""The driver and the SDK as one importable zip, small enough for a ConfigMap."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DRIVER: Final = ROOT / "tests" / "cluster" / "driver.py"


def bundle() -> bytes:
    """Zip the driver's imports that the image doesn't have."""
    packed = io.BytesIO()
    sdk = ROOT / "clients" / "cli"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((sdk / "hubbub_client").rglob("*.py")):
            archive.write(path, path.relative_to(sdk))
        archive.write(ROOT / "tests" / "e2e" / "crowd.py", "tests/e2e/crowd.py")
        for package in ("tests", "tests/e2e"):
            archive.writestr(f"{package}/__init__.py", "")
    return packed.getvalue()
