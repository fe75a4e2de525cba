"""`hubbub-chat bench`: load a server, and measure how long messages take."""

import asyncio
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from hubbub_cli import bench_report, options
from hubbub_cli.bench_load import BenchLoad, BenchResult, BenchRun
from hubbub_cli.errors import OutputFailed
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.output import TerminalOutput, to_json
from hubbub_cli.settings import CliSettings

_MOST_MEMBERS: Final = 1_000
_MOST_DELIVERIES: Final = 20_000
_LONGEST: Final = 600.0
_LONGEST_TEXT: Final = 4_000
# Seconds between two states of the line.
_EVERY: Final = 0.2
_ERASE: Final = "\r\x1b[K"


@click.command("bench", short_help="Load a server, and measure how long messages take.")
@click.option(
    "--members",
    type=click.IntRange(1, _MOST_MEMBERS),
    default=50,
    show_default=True,
    help="Members of the room.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 1_000),
    default=20.0,
    show_default=True,
    help="Messages a second, of all members together.",
)
@click.option(
    "--seconds", type=click.FloatRange(0.1, _LONGEST), default=10.0, show_default=True, help="How long."
)
@click.option(
    "--size",
    type=click.IntRange(1, _LONGEST_TEXT),
    default=100,
    show_default=True,
    help="Characters of a message.",
)
@click.option(
    "--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the plot as SVG."
)
@click.option("--i-own-this-server", is_flag=True, help="Needed for a server on another machine.")
@options.as_json
@options.shared
@click.pass_context
def command(
    ctx: click.Context,
    *,
    members: int,
    rate: float,
    seconds: float,
    size: int,
    svg: Path | None,
    i_own_this_server: bool,
) -> None:
    """Send messages to a new room, and measure until each member has received each message.

    The messages stay in the history of the server. The members are guests of one address, so the limits of
    the server for an address apply. They run in one process: beyond some thousand deliveries a second its own
    work adds to the latency.
    """
    settings = options.chosen(ctx)
    _check_server(ctx, settings.server, owned=i_own_this_server)
    if members * rate > _MOST_DELIVERIES:
        raise click.UsageError(
            f"{members} members and {rate:g} messages a second make {members * rate:,.0f} deliveries; "
            f"this program can measure {_MOST_DELIVERIES:,} a second. Choose fewer.",
            ctx,
        )
    load = BenchLoad(members=members, rate=rate, seconds=seconds, size=size)
    result = asyncio.run(_run(settings, load))
    output = TerminalOutput.of(settings)
    if svg is not None:
        _write(svg, bench_report.svg(result))
    if settings.json:
        output.data(to_json(bench_report.record(result)))
    else:
        for line in bench_report.lines(result):
            output.data(line)
    if result.missing or result.rejected:
        ctx.exit(ExitCode.REFUSED)


def _check_server(ctx: click.Context, server: str, *, owned: bool) -> None:
    host = urlsplit(server).hostname or ""
    if owned or host == "localhost":
        return
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise click.UsageError(
            f"{host} is another machine, and a load disturbs its users. "
            "Add --i-own-this-server if it is yours.",
            ctx,
        )


async def _run(settings: CliSettings, load: BenchLoad) -> BenchResult:
    line = _StateLine(shown=not settings.quiet and sys.stderr.isatty())
    try:
        return await BenchRun(settings, load, line.show).run()
    finally:
        line.erase()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputFailed(f"cannot write {path}: {error.strerror}", code="output") from error


class _StateLine:
    """One line on standard error with the result so far."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._next = 0.0

    def show(self, result: BenchResult) -> None:
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + _EVERY
        if result.sent:
            p50, p99 = (result.delivery.percentile(percent) * 1000 for percent in (50, 99))
            text = (
                f"sent {result.sent:,} of {result.load.messages:,}, delivered {result.delivery.count:,}, "
                f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"
            )
        else:
            text = f"connected {result.connected:,} of {result.load.members:,}"
        sys.stderr.write(f"{_ERASE}{text}")
        sys.stderr.flush()

    def erase(self) -> None:
        if self._shown:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
