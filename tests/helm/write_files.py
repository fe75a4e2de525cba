"""Write the chart's generated files: `python -m tests.helm.write_files`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.helm.chart import CHART, CI, Object, load, render_text

README: Final = CHART / "README.md"
_BEGIN, _END = "<!-- values -->", "<!-- end of values -->"
# Deeper values are described as a whole in the README.
_DEEPEST: Final = 3


def golden(values: Path) -> str:
    """Render the values of one file as one text, independent of the chart's version."""
    files = render_text(load(values))
    parts = [f"# {path}\n{text.strip()}\n" for path, text in files.items() if text.strip()]
    return re.sub(r"checksum/(\w+): [0-9a-f]{64}", r"checksum/\1: …", "---\n".join(parts))


def golden_path(values: Path) -> Path:
    """Return the path of the golden render of a file of values."""
    return values.parent / "golden" / f"{values.stem.removesuffix('-values')}.yaml"


def readme_table() -> str:
    """Return the table of all values, in Markdown."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    lines = ["| value | default | |", "| --- | --- | --- |"]
    return "\n".join([*lines, *_lines(load(CHART / "values.yaml"), schema, "")])


def _lines(values: Object, described: Object, prefix: str) -> Iterator[str]:
    for name, value in values.items():
        inner, path = described["properties"][name], f"{prefix}{name}"
        if isinstance(value, dict) and "properties" in inner and path.count(".") < _DEEPEST:
            yield from _lines(value, inner, f"{path}.")
        else:
            yield f"| `{path}` | {_default(value)} | {inner['description']} |"


def _default(value: Any) -> str:  # noqa: ANN401 - a value is anything
    if value is None or value in ("", [], {}):
        return ""
    text = (
        json.dumps(value)
        if isinstance(value, dict | list)
        else str(value).lower()
        if value in (True, False)
        else str(value)
    )
    return f"`{text}`" if len(text) < 60 else "see values.yaml"


def main() -> None:
    """Write the renders and the table."""
    for values in CI:
        golden_path(values).write_text(golden(values), encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    README.write_text(f"{before}{_BEGIN}\n{readme_table()}\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
