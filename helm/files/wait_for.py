"""Wait until the broker's port is reachable, at most so many seconds: without its broker a node exits.

Runs in the service's own image, with its settings. If the wait times out, the node still starts and reports
the error: some networks are reachable only for a pod's own containers.
"""

import re
import socket
import sys
import time
from urllib.parse import urlsplit

from service.settings import SettingsError, load

PORTS = {"nats": 4222, "tls": 4222, "ws": 80, "wss": 443, "redis+sentinel": 26379}
INTERVAL = 10.0


def main() -> None:
    """Wait; print every ten seconds for which broker."""
    end = time.monotonic() + float(sys.argv[1])
    next_print = time.monotonic()
    try:
        settings = load()
        wanted = hosts(settings.redis_url if settings.broker == "redis" else settings.nats_url)
    except (SettingsError, ValueError) as error:
        print(f"the broker's URL is invalid: {error}")
        return
    while failure := reach(wanted):
        if time.monotonic() >= end:
            print(f"{failure}; the node will try to connect")
            return
        if time.monotonic() >= next_print:
            next_print += INTERVAL
            print(f"waiting for {failure}", flush=True)
        time.sleep(0.5)


def reach(wanted: list[tuple[str, int]]) -> str:
    """Connect to one of the hosts; return why none is reachable, or an empty string if one is."""
    failure = ""
    for host, port in wanted:
        try:
            socket.create_connection((host, port), timeout=2).close()
        except OSError as error:
            failure = f"{host}:{port}: {error}"
        else:
            return ""
    return failure


def hosts(url: str) -> list[tuple[str, int]]:
    """Return the hosts of a URL: it may have several URLs, or several hosts in one."""
    default_port = PORTS.get(url.partition("://")[0], 6379)
    if "@" in re.sub(r"://[^@/?#]*@", "://", url):
        raise ValueError("it has an @ after the host")  # the host may be the beginning of a password
    bare = re.sub(r"[/?][^,]*", "", re.sub(r"[a-z+]+://(?:[^@/?]*@)?", "", url))
    found = [urlsplit(f"//{each}") for each in bare.split(",")]
    return [(each.hostname or "localhost", each.port or default_port) for each in found]


if __name__ == "__main__":
    main()
