"""`python -m tests.faults`: inject faults into a cluster, seed after seed; check that no message is lost."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.faults.checks import check, report
from tests.faults.drawing import draw
from tests.faults.history import Record
from tests.faults.nodes import ROOT
from tests.faults.plan import Plan, from_json
from tests.faults.run import run
from tests.faults.sabotage import SABOTAGES, command
from tests.faults.shrinking import shrink
from tests.faults.versions import NoVersion, last_release
from tests.faults.world import SERVICE

_BROKERS: Final = ("redis", "nats", "memory")
_FOLDER: Final = ROOT / "build" / "faults"


def main() -> int:
    """Run the requested plans; return the exit code: 0 passed, 1 a promise was broken."""
    wanted = _arguments()
    if wanted.show:
        print(next(_plans(wanted)).to_json())
        return 0
    end = time.monotonic() + wanted.minutes * 60
    failed = runs = 0
    for plan in _plans(wanted):
        failed += not _passes(plan, wanted)
        runs += 1
        if time.monotonic() > end:
            break
    print(f"{runs} {'run' if runs == 1 else 'runs'}, {failed} failed")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed only (default: one after another)")
    parser.add_argument("--first", type=int, help="the first seed (default: by the clock)")
    parser.add_argument("--broker", choices=_BROKERS, help="on this broker only (default: on each in turn)")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to run (default: 10)")
    parser.add_argument(
        "--seconds", type=float, default=15.0, help="how long faults are injected in each run"
    )
    parser.add_argument(
        "--other",
        metavar="COMMIT",
        default=last_release(),
        help="the other version, which nodes change to and back (default: the last release's tag, if any)",
    )
    parser.add_argument("--plan", type=Path, help="run a plan that was saved")
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), help="plant a fault in the service")
    parser.add_argument("--shrink", action="store_true", help="search for fewer faults that still fail")
    parser.add_argument("--show", action="store_true", help="print the plan and stop")
    return parser.parse_args()


def _plans(wanted: argparse.Namespace) -> Iterator[Plan]:
    if wanted.plan:
        yield from_json(wanted.plan.read_bytes())
        return
    brokers = [wanted.broker] if wanted.broker else _BROKERS
    seed = wanted.seed if wanted.seed is not None else wanted.first
    seed = int(time.time()) % 1_000_000 if seed is None else seed
    while True:
        for broker in brokers:
            yield draw(seed, broker, seconds=wanted.seconds, other=wanted.other)
        if wanted.seed is not None:
            return
        seed += 1


def _passes(plan: Plan, wanted: argparse.Namespace) -> bool:
    as_node = command(wanted.sabotage) if wanted.sabotage else SERVICE
    print(f"--seed {plan.seed} --broker {plan.broker} --seconds {plan.seconds:g}: ", end="", flush=True)
    started = time.monotonic()
    record = _run(plan, as_node)
    broken = check(record)
    print(f"{'FAILED' if broken else 'passed'} in {time.monotonic() - started:.0f} s, {_size(record)}")
    if broken:
        print(f"\n{report(record, broken)}\n\n{_save(record)}\n")
        if wanted.shrink:
            smaller = shrink(plan, lambda smaller: bool(check(_run(smaller, as_node))))
            print("\n".join(["fails with these faults:", *map(str, smaller.faults)]))
            _save(Record(plan=smaller, events=[]))
    return not broken


def _run(plan: Plan, as_node: tuple[str, ...]) -> Record:
    try:
        return asyncio.run(run(plan, as_node))
    except (pytest.skip.Exception, NoVersion) as missing:
        sys.exit(str(missing))


def _size(record: Record) -> str:
    plan = record.plan
    sizes = {"nodes": plan.nodes, "clients": len(plan.people), "faults": len(plan.faults)}
    counted = [f"{size} {what}" for what, size in (sizes | {"events": len(record.events)}).items()]
    return ", ".join([*counted, *plan.specials])


def _save(record: Record) -> str:
    """Save a plan and its events; return where."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    name = f"{record.plan.broker}-{record.plan.seed}"
    plan, events = _FOLDER / f"{name}.plan.json", _FOLDER / f"{name}.record.json"
    plan.write_text(record.plan.to_json())
    if record.events:
        events.write_bytes(msgspec.json.encode(record))
    return f"saved: {plan.relative_to(ROOT)} (run it again with --plan), {events.relative_to(ROOT)}"


if __name__ == "__main__":
    sys.exit(main())
