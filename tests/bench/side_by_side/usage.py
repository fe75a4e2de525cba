"""The usage of the machine, from Linux's /proc: the server, the broker, the generator, all others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from tests.bench import machine

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_NANO: Final = 1e9


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters of one moment, in seconds. `waited` is the time spent ready to run, without a core."""

    at: float
    server: float
    server_waited: float
    broker: float
    generator: float
    generator_waited: float
    busy: float


@dataclass(frozen=True, slots=True)
class Use:
    """The usage between two readings: `cpu` and `broker_cpu` in seconds, all others as shares of a core."""

    seconds: float
    cpu: float
    broker_cpu: float
    server: float
    server_waited: float
    generator: float
    generator_waited: float
    others: float


def read(servers: Sequence[int], brokers: Sequence[int] = ()) -> Reading:
    """Read the counters of processes, including their children."""
    server, broker = [*_family(servers)], [*_family(brokers)]
    own = os.getpid()
    return Reading(
        monotonic(),
        sum(map(_cpu, server)),
        sum(map(_waited, server)),
        sum(map(_cpu, broker)),
        sum(os.times()[:2]),
        _waited(own),
        _busy(),
    )


def between(before: Reading, after: Reading) -> Use:
    """Return the usage of each process."""
    seconds = after.at - before.at
    cpu, broker = after.server - before.server, after.broker - before.broker
    generator = after.generator - before.generator
    return Use(
        seconds=seconds,
        cpu=cpu,
        broker_cpu=broker,
        server=cpu / seconds,
        server_waited=(after.server_waited - before.server_waited) / seconds,
        generator=generator / seconds,
        generator_waited=(after.generator_waited - before.generator_waited) / seconds,
        others=max(0.0, after.busy - before.busy - cpu - broker - generator) / seconds,
    )


def memory(servers: Sequence[int]) -> int:
    """Return the resident memory of processes, including their children, in bytes."""
    return sum(map(machine.memory_of, _family(servers)))


def on_core(servers: Sequence[int]) -> float:
    """Return the CPU time of all threads of processes in seconds, counted in nanoseconds."""
    threads = [
        thread for process in _family(servers) for thread in Path(f"/proc/{process}/task").glob("*/schedstat")
    ]
    return sum(int(thread.read_text().split()[0]) for thread in threads) / _NANO


def _family(processes: Sequence[int]) -> Iterator[int]:
    for process in processes:
        yield process
        for listed in Path(f"/proc/{process}/task").glob("*/children"):
            yield from _family([int(child) for child in listed.read_text().split()])


def _cpu(process: int) -> float:
    # The name may contain spaces: count the fields after it (proc(5): 14 and 15).
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _waited(process: int) -> float:
    try:
        threads = [*Path(f"/proc/{process}/task").glob("*/schedstat")]
        return sum(int(thread.read_text().split()[1]) for thread in threads) / _NANO
    except OSError:
        return 0.0


def _busy() -> float:
    """Return the time of all cores spent on any process."""
    with Path("/proc/stat").open() as lines:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, next(lines).split()[1:9])
    return (user + nice + system + irq + softirq + steal) * _TICK
