"""Latencies in buckets that grow by a twentieth, so that any number of them takes little memory."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Final

# In seconds: everything below is in the first bucket.
_FIRST: Final = 0.000_01
_GROWTH: Final = math.log(1.05)
# The bounds of the rows of a plot, in milliseconds.
_BOUNDS: Final = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)


class LatencyHistogram:
    """Counts latencies, in seconds. A percentile is right to 5 percent."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        bucket = math.ceil(math.log(seconds / _FIRST) / _GROWTH) if seconds > _FIRST else 0
        self._buckets[bucket] += 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def percentile(self, percent: float) -> float:
        """Return the latency that this share of all does not exceed; 0.0 without any."""
        left = math.ceil(self.count * percent / 100)
        for bucket, count in sorted(self._buckets.items()):
            left -= count
            if left <= 0:
                return min(_upper(bucket), self.longest)
        return self.longest

    def rows(self) -> Iterator[tuple[str, int]]:
        """Yield a label and a count for each part of a plot, from the first to the last that is not empty."""
        parts: Counter[int] = Counter()
        for bucket, count in self._buckets.items():
            milliseconds = min(_upper(bucket), self.longest) * 1000
            parts[sum(bound < milliseconds for bound in _BOUNDS)] += count
        for part in range(min(parts, default=0), max(parts, default=-1) + 1):
            yield _label(part), parts[part]


def _upper(bucket: int) -> float:
    return _FIRST * math.exp(bucket * _GROWTH)


def _label(part: int) -> str:
    if part == len(_BOUNDS):
        return f"> {_BOUNDS[-1]:g} ms"
    return f"≤ {_BOUNDS[part]:g} ms"
