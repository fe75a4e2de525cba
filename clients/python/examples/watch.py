"""Without asyncio: print what is said in a room, until it is quiet for a minute.

python watch.py ws://localhost:8000 lobby
"""

import sys

from hubbub_client import Message
from hubbub_client.sync import SyncClient

QUIET = 60.0


def watch(url: str, name: str, quiet: float = QUIET) -> None:
    """Print the messages of a room, the last ones first."""
    with SyncClient(url) as chat:
        for event in chat.join(name, history=True).events(timeout=quiet):
            if isinstance(event, Message):
                print(f"{event.user}: {event.text}", flush=True)  # noqa: T201  its purpose


if __name__ == "__main__":
    watch(sys.argv[1], sys.argv[2])
