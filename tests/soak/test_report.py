"""The verdicts and the plots of a soak, and a load that runs on a real node."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree as ET

from tests.faults.world import world
from tests.soak.load import SETTINGS, Load, Silent, plan
from tests.soak.plot import draw
from tests.soak.report import judge
from tests.soak.samples import Sample, take

HOURS = 6


def samples(growth: float) -> list[Sample]:
    """Return samples of two nodes, of which the memory of the second one grows."""
    return [
        Sample(
            at=float(second),
            who=f"node-{number}",
            values={
                "memory": 60e6 + number * growth * second / 3600,
                "tasks": 3.0,
                "descriptors": 20.0 + second % 20 / 10,
                "log_bytes": 0.0,
            },
        )
        for second in range(0, HOURS * 3600, 10)
        for number in range(2)
    ]


def test_what_grows_is_named_with_its_slope() -> None:
    lines, grows = judge(samples(10e6), 3600)
    assert grows
    assert [line for line in lines if "grows" in line] == [
        next(line for line in lines if line.startswith("  node-1 memory: +10 ± ") and "(up to 2/h)" in line)
    ]


def test_a_flat_soak_passes() -> None:
    lines, grows = judge(samples(0), 3600)
    assert not grows
    assert len(lines) == 8
    assert all("flat" in line for line in lines)


def test_a_short_soak_decides_nothing() -> None:
    lines, grows = judge(samples(0)[:60], 0)
    assert not grows
    assert all("too few" in line for line in lines)


def test_a_plot_shows_each_column_of_each_node() -> None:
    tree = ET.fromstring(draw("redis", samples(0), 3600))  # noqa: S314 - it is our own
    texts = ["".join(part.itertext()) for part in tree.iter()]
    assert "A soak of 6 hours on redis" in texts
    assert "A soak of 30 minutes on redis" in draw("redis", samples(0)[:362], 600)
    assert sum("kB of logs/h" in said and said.startswith("node-") for said in texts) == 2
    assert len([part for part in tree.iter() if part.get("class", "").startswith("line ")]) == 8


async def test_the_load_joins_new_rooms_and_reconnects() -> None:
    async with world(plan("memory", 40), Silent(), settings=SETTINGS) as made:
        load = asyncio.get_running_loop().create_task(Load(made, 40).run())
        async with asyncio.timeout(30):
            while (await made.nodes["node-0"].gauges())["hubbub_broker_rooms"] < 5:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        sample = await take(made.nodes["node-0"], 1.0)
        load.cancel()
        await asyncio.wait([load])
        assert load.cancelled()
    assert sample.values["memory"] > 1e6
    assert sample.values["descriptors"] > 5
    assert sample.others["connections"] > 0
