"""The page in Chromium: what it loads, how fast it answers, and what it holds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench import machine
from tests.bench.node import ROOT, serving

NAME: Final = "page"
_WEB: Final = ROOT / "clients" / "web"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table: a value of the measurement, and the most that it may be."""

    name: str
    unit: str
    most: float
    read: Callable[[Mapping[str, Any]], float]


FIGURES: Final = (
    Figure("first visit: transferred", "kB", 110, lambda found: found["transferred"] / 1000),
    Figure("first visit: usable, with a quarter of the CPU", "ms", 1000, lambda found: found["interactive"]),
    Figure("key to painted frame, p95, 10,000 messages", "ms", 16, lambda found: found["keystroke"]["p95"]),
    Figure("heap with 10,000 messages", "MB", 25, lambda found: found["heap"] / _MB),
    Figure("work for one more message, median", "ms", 16, lambda found: found["append"]["median"]),
    Figure("longest frame at 50 messages/s", "ms", 50, lambda found: found["flood"]["most"]),
)


def measure() -> bool:
    """Measure the built page, and print the table; return whether all figures are within their bounds."""
    browser = os.environ.get("HUBBUB_E2E_CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    missing = _missing(browser)
    if missing:
        print(f"the page was not measured: {missing}")
        return False
    figures = _figures(str(browser))
    if figures is None:
        print("the page was not measured: bench/measure.js failed, see above; is the machine busy?")
        return False
    table = "\n".join([f"{machine.describe()}.", "", *rows(figures), ""])
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.md").write_text(table)
    print(table)
    return "**no**" not in table


def rows(found: Mapping[str, Any]) -> list[str]:
    """Return the rows of the table."""
    head = ["| | measured | most | within |", "| --- | ---: | ---: | --- |"]
    for figure in FIGURES:
        value = figure.read(found)
        within = "yes" if value <= figure.most else "**no**"
        head.append(
            f"| {figure.name} | {value:.1f} {figure.unit} | {figure.most:g} {figure.unit} | {within} |"
        )
    return head


def _missing(browser: str | None) -> str | None:
    if browser is None:
        return "there is no Chromium; install it, or set HUBBUB_E2E_CHROMIUM"
    if not Path(_WEB / "dist" / "index.html").is_file():
        return "it is not built; run `scripts/web.sh build`"
    return None


def _figures(browser: str) -> Mapping[str, Any] | None:
    """Run the measurement against a node of its own; None if it failed."""
    with serving(BROKER="memory") as server:
        found = subprocess.run(
            ["node", "bench/measure.js", f"http://127.0.0.1:{server.port}"],
            cwd=_WEB,
            env=os.environ | {"HUBBUB_E2E_CHROMIUM": browser},
            stdout=subprocess.PIPE,
            check=False,
        )
    figures: Mapping[str, Any] | None = None if found.returncode else json.loads(found.stdout)
    return figures
