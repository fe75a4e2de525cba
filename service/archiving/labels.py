"""The names of the archive's errors as labels of metrics."""

from __future__ import annotations

import re


def label_of(error: BaseException) -> str:
    """Name an error as a label: `ArchiveReadOnly` is `read_only`."""
    name = type(error).__name__.removeprefix("Archive")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
