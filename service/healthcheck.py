"""`python -m service.healthcheck`: ask the node on this machine whether it lives, without a shell."""

from __future__ import annotations

import sys
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from service.settings import SettingsError, load

_PATIENCE: Final = 4.0
# What listens on all addresses is asked on the loopback's.
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def main() -> int:
    """Return the exit code: 0 if it lives, 1 if not."""
    try:
        settings = load()
        host = _LOOPBACK.get(settings.host, settings.host)
        with closing(HTTPConnection(host, settings.port, timeout=_PATIENCE)) as asked:
            asked.request("GET", "/health/live")
            answer = asked.getresponse()
            told = answer.read().decode(errors="replace")
    except (OSError, HTTPException, SettingsError) as error:
        print(f"the node doesn't answer: {error}", file=sys.stderr)
        return 1
    print(told)
    return int(answer.status != HTTPStatus.OK)


if __name__ == "__main__":
    sys.exit(main())
