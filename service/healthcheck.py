"""`python -m service.healthcheck`: check the liveness of the node on this machine, without a shell."""

from __future__ import annotations

import sys
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from service.settings import SettingsError, load

_TIMEOUT: Final = 4.0
# A node that listens on all addresses is reached by the loopback address.
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def main() -> int:
    """Check liveness; return the exit code: 0 if the node is alive, 1 if not."""
    try:
        settings = load()
        host = _LOOPBACK.get(settings.host, settings.host)
        with closing(HTTPConnection(host, settings.port, timeout=_TIMEOUT)) as connection:
            connection.request("GET", "/health/live")
            response = connection.getresponse()
            body = response.read().decode(errors="replace")
    except (OSError, HTTPException, SettingsError) as error:
        print(f"no answer from the node: {error}", file=sys.stderr)
        return 1
    print(body)
    return int(response.status != HTTPStatus.OK)


if __name__ == "__main__":
    sys.exit(main())
