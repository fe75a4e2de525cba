"""Wait until a broker's port can be reached, so many seconds at most: a node that starts ahead of it ends.

Runs in the service's own image, with its settings. Whoever waited in vain leaves it to the node to say
why: there are networks that only a pod's own containers have.
"""

import re
import socket
import sys
import time
from urllib.parse import urlsplit

from service.settings import SettingsError, load

PORTS = {"nats": 4222, "tls": 4222, "ws": 80, "wss": 443, "redis+sentinel": 26379}
ROUND = 10.0


def main() -> None:
    """Wait; say every ten seconds for what."""
    end = time.monotonic() + float(sys.argv[1])
    say = time.monotonic()
    try:
        settings = load()
        wanted = hosts(settings.redis_url if settings.broker == "redis" else settings.nats_url)
    except (SettingsError, ValueError) as error:
        print(f"the broker's URL can't be understood: {error}")
        return
    while told := reach(wanted):
        if time.monotonic() >= end:
            print(f"{told}; the node may try by itself")
            return
        if time.monotonic() >= say:
            say += ROUND
            print(f"waiting for {told}", flush=True)
        time.sleep(0.5)


def reach(wanted: list[tuple[str, int]]) -> str:
    """Connect to one of the hosts; say why none can be reached, nothing if one is."""
    told = ""
    for host, port in wanted:
        try:
            socket.create_connection((host, port), timeout=2).close()
        except OSError as error:
            told = f"{host}:{port}: {error}"
        else:
            return ""
    return told


def hosts(url: str) -> list[tuple[str, int]]:
    """Find the hosts of a URL, of which there may be several: one URL for each, or all in one."""
    usual = PORTS.get(url.partition("://")[0], 6379)
    if "@" in re.sub(r"://[^@/?#]*@", "://", url):
        raise ValueError("it holds an @ behind the host")  # the host may be the beginning of a password
    bare = re.sub(r"[/?][^,]*", "", re.sub(r"[a-z+]+://(?:[^@/?]*@)?", "", url))
    found = [urlsplit(f"//{each}") for each in bare.split(",")]
    return [(each.hostname or "localhost", each.port or usual) for each in found]


if __name__ == "__main__":
    main()
