"""Advisories for the packages that we pin, as far as the registries in use answer."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from scripts.packages import PYTHON_LOCKS, ROOT


@dataclass(frozen=True, slots=True)
class Advisories:
    """What a registry knows of our packages. `unchecked`: why it answered nothing, for all or for some."""

    found: tuple[str, ...] = ()
    unchecked: str = ""


def python_advisories(pip_audit: str) -> Advisories:
    """Ask the registry of Python packages, through pip-audit."""
    found: list[str] = []
    skipped: set[str] = set()
    for lock in PYTHON_LOCKS:
        options = [
            "--require-hashes",
            "--no-deps",
            "--disable-pip",
            "--format",
            "json",
            "--progress-spinner",
            "off",
        ]
        answer = _run([pip_audit, "--requirement", lock, *options])
        if not answer.stdout.startswith("{"):
            return Advisories(unchecked=f"pip-audit has no answer: {_last_line(answer.stderr)}")
        report = read_pip_audit(answer.stdout)
        found += (each for each in report[0] if each not in found)
        skipped |= report[1]
    if not skipped:
        return Advisories(tuple(found))
    some = ", ".join(sorted(skipped)[:3])
    return Advisories(tuple(found), f"the registry answers nothing for {len(skipped)} packages ({some}, …)")


def read_pip_audit(report: str) -> tuple[list[str], set[str]]:
    """Read a report of pip-audit: the advisories, and the packages that could not be checked."""
    found, skipped = [], set()
    for package in json.loads(report)["dependencies"]:
        if "skip_reason" in package:
            skipped.add(package["name"])
        for each in package.get("vulns", []):
            fixed = ", ".join(each["fix_versions"]) or "no version"
            found.append(f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}")
    return found, skipped


def npm_advisories() -> Advisories:
    """Ask the registry of npm packages, through npm."""
    answer = _run(["npm", "audit", "--json", "--prefix", "clients"])
    return read_npm_audit(answer.stdout)


def read_npm_audit(report: str) -> Advisories:
    """Read a report of `npm audit`."""
    try:
        answer = json.loads(report)
    except json.JSONDecodeError:
        return Advisories(unchecked="npm has no answer")
    if "vulnerabilities" not in answer:
        return Advisories(
            unchecked=f"the registry answers no advisories: {answer.get('message', 'no reason given')}"
        )
    affected = answer["vulnerabilities"].values()
    return Advisories(tuple(f"{each['name']} {each['range']}: {each['severity']}" for each in affected))


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
