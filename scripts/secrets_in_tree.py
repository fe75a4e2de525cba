"""Secrets in the files of the repository: texts that have the form of a key or a token."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]

# Texts that open something wherever they are found. A password of a test has no such form.
SECRETS: Final = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}",
    # Not those that AWS uses in its documentation: they end with a word.
    "a key of AWS": r"\b(?:AKIA|ASIA)(?![0-9A-Z]{9}EXAMPLE\b)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a token of PyPI": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    "a token of Slack": r"\bxox[abeoprs]-[0-9]{6,}-[A-Za-z0-9-]{10,}",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "a seed of NATS": r"\bS[OUANC][A-Z2-7]{56}\b",
    "a password in an address": r"\b(?:rediss?|nats|tls|postgres(?:ql)?|https?)://[^\s:/@\"'$<{]+:[^\s:/@\"'$<{]{20,}@",
}


def secrets_in(files: Iterable[Path]) -> Iterator[str]:
    """Give the places of secrets, without the secrets."""
    patterns = {what: re.compile(pattern) for what, pattern in SECRETS.items()}
    for file in files:
        text = file.read_text(encoding="utf-8", errors="ignore")
        for what, pattern in patterns.items():
            for match in pattern.finditer(text):
                yield f"{file}:{text.count(chr(10), 0, match.start()) + 1}: {what}"


def tracked_files() -> list[Path]:
    """List the files of the repository."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]
