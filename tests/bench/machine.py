"""The machine: its cores, and which processes used them, from Linux's /proc."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

_CORES: Final = sorted(os.sched_getaffinity(0))
# If there are two cores, the server and the generator have one each.
SERVER_CORE: Final = _CORES[0]
GENERATOR_CORE: Final = _CORES[-1]
PINNED: Final = len(_CORES) > 1
# The cores of a broker's server: beside the generator if there are only two.
_BROKER_CORES: Final = set(_CORES[1:-1]) or {GENERATOR_CORE}
_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_KIB: Final = 1024


def pin(process: int, core: int) -> None:
    """Pin a process to a core (0 is this process)."""
    if PINNED:
        os.sched_setaffinity(process, {core})


@contextmanager
def beside_the_node() -> Iterator[None]:
    """Run all threads that are started in this block on the broker's cores."""
    own = os.sched_getaffinity(0)
    if PINNED:
        os.sched_setaffinity(0, _BROKER_CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def describe() -> str:
    """Describe the machine in general words."""
    cores = len(_CORES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _KIB**3
    where = "server and generator pinned to a core each" if PINNED else "server and generator share the core"
    return (
        f"{_processor()}, {cores} core{'s' if cores > 1 else ''} ({where}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


def memory_of(process: int) -> int:
    """Return a process's resident memory in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * _KIB
    raise RuntimeError("/proc has no memory of the server")


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters of one moment, in seconds. `waited` is the time spent ready to run, without a core."""

    at: float
    server: float
    server_kernel: float
    server_waited: float
    generator: float
    generator_waited: float
    busy: float


def read(server: int) -> Reading:
    """Read the counters."""
    at = monotonic()
    user, kernel = _cpu(server)
    generator = sum(os.times()[:2])
    return Reading(at, user + kernel, kernel, _waited(server), generator, _waited(os.getpid()), _busy())


@dataclass(frozen=True, slots=True)
class Use:
    """The usage between two readings: shares of a core, except `cpu` and `seconds`."""

    seconds: float
    cpu: float
    server: float
    server_kernel: float
    server_waited: float
    generator: float
    generator_waited: float
    others: float


def between(before: Reading, after: Reading) -> Use:
    """Return the usage of each process."""
    seconds = after.at - before.at
    cpu = after.server - before.server
    generator = after.generator - before.generator
    return Use(
        seconds=seconds,
        cpu=cpu,
        server=cpu / seconds,
        server_kernel=(after.server_kernel - before.server_kernel) / seconds,
        server_waited=(after.server_waited - before.server_waited) / seconds,
        generator=generator / seconds,
        generator_waited=(after.generator_waited - before.generator_waited) / seconds,
        others=max(0.0, after.busy - before.busy - cpu - generator) / seconds,
    )


def _cpu(process: int) -> tuple[float, float]:
    # The name may contain spaces: count the fields after it (proc(5): 14 and 15).
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) * _TICK, int(fields[12]) * _TICK


def _waited(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def _busy() -> float:
    """Return the time of all cores spent on any process."""
    with Path("/proc/stat").open() as lines:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, next(lines).split()[1:9])
    return (user + nice + system + irq + softirq + steal) * _TICK


def _processor() -> str:
    with Path("/proc/cpuinfo").open() as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
