"""`hubbub-chat doctor`: diagnose the connection to the server."""

import asyncio
from contextlib import aclosing
from typing import Final

import click

from hubbub_cli import options
from hubbub_cli.diagnostics import CheckOutcome, CheckResult, DoctorTarget, run_checks
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.local_checks import local_checks
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import TerminalOutput, to_json
from hubbub_cli.settings import CliSettings
from hubbub_cli.tls import tls_context
from hubbub_cli.tokens import read_token
from hubbub_client.proxy import find_proxy

_COLOURS: Final = {CheckOutcome.OK: "good", CheckOutcome.WARN: "warn", CheckOutcome.FAIL: "bad"}
_NOT_SIGNED_IN: Final = frozenset({"bad_token", "token_expired", "token_required"})


@click.command("doctor")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check the connection to the server step by step."""
    settings = options.chosen(ctx)
    ctx.exit(asyncio.run(_examine(settings, TerminalOutput.of(settings))))


async def _examine(settings: CliSettings, output: TerminalOutput) -> ExitCode:
    if not settings.json:
        output.data(f"{settings.server}")
    target = DoctorTarget(
        settings.server,
        settings.name,
        read_token(settings),
        settings.connect_timeout,
        tls_context(settings),
        find_proxy(settings.server),
    )
    code = ExitCode.OK
    for finding in local_checks(settings):
        output.data(to_json(_record(finding)) if settings.json else _line(finding, output))
    async with aclosing(run_checks(target)) as found:
        async for finding in found:
            output.data(to_json(_record(finding)) if settings.json else _line(finding, output))
            if finding.verdict is CheckOutcome.FAIL:
                code = _exit_code(finding)
    return code


def _record(finding: CheckResult) -> dict[str, str | int]:
    record: dict[str, str | int] = {
        "v": VERSION,
        "type": "check",
        "check": finding.name,
        "verdict": str(finding.verdict),
        "detail": finding.detail,
    }
    given = {"hint": finding.hint, "code": finding.code}
    return record | {name: value for name, value in given.items() if value}


def _line(finding: CheckResult, output: TerminalOutput) -> str:
    paint = output.data_paint
    verdict = getattr(paint, _COLOURS[finding.verdict])(f"{finding.verdict:4}")
    hint = f"\n                {paint.dim(finding.hint)}" if finding.hint else ""
    return f"  {verdict}  {finding.name:8}{finding.detail}{hint}"


def _exit_code(finding: CheckResult) -> ExitCode:
    if finding.name != "hello":
        return ExitCode.CANNOT_CONNECT
    return ExitCode.NOT_SIGNED_IN if finding.code in _NOT_SIGNED_IN else ExitCode.REFUSED
