"""Read the vectors of frames, and the rules of the specification."""

import json
import re
from pathlib import Path

import msgspec

PROTOCOL = Path(__file__).parents[2] / "clients" / "protocol"
VECTORS = PROTOCOL / "vectors"

RULE = re.compile(r"^\| ((?:FR|CN|RM|HS|SN|PR|CL|PL|CS|BO|TL|PS|SR|CG|DR|RD|TH|TP|FL)\d+) \|", re.MULTILINE)


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """A text, and the frame or the error that it decodes to."""

    name: str
    rules: list[str]
    text: str
    frame: dict[str, object] | None = None
    error: str | None = None
    id: int | None = None
    canonical: bool = False


class Frames(msgspec.Struct, forbid_unknown_fields=True):
    """frames.json."""

    about: str
    commands: list[Row]
    events: list[Row]


def frames() -> Frames:
    return msgspec.json.decode((VECTORS / "frames.json").read_bytes(), type=Frames)


def rules_of_the_specification() -> set[str]:
    return set(RULE.findall((PROTOCOL / "README.md").read_text(encoding="utf-8")))


def rules_shown() -> dict[str, set[str]]:
    """Return the rules that the cases or rows of each vector file name."""
    found = {}
    for path in sorted(VECTORS.rglob("*.json")):
        text = json.loads(path.read_text(encoding="utf-8"))
        found[path.relative_to(VECTORS).as_posix()] = set(_rules_in(text))
    return found


def _rules_in(value: object) -> list[str]:
    match value:
        case dict():
            own = [str(rule) for rule in value.get("rules", []) if isinstance(rule, str)]
            return own + [rule for inner in value.values() for rule in _rules_in(inner)]
        case list():
            return [rule for inner in value for rule in _rules_in(inner)]
        case _:
            return []
