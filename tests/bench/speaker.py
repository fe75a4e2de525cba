"""Sending clients: each keeps a number of messages in flight, or sends on command."""

from __future__ import annotations

from time import monotonic
from typing import Final

from tests.bench import wire
from tests.bench.client import Client

# A line of chat. With the other fields of the event it makes a frame of about 190 bytes.
TEXT: Final = "The quick brown fox jumps over the lazy dog, twice."


class Speaker:
    """A client that sends.

    Args:
        echo: a message is in flight until the client receives it itself, not only until it is acknowledged.

    Attributes:
        talking: each answer is followed by the next message.
        sent, acknowledged: messages so far.
    """

    __slots__ = ("_client", "_echo", "_key", "_mine", "_room", "acknowledged", "sent", "talking")

    def __init__(self, client: Client, number: int, *, echo: bool = False) -> None:
        self._client = client
        # As long as an SDK's ULID, including the counter after it.
        self._key = f"BENCH{number:011d}"
        self._mine = f'"key":"{self._key}'.encode()
        self._room = client.room
        self._echo = echo
        self.sent = self.acknowledged = 0
        self.talking = False
        client.on_sent = self._answered
        if echo:
            client.on_message = self._seen

    def talk(self, in_flight: int) -> None:
        """Begin, and continue at each answer until `talking` is false."""
        self.talking = True
        for _ in range(in_flight):
            self.say(monotonic())

    def say(self, at: float) -> None:
        """Send one message; `at` is when it was due."""
        self.sent += 1
        payload = (
            f'{{"type":"send","id":{self.sent},"room":"{self._room}",'
            f'"text":"{at:.6f} {TEXT}","key":"{self._key}{self.sent:010d}"}}'
        )
        self._client.write(wire.client_frame(wire.TEXT, payload.encode()))

    def _answered(self) -> None:
        self.acknowledged += 1
        if self.talking and not self._echo:
            self.say(monotonic())

    def _seen(self, payload: bytes) -> None:
        if self.talking and self._mine in payload:
            self.say(monotonic())
