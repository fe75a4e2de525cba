"""Imports point one way: the contracts in pyproject.toml, as a test."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_import_contract_is_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("library", "importers"),
    [("sanic", {"app", "gateway", "http", "server"}), ("websockets", {"gateway", "transport"})],
)
def test_a_library_is_forbidden_to_every_other_package_of_the_service(
    library: str, importers: set[str]
) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (sources,) = (
        contract["source_modules"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract.get("forbidden_modules") == [library]
    )
    packages = {path.stem for path in (ROOT / "service").glob("[a-z_]*") if path.suffix in {"", ".py"}}
    others = packages - importers - {"__init__", "__pycache__"}
    assert set(sources) == {f"service.{name}" for name in others}
