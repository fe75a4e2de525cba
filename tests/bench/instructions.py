"""Count the instructions that a node executes for a message, a delivery and a connection.

CPU time varies by a third from one minute to the next on a shared machine. The number of instructions varies
by a few per cent, also while other programs run. Valgrind's callgrind counts them, which makes the node 50
times slower. The kernel's work is not counted.

Time limits are reached 50 times earlier as well. A turn of input (`Tuning.input_seconds`) holds one frame, so
the messages of a room are sent one by one: a delivery takes 1.6 times the instructions that it takes with a
limit of 50 ms.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from typing import Final

from tests.bench.crowd import Crowd
from tests.bench.node import ROOT, Server, running
from tests.bench.speaker import Speaker
from tests.bench.stream import Stream

NAME: Final = "instructions"
_ROUNDS: Final = 5
_QUICK: Final = 1
# Under valgrind even the start is slow (seconds).
_LONGEST_START: Final = 120.0
_LONGEST_LOAD: Final = 120.0
_WARM_UP: Final = 4.0
_ROOMS: Final = 20
_AT_ONCE: Final = 8
_COUNTED: Final = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Counted:
    """A node whose instructions are counted while a load is `counting`."""

    server: Server
    output: Path

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count instructions for the time of the block."""
        self._control("--instr=on")
        yield
        self._control("--instr=off")

    def total(self) -> int:
        """Return the number of instructions that were counted."""
        self._control("--dump")
        end = monotonic() + _LONGEST_LOAD
        while monotonic() < end:
            if found := [
                int(each) for file in self.output.iterdir() for each in _COUNTED.findall(file.read_text())
            ]:
                return max(found)
            sleep(0.1)
        raise RuntimeError("callgrind wrote no result")

    def _control(self, command: str) -> None:
        subprocess.run(
            ["callgrind_control", command, str(self.server.process)], check=True, stdout=subprocess.DEVNULL
        )


def measure(*, quick: bool, rounds: int | None, against: str | None) -> bool:
    """Print the medians of each load: of this checkout, and of another one with its own .venv, in turn."""
    if shutil.which("callgrind_control") is None:
        print("This needs valgrind: apt-get install valgrind", file=sys.stderr)
        return False
    folders = [ROOT] if against is None else [Path(against).resolve(), ROOT]
    found: dict[str, list[list[float]]] = {name: [[] for _ in folders] for name in _LOADS}
    for number in range(rounds or (_QUICK if quick else _ROUNDS)):
        for name, load in _LOADS.items():
            print(f"{name}, round {number + 1}", file=sys.stderr)
            for folder, counts in zip(folders, found[name], strict=True):
                counts.append(_count(folder, load))
    print(_table({name: [median(counts) for counts in each] for name, each in found.items()}))
    return True


def _count(folder: Path, load: Callable[[Counted, Crowd], int]) -> float:
    """Run a load on a new node; return the instructions for each of what it counts."""
    with tempfile.TemporaryDirectory() as output:
        valgrind = ("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no")
        python = str(folder / ".venv" / "bin" / "python")
        command = (*valgrind, f"--callgrind-out-file={output}/%p", python, "-m", "service")
        settings = {"HUBBUB_LOG_LEVEL": "error"}
        with (
            running(command, settings, folder=folder, longest_start=_LONGEST_START) as server,
            Crowd(server.port) as crowd,
        ):
            node = Counted(server, Path(output))
            made = load(node, crowd)
            return node.total() / made


def _table(found: Mapping[str, list[float]]) -> str:
    compared = all(len(medians) > 1 for medians in found.values())
    lines = ["| thousands of instructions | " + ("before | now | ratio |" if compared else "now |")]
    lines.append("| --- |" + " ---: |" * (3 if compared else 1))
    for name, medians in found.items():
        cells = [f"{each / 1000:.3g}" for each in medians]
        cells += [f"{medians[1] / medians[0]:.2f}"] if compared else []
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _message(node: Counted, crowd: Crowd) -> int:
    """Send in small rooms, all members of three each."""
    streams = [Stream() for _ in range(_ROOMS)]
    crowd.open(((f"m{n}", f"room-{n % _ROOMS}", streams[n % _ROOMS]) for n in range(3 * _ROOMS)), _AT_ONCE)
    speakers = [Speaker(client, n) for n, client in enumerate(crowd.clients)]
    for speaker in speakers:
        speaker.talk(1)
    return _count_until(node, crowd, lambda: sum(speaker.acknowledged for speaker in speakers), 1_500)


def _delivery(node: Counted, crowd: Crowd) -> int:
    """Send to one room of 300, four of its members."""
    stream = Stream()
    crowd.open(((f"m{n}", "room", stream) for n in range(300)), _AT_ONCE)
    for n, client in enumerate(crowd.clients[:4]):
        Speaker(client, n).talk(8)
    return _count_until(node, crowd, crowd.deliveries, 150_000)


def _connection(node: Counted, crowd: Crowd) -> int:
    """Connect to small rooms, a hundred on their way at any time."""
    streams = [Stream() for _ in range(_ROOMS)]
    wanted = [(f"m{n}", f"room-{n % _ROOMS}", streams[n % _ROOMS]) for n in range(400)]
    crowd.open(wanted[:100], _AT_ONCE)
    with node.counting():
        crowd.open(wanted[100:], 100)
    return len(wanted) - 100


def _count_until(node: Counted, crowd: Crowd, done: Callable[[], int], wanted: int) -> int:
    """Count while at least so many are done, after a warm-up; return how many were done."""
    crowd.idle(_WARM_UP)
    end, before = monotonic() + _LONGEST_LOAD, done()
    with node.counting():
        while done() - before < wanted and monotonic() < end:
            crowd.idle(0.2)
    return done() - before


_LOADS: Final[Mapping[str, Callable[[Counted, Crowd], int]]] = {
    "a message, in rooms of 3": _message,
    "a delivery, in a room of 300": _delivery,
    "a connection": _connection,
}
