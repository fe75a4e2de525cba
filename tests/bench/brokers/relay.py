"""Clients that send in turn: a number of messages in flight, over all rooms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import cycle
from time import monotonic
from typing import Final

from tests.bench.client import Client
from tests.bench.crowd import Crowd
from tests.bench.speaker import Speaker

_LONGEST: Final = 60.0


class Relay:
    """Clients of which the next one sends at each acknowledgement.

    `clients`: the clients in the order of their turns.
    """

    def __init__(self, clients: Sequence[Client]) -> None:
        self.speakers = [Speaker(client, number) for number, client in enumerate(clients)]
        for client, speaker in zip(clients, self.speakers, strict=True):
            client.on_sent = partial(self._answered, speaker)
        self._turns = cycle(self.speakers)
        self._left = 0
        self.acknowledged = 0

    def start(self, in_flight: int, most: int = -1) -> None:
        """Begin, with so many messages in flight; stop after `most`."""
        self._left = most
        for _ in range(in_flight):
            self._next()

    def stop(self) -> None:
        """Send nothing more."""
        self._left = 0

    def finish(self, crowd: Crowd) -> None:
        """Wait until all messages are acknowledged."""
        end = monotonic() + _LONGEST
        while not self.done and monotonic() < end:
            crowd.serve(0.1)

    @property
    def done(self) -> bool:
        """Return whether all messages are acknowledged."""
        return not self._left and self.acknowledged == self.sent

    @property
    def sent(self) -> int:
        """Return how many messages were sent so far."""
        return sum(speaker.sent for speaker in self.speakers)

    def _next(self) -> None:
        if self._left:
            self._left -= 1
            next(self._turns).say(monotonic())

    def _answered(self, speaker: Speaker) -> None:
        speaker.acknowledged += 1
        self.acknowledged += 1
        self._next()
