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

PATIENCE = 60.0
ROUND = 10.0


def main() -> None:
    """Raise, or exit with a sentence, if anything is not as it should be."""
    asked = read_arguments()
    end = time.monotonic() + PATIENCE
    pods = find_pods(asked.pods, asked.expected, end)
    print(f"pods: {', '.join(pods)}")
    for address in (asked.service, *pods):
        print(f"{address} is ready: {ready(address, end)}")
    token = asked.token.read_text().strip() if asked.token else ""
    if not (token or asked.guests):
        print("guests are not let in and tests.tokenSecret is not set: no message was sent")
        return
    one, other = pods[0], pods[-1]
    with client(one) as listener, client(other) as speaker:
        for number, ends in enumerate((listener, speaker)):
            ask(ends, "hello", **({"token": token} if token else {"name": f"helm-test-{number}"}))
            ask(ends, "join", room=asked.room, limit=0)
        cross(listener, speaker, asked.room)
    print(f"a message went from {other} to {one}")


def read_arguments() -> argparse.Namespace:
    """Read what to test."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--service", required=True, help="host:port that leads to any pod")
    parser.add_argument("--pods", required=True, help="host:port whose addresses are those of all pods")
    parser.add_argument("--expected", type=int, default=1, help="so many pods at least")
    parser.add_argument("--room", required=True)
    parser.add_argument("--guests", action="store_true", help="guests are let in")
    parser.add_argument("--token", type=Path, help="a file with a token to come in with")
    return parser.parse_args()


def find_pods(name: str, expected: int, end: float) -> list[str]:
    """Find the addresses of all pods, and wait until there are as many as expected."""
    host, _, port = name.rpartition(":")
    found: list[str] = []
    while len(found) < expected:
        if time.monotonic() > end:
            sys.exit(f"{host} has {len(found)} pods that are ready, not {expected}")
        try:
            infos = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        except OSError:
            infos = []
        addresses = {str(info[4][0]) for info in infos}
        found = sorted(f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}" for ip in addresses)
        time.sleep(0.2)
    return found


def ready(address: str, end: float) -> str:
    """Ask a node until it's ready: a probe went round through the broker."""
    while True:
        try:
            with urlopen(f"http://{address}/health/ready", timeout=ROUND) as answer:
                return str(answer.read().decode())
        except OSError as error:
            if time.monotonic() > end:
                sys.exit(f"{address} is not ready: {error}")
            time.sleep(0.5)


def client(address: str) -> ClientConnection:
    """Connect to one node."""
    return connect(
        f"ws://{address}/ws", subprotocols=[Subprotocol("hubbub.v1")], open_timeout=ROUND, proxy=None
    )


def ask(ends: ClientConnection, command: str, **fields: object) -> dict[str, object]:
    """Send a command and wait for its answer."""
    ends.send(json.dumps({"type": command, "id": 1, **fields}))
    for event in events(ends):
        if event.get("id") == 1:
            if event["type"] == "error":
                sys.exit(f"{command} was refused: {event}")
            return event
    raise AssertionError("events end with an exception")


def cross(listener: ClientConnection, speaker: ClientConnection, room: str) -> None:
    """Send a message on one side and wait for it on the other."""
    key = secrets.token_hex(8)
    sent = ask(speaker, "send", room=room, text="does it cross?", key=key)
    for event in events(listener):
        if event.get("type") == "message" and event.get("key") == key:
            if event["offset"] != sent["offset"]:
                sys.exit(f"the message is at {event['offset']} for one and at {sent['offset']} for the other")
            return


def events(ends: ClientConnection) -> Iterator[dict[str, object]]:
    """Read events; raises `TimeoutError` when none comes."""
    while True:
        yield json.loads(ends.recv(timeout=ROUND))


if __name__ == "__main__":
    main()
