"""Lists that belong to no room: a few requests at a time, each with a result (DR3, RD7)."""

from typing import Final

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_protocol import commands, events

AT_ONCE: Final = 4


class PendingListings:
    """Sends requests for lists, and reports a result for each, also if there is no reply."""

    def __init__(self, pending: PendingCommands) -> None:
        self._pending = pending
        self._open: dict[int, inputs.ListInput] = {}

    def step(self, asked: inputs.ListInput, now: int, *, online: bool) -> list[Effect]:
        if not online or len(self._open) >= AT_ONCE:
            return [_answered(asked, None)]
        number, write = self._pending.issue(lambda id_: _command(asked, id_), now)
        self._open[number] = asked
        return [write]

    def on_reply(self, request: commands.Directory | commands.ListOwnRooms, reply: Reply) -> list[Effect]:
        asked = self._open.pop(request.id, None)
        return [] if asked is None else [_answered(asked, reply)]

    def give_up(self) -> list[Effect]:
        """Report all requests as failed, because the connection was lost."""
        asked, self._open = self._open, {}
        return [_answered(each, None) for each in asked.values()]


def _command(asked: inputs.ListInput, number: int) -> commands.Directory | commands.ListOwnRooms:
    if isinstance(asked, inputs.OwnRoomsRequested):
        return commands.ListOwnRooms(id=number, after=asked.after)
    return commands.Directory(id=number, prefix=asked.prefix, after=asked.after)


def _answered(asked: inputs.ListInput, reply: Reply | None) -> Effect:
    if isinstance(asked, inputs.OwnRoomsRequested):
        own = None
        if isinstance(reply, events.OwnRooms):
            own = effects.OwnRoomsListing(tuple(reply.rooms), reply.after)
        return effects.OwnRoomsLoaded(asked.after, own)
    page = None
    if isinstance(reply, events.DirectoryPage):
        page = effects.DirectoryListing(tuple(reply.rooms), reply.after, reply.complete)
    return effects.DirectoryLoaded(asked.prefix, asked.after, page)
