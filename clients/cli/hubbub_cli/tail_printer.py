"""Print the messages of `tail`, up to its limits."""

import asyncio
from contextlib import suppress

from msgspec import Struct

from hubbub_cli.errors import HistoryLost
from hubbub_cli.message_lines import (
    change_json,
    change_line,
    formatted,
    gap_json,
    message_json,
    message_line,
    presence_json,
    presence_lines,
)
from hubbub_cli.output import TerminalOutput
from hubbub_cli.sanitize import sanitize
from hubbub_cli.tail_state import TailState
from hubbub_client import Changed, Gap, Joined, Message, Position, Presence

Printed = Message | Changed | Gap | Joined | Presence


class TailLimits(Struct, frozen=True, kw_only=True):
    """What to print of each kind, and when to end: after a number, after seconds without one, or at a gap."""

    count: int | None = None
    idle: float | None = None
    strict: bool = False
    only: frozenset[str] = frozenset({"message", "change", "gap"})
    line_format: str | None = None


class TailPrinter:
    """Prints messages and gaps, each message once, and records its position in the state file."""

    def __init__(
        self,
        output: TerminalOutput,
        limits: TailLimits,
        *,
        state: TailState | None,
        as_json: bool,
        name_rooms: bool,
    ) -> None:
        self.output = output
        self._limits = limits
        self._state = state
        self._as_json = as_json
        self._name_rooms = name_rooms
        self._left = limits.count
        self._last: dict[str, Position] = {}
        self._after_gap: dict[str, Position] = {}

    async def run(self, queue: asyncio.Queue[Printed | None]) -> None:
        """Print events up to None, or up to a limit.

        Raises:
            HistoryLost: there is a gap, and `strict` is set.
        """
        while self._left != 0:
            event = await self._next(queue)
            if event is None:
                return
            self._print(event)

    async def _next(self, queue: asyncio.Queue[Printed | None]) -> Printed | None:
        """Return the next event; None after `idle` seconds without one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.idle):
                return await queue.get()
        return None

    def _print(self, event: Printed) -> None:
        match event:
            case Gap():
                self._gap(event)
            case Joined():
                self._joined(event)
            case Changed() if not self._is_duplicate(event):
                self._change(event)
            case Presence() if "presence" in self._limits.only:
                self._presence(event)
            case Message() if not self._is_duplicate(event):
                self._message(event)

    def _joined(self, joined: Joined) -> None:
        """Record where the room continues; after an unrecovered join, only once its gap is printed."""
        if joined.recovered:
            self._reached(joined.room, joined.position)
        else:
            self._after_gap[joined.room] = joined.position

    def _gap(self, gap: Gap) -> None:
        lost = f"messages in {sanitize(gap.room)} are lost"
        if "gap" not in self._limits.only:
            pass
        elif self._as_json:
            self.output.data(gap_json(gap))
        elif not self._limits.strict:
            self.output.notice(lost)
        after = self._after_gap.pop(gap.room, None)
        if after is not None:
            self._reached(gap.room, after)
        if self._limits.strict:
            raise HistoryLost(lost, code="gap")

    def _reached(self, room: str, position: Position) -> None:
        if self._state is not None:
            self._state.reached(room, position)

    def _message(self, message: Message) -> None:
        if "message" in self._limits.only:
            self.output.data(self._line(message))
            self._count()
        self._last[message.room] = message.position
        self._reached(message.room, message.position)

    def _change(self, change: Changed) -> None:
        if "change" in self._limits.only:
            as_line = change_line(change, self.output.data_paint, room=self._name_rooms)
            self.output.data(change_json(change) if self._as_json else as_line)
            self._count()
        self._last[change.room] = change.position
        self._reached(change.room, change.position)

    def _line(self, message: Message) -> str:
        if self._as_json:
            return message_json(message)
        if self._limits.line_format is not None:
            return formatted(message, self._limits.line_format)
        return message_line(message, self.output.data_paint, room=self._name_rooms, date=True)

    def _presence(self, presence: Presence) -> None:
        if self._as_json:
            self.output.data(presence_json(presence))
        for line in (
            () if self._as_json else presence_lines(presence, self.output.data_paint, room=self._name_rooms)
        ):
            self.output.data(line)
        self._count()

    def _count(self) -> None:
        if self._left is not None:
            self._left -= 1

    def _is_duplicate(self, message: Message | Changed) -> bool:
        """Return whether the message was printed: a join without a position repeats some."""
        last = self._last.get(message.room)
        at = message.position
        return last is not None and last.epoch == at.epoch and at.offset <= last.offset
