"""Print a result of `bench`: as lines, as a plot in the terminal and as SVG, and as JSON."""

from collections.abc import Iterator
from typing import Final

from hubbub_cli.bench_load import BenchResult
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import Json

_PERCENTS: Final = (50, 90, 99)
_WIDEST_BAR: Final = 40
# SVG: a row's height, and where the bars begin and end, in pixels.
_ROW: Final = 22
_LEFT: Final = 90
_RIGHT: Final = 560


def headline(result: BenchResult) -> str:
    """Return the load, and what came of it, in one line."""
    load = result.load
    return (
        f"{result.sent:,} messages of {load.size} characters in {result.seconds:.1f} s, "
        f"to {load.members} members: {result.delivery.count:,} deliveries"
    )


def lines(result: BenchResult) -> Iterator[str]:
    """Yield the report for a person."""
    yield headline(result)
    for what, measured in (("delivered", result.delivery), ("stored", result.storing)):
        shares = "  ".join(f"p{percent} {_ms(measured.percentile(percent))}" for percent in _PERCENTS)
        yield f"{what:9}  {shares}  max {_ms(measured.longest)}"
    for code, count in sorted(result.rejected.items()):
        yield f"rejected   {count:,} messages: {code}"
    if result.missing:
        yield f"missing    {result.missing:,} deliveries"
    yield ""
    rows = list(result.delivery.rows())
    most = max((count for _, count in rows), default=0)
    for label, count in rows:
        yield f"{label:>10} {'█' * _length(count, most, _WIDEST_BAR)} {count:,}"


def record(result: BenchResult) -> dict[str, Json]:
    """Return the report for a program; latencies are in milliseconds."""
    load = result.load
    return {
        "v": VERSION,
        "type": "bench",
        "members": load.members,
        "rate": load.rate,
        "size": load.size,
        "seconds": round(result.seconds, 3),
        "sent": result.sent,
        "delivered": result.delivery.count,
        "missing": result.missing,
        "rejected": result.rejected,
        "delivery_ms": {
            f"p{percent}": round(result.delivery.percentile(percent) * 1000, 3) for percent in _PERCENTS
        },
        "stored_ms": {
            f"p{percent}": round(result.storing.percentile(percent) * 1000, 3) for percent in _PERCENTS
        },
    }


def svg(result: BenchResult) -> str:
    """Return the plot of the deliveries, which fits a light and a dark page."""
    rows = list(result.delivery.rows())
    most = max((count for _, count in rows), default=0)
    height = _ROW * (len(rows) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{height}">',
        '<g font-family="sans-serif" font-size="13" fill="#808080">',
        f'<text x="8" y="16">{headline(result)}</text>',
    ]
    for number, (label, count) in enumerate(rows, start=1):
        top, width = _ROW * number + 6, _length(count, most, _RIGHT - _LEFT)
        parts += [
            f'<text x="{_LEFT - 8}" y="{top + 13}" text-anchor="end">{label.replace(">", "&gt;")}</text>',
            f'<rect x="{_LEFT}" y="{top}" width="{width}" height="{_ROW - 6}" fill="#4c8bf5"/>',
            f'<text x="{_LEFT + width + 6}" y="{top + 13}">{count:,}</text>',
        ]
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _length(count: int, most: int, widest: int) -> int:
    return -(-count * widest // most) if most else 0


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
