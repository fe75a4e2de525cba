"""`helm test`: two clients on two pods, and one message that crosses the broker.

Runs in the service's own image: it needs Python and `websockets`.
"""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

TIMEOUT = 60.0
REQUEST_TIMEOUT = 10.0


def main() -> None:
    """Run the test; raise, or exit with a message, if it fails."""
    asked = read_arguments()
    end = time.monotonic() + TIMEOUT
    pods = find_pods(asked.pods, asked.expected, end)
    print(f"pods: {', '.join(pods)}")
    for address in (asked.service, *pods):
        print(f"{address} is ready: {ready(address, end)}")
    token = asked.token.read_text().strip() if asked.token else ""
    if not (token or asked.guests):
        print("guests are not accepted and tests.tokenSecret is not set, so no message was sent")
        return
    one, other = pods[0], pods[-1]
    with client(one) as listener, client(other) as sender:
        for number, ends in enumerate((listener, sender)):
            ask(ends, "hello", **({"token": token} if token else {"name": f"helm-test-{number}"}))
            ask(ends, "join", room=asked.room, limit=0)
        cross(listener, sender, asked.room)
    print(f"a message went from {other} to {one}")


def read_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--service", required=True, help="host:port that leads to any pod")
    parser.add_argument("--pods", required=True, help="host:port whose addresses are those of all pods")
    parser.add_argument("--expected", type=int, default=1, help="minimum number of pods")
    parser.add_argument("--room", required=True)
    parser.add_argument("--guests", action="store_true", help="guests are accepted")
    parser.add_argument("--token", type=Path, help="a file with a token for the clients")
    return parser.parse_args()


def find_pods(name: str, expected: int, end: float) -> list[str]:
    """Return the addresses of all pods, once there are as many as expected."""
    host, _, port = name.rpartition(":")
    found: list[str] = []
    while len(found) < expected:
        if time.monotonic() > end:
            sys.exit(f"{host} has {len(found)} ready pods; {expected} are expected")
        try:
            infos = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        except OSError:
            infos = []
        addresses = {str(info[4][0]) for info in infos}
        found = sorted(f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}" for ip in addresses)
        time.sleep(0.2)
    return found


def ready(address: str, end: float) -> str:
    """Wait until a node is ready: a probe has passed through its broker."""
    while True:
        try:
            with urlopen(f"http://{address}/health/ready", timeout=REQUEST_TIMEOUT) as answer:
                return str(answer.read().decode())
        except OSError as error:
            if time.monotonic() > end:
                sys.exit(f"{address} is not ready: {error}")
            time.sleep(0.5)


def client(address: str) -> ClientConnection:
    """Connect to one node."""
    return connect(
        f"ws://{address}/ws",
        subprotocols=[Subprotocol("hubbub.v1")],
        open_timeout=REQUEST_TIMEOUT,
        proxy=None,
    )


def ask(ends: ClientConnection, command: str, **fields: object) -> dict[str, object]:
    """Send a command, and return its answer."""
    ends.send(json.dumps({"type": command, "id": 1, **fields}))
    for event in events(ends):
        if event.get("id") == 1:
            if event["type"] == "error":
                sys.exit(f"{command} failed: {event}")
            return event
    raise AssertionError("`events` never ends normally")


def cross(listener: ClientConnection, sender: ClientConnection, room: str) -> None:
    """Send a message from one client, and wait until the other receives it."""
    key = secrets.token_hex(8)
    sent = ask(sender, "send", room=room, text="helm test", key=key)
    for event in events(listener):
        if event.get("type") == "message" and event.get("key") == key:
            if event["offset"] != sent["offset"]:
                sys.exit(
                    f"the offsets differ: {event['offset']} was received, {sent['offset']} was acknowledged"
                )
            return


def events(ends: ClientConnection) -> Iterator[dict[str, object]]:
    """Yield received events; raise `TimeoutError` when none arrives."""
    while True:
        yield json.loads(ends.recv(timeout=REQUEST_TIMEOUT))


if __name__ == "__main__":
    main()
