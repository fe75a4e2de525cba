"""`python -m tests.soak`: moderate load on each broker for hours; nothing may grow after the warm-up."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from tests.faults.nodes import ROOT
from tests.faults.world import world
from tests.soak.load import SETTINGS, Load, Silent, plan
from tests.soak.plot import draw
from tests.soak.report import judge
from tests.soak.samples import Sample, take

_BROKERS: Final = ("memory", "redis", "nats")
_FOLDER: Final = ROOT / "build" / "soak"
_EVERY: Final = 10.0


def main() -> int:
    """Run the soak, or judge a saved one; return 1 if something grows."""
    wanted = _arguments()
    brokers = [wanted.broker] if wanted.broker else list(_BROKERS)
    if not wanted.judge:
        wanted.folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_soak(brokers, wanted))
    grows = False
    for broker in brokers:
        samples = _read(wanted.folder / f"{broker}.ndjson")
        lines, bad = judge(samples, wanted.warm_up * 3600)
        grows |= bad
        print("\n".join([f"{broker}:", *lines]))
        (wanted.folder / f"soak-{broker}.svg").write_text(draw(broker, samples, wanted.warm_up * 3600))
    print(f"samples and plots: {wanted.folder}")
    return 1 if grows else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=6.0, help="how long (default: 6)")
    parser.add_argument("--warm-up", type=float, default=1.0, help="hours that are not judged (default: 1)")
    parser.add_argument("--rate", type=float, default=1.0, help="multiply the load (default: 1)")
    parser.add_argument("--broker", choices=_BROKERS, help="on this broker only (default: on all at once)")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="for samples and plots")
    parser.add_argument("--judge", action="store_true", help="judge and draw the samples in the folder")
    return parser.parse_args()


async def _soak(brokers: list[str], wanted: argparse.Namespace) -> None:
    async with asyncio.TaskGroup() as tasks:
        for broker in brokers:
            tasks.create_task(_one(broker, wanted))


async def _one(broker: str, wanted: argparse.Namespace) -> None:
    """Load one broker, and sample its nodes until the time is over."""
    with (wanted.folder / f"{broker}.ndjson").open("wb") as file:
        async with world(plan(broker, wanted.rate), Silent(), settings=SETTINGS) as made:
            started = time.monotonic()
            load = asyncio.get_running_loop().create_task(Load(made, wanted.rate).run())
            while not load.done() and (at := time.monotonic() - started) < wanted.hours * 3600:
                for node in made.nodes.values():
                    file.write(msgspec.json.encode(await take(node, at)) + b"\n")
                file.flush()
                await asyncio.wait([load], timeout=_EVERY)
            load.cancel()
            await asyncio.wait([load])
            if not load.cancelled():
                load.result()


def _read(path: Path) -> list[Sample]:
    return [msgspec.json.decode(line, type=Sample) for line in path.read_bytes().splitlines()]


if __name__ == "__main__":
    sys.exit(main())
