"""`docs/writing-an-archive.md` is true: what it says to write runs the whole suite on another archive."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from archive.registry import GROUP
from archive.testing.promises import PROMISES

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "writing-an-archive.md").read_text(encoding="utf-8")
# SQLite under another scheme: what the page is about is how an archive is found and proven.
DUCK: Final = """
from dataclasses import replace
from archive.sqlite import SqliteArchive

class DuckArchive(SqliteArchive):
    def __init__(self, options):
        super().__init__(replace(options, url=options.url.replace("duck:", "sqlite:")))
"""


def test_the_suite_proves_another_archive_as_the_page_says(tmp_path: Path) -> None:
    test, conftest = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    url = "f\"duck:///{__import__('tempfile').mkdtemp()}/a.duck\""
    files = {
        "hubbub_duck.py": DUCK,
        "test_contract.py": test,
        "conftest.py": conftest.replace("storage.url = ...", f"storage.url = {url}"),
        "pytest.ini": "[pytest]\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "TMPDIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d{2} passed", done.stdout)
    assert "needs crash" in done.stdout


def test_the_page_counts_the_promises_and_names_the_group() -> None:
    assert len(PROMISES) == 20
    assert "twenty numbered promises" in PAGE
    assert f'entry-points."{GROUP}"' in PAGE
