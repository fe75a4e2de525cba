"""Run the dialogues with the client of another program: `python -m tests.dialogue COMMAND [ARG…]`."""

from __future__ import annotations

import asyncio
import sys

from tests.dialogue.cases import CASES, run_case
from tests.dialogue.matching import Json
from tests.dialogue.program_peer import Unsupported


def main(command: tuple[str, ...]) -> int:
    """Run all cases; print the result of each; return the exit code."""
    if not command:
        sys.stderr.write("usage: python -m tests.dialogue COMMAND [ARG…]; it is called with a URL\n")
        return 2
    results = [_run(str(case["id"]), case, command) for case in CASES]
    passed, skipped = results.count("ok"), results.count("skipped")
    failed = len(results) - passed - skipped
    sys.stdout.write(f"{passed} passed, {skipped} skipped, {failed} failed\n")
    return 1 if failed else 0


def _run(name: str, case: dict[str, Json], command: tuple[str, ...]) -> str:
    """Run one case, and print its result."""
    reason = ""
    try:
        asyncio.run(run_case(case, command))
        result = "ok"
    except Unsupported as error:
        result, reason = "skipped", f": {error}"
    except AssertionError as error:
        result, reason = "failed", f": {error}"
    sys.stdout.write(f"{result} {name}{reason}\n")
    sys.stdout.flush()
    return result


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
