"""What `doctor` checks before it connects: the configuration file and the token."""

import time
from collections.abc import Iterator
from typing import Final

from hubbub_cli import settings as sources
from hubbub_cli.diagnostics import CheckOutcome, CheckResult
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_cli.times import full
from hubbub_cli.tokens import expiry, read_token

# In seconds: a token that expires sooner is reported.
_SOON: Final = 3600


def local_checks(settings: CliSettings) -> Iterator[CheckResult]:
    """Yield the checks. The configuration file was read already: an invalid one ends every command."""
    path = sources.config_path()
    there = str(path) if path.exists() else f"none; it would be {path}"
    yield CheckResult("config", CheckOutcome.OK, sanitize(there))
    token = read_token(settings)
    if token is not None:
        where = settings.token_file or settings.token_origin
        yield _token_check(f"from {sanitize(str(where))}", expiry(token))


def _token_check(where: str, expires: float | None) -> CheckResult:
    if expires is None:
        return CheckResult("token", CheckOutcome.OK, f"{where}; it does not say when it expires")
    left = expires - time.time()
    detail = f"{where}; it {'expires' if left > 0 else 'expired'} at {full(round(expires * 1000))}"
    if left > _SOON:
        return CheckResult("token", CheckOutcome.OK, detail)
    return CheckResult("token", CheckOutcome.WARN, detail, "Get a new one: hubbub-chat login.")
