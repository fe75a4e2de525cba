"""Stay the same user in each invocation: keys are deduplicated, and messages changed, for their user only."""

from msgspec.structs import replace

from hubbub_cli import identity
from hubbub_cli.output import TerminalOutput
from hubbub_cli.settings import CliSettings
from hubbub_protocol.names import user_fault


def with_stable_user(settings: CliSettings, what: str) -> CliSettings:
    """Return settings with a name that stays the same; print what does not work if it can't be proved."""
    if settings.has_token:
        return settings
    if user_fault(settings.login or ""):
        settings = replace(settings, login=identity.account())
    if identity.session(settings.server, settings.name or settings.login or "") is None:
        why = "no secret can be stored; set XDG_STATE_HOME to a folder that lasts"
        TerminalOutput.of(settings).notice(f"{what}: {why}")
    return settings
