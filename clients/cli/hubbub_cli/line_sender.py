"""Sends the lines of line mode, and remembers which of them have no receipt yet."""

from collections.abc import Container
from typing import Final, Protocol

from hubbub_cli.connection import explained
from hubbub_cli.errors import CliError, NoReply
from hubbub_cli.settings import CliSettings

# The timeout of a message (seconds).
SENDING: Final = 10.0


class Destination(Protocol):
    """What is needed of a room."""

    @property
    def name(self) -> str:
        """The name of the room."""

    async def send(self, text: str, key: str, /, *, within: float) -> object:
        """Send a message, and wait until it is stored."""


class LineSender:
    """Sends messages, one after the other."""

    def __init__(self, settings: CliSettings) -> None:
        self._settings = settings
        # By key. The room may show them already: only the receipt says that they are stored.
        self._unacknowledged: dict[str, tuple[Destination, str]] = {}

    async def send(self, room: Destination, text: str, key: str) -> None:
        """Send a message, and wait until it is stored.

        Raises:
            CliError: it was rejected.
            NoReply: it is not acknowledged in time, and stays queued.
        """
        self._unacknowledged[key] = (room, text)
        try:
            with explained(self._settings):
                await room.send(text, key, within=SENDING)
        except NoReply:
            raise
        except CliError:
            del self._unacknowledged[key]
            raise
        del self._unacknowledged[key]

    async def finish(self, rooms: Container[str]) -> None:
        """Wait until the messages that are queued for these rooms are stored; raises as `send`."""
        for key, (room, text) in list(self._unacknowledged.items()):
            if room.name in rooms:
                await self.send(room, text, key)
