"""Checks of what we depend on: `advisories`, `licences`, `secrets`, `bill FILE`. `make audit` runs them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.advisories import Advisories, npm_advisories, python_advisories
from scripts.packages import bill_of_materials, npm_packages, python_packages, refused_licences
from scripts.secrets_in_tree import secrets_in, tracked_files


def main(arguments: list[str]) -> int:
    """Run one check; return 1 if it has findings."""
    match arguments:
        case ["advisories", pip_audit]:
            return _report_advisories({"Python": python_advisories(pip_audit), "npm": npm_advisories()})
        case ["licences"]:
            packages = [*python_packages(), *npm_packages()]
            return _report(f"licences of {len(packages)} packages", refused_licences(packages))
        case ["secrets"]:
            files = tracked_files()
            return _report(f"secrets in {len(files)} files", secrets_in(files))
        case ["bill", version, file]:
            path = Path(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(bill_of_materials(version), indent=2) + "\n", encoding="utf-8")
            print(f"bill of materials: {file}")
            return 0
    print(
        "usage: supply_chain.py advisories PIP_AUDIT | licences | secrets | bill VERSION FILE",
        file=sys.stderr,
    )
    return 2


def _report_advisories(answers: Mapping[str, Advisories]) -> int:
    codes = []
    for what, advisories in answers.items():
        codes.append(_report(f"advisories for {what} packages", advisories.found))
        if advisories.unchecked:
            print(f"  not checked: {advisories.unchecked}")
    return max(codes)


def _report(what: str, findings: Iterable[str]) -> int:
    found = list(findings)
    print(f"{what}: {len(found) or 'no'} finding{'s' if len(found) > 1 else ''}")
    for each in found:
        print(f"  {each}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
