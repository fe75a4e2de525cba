"""A parser for the Dockerfile, as far as the tests need it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@dataclass(slots=True)
class Stage:
    """One `FROM`, and its instructions in order."""

    base: str
    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """List the arguments of all instructions of a kind."""
        return [rest for name, rest in self.instructions if name == instruction]

    def one(self, instruction: str) -> str:
        """Return the arguments of an instruction that occurs once."""
        (rest,) = self.all(instruction)
        return rest


def text() -> str:
    """Read the Dockerfile."""
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def stages() -> list[Stage]:
    """Parse the stages."""
    found: list[Stage] = []
    for line in _lines():
        instruction, _, rest = line.partition(" ")
        if match := re.fullmatch(r"FROM (\S+)(?: AS (\w+))?", line):
            found.append(Stage(match[1], match[2] or ""))
        elif found:
            found[-1].instructions.append((instruction, rest.strip()))
    return found


def globals_() -> dict[str, str]:
    """Parse the arguments before the first stage."""
    arguments = [line.removeprefix("ARG ") for line in _lines() if line.startswith("ARG ")]
    return dict(line.partition("=")[::2] for line in arguments if "IMAGE" in line)


def _lines() -> list[str]:
    bare = re.sub(r"^\s*#.*\n", "", text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [re.sub(r"\s+", " ", line).strip() for line in bare.splitlines() if line.strip()]
