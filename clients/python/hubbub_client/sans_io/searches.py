"""PendingSearches in rooms: a few at a time, each with a result (SR4)."""

from typing import Final

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_protocol import Code, commands, events

AT_ONCE: Final = 4


class PendingSearches:
    """Sends searches, and reports a result for each, also if there is no reply."""

    def __init__(self, pending: PendingCommands) -> None:
        self._pending = pending
        self._open: dict[int, inputs.SearchRequested] = {}

    def step(self, asked: inputs.SearchRequested, now: int, *, live: bool) -> list[Effect]:
        if not live:
            return [_answered(asked, "not_joined")]
        if len(self._open) >= AT_ONCE:
            return [_answered(asked, "busy")]
        number, write = self._pending.issue(
            lambda id_: commands.Search(id=id_, room=asked.room, query=asked.query, before=asked.before), now
        )
        self._open[number] = asked
        return [write]

    def on_reply(self, request: commands.Search, reply: Reply) -> list[Effect]:
        asked = self._open.pop(request.id, None)
        if asked is None:
            return []
        if not isinstance(reply, events.Found):
            return [_answered(asked, reply.code if isinstance(reply, events.Error) else Code.INTERNAL)]
        return [_answered(asked, effects.SearchPage(tuple(reply.hits), reply.more))]

    def give_up(self) -> list[Effect]:
        """Report all searches as failed, because the connection was lost."""
        asked, self._open = self._open, {}
        return [_answered(each, "lost") for each in asked.values()]


def _answered(asked: inputs.SearchRequested, page: effects.SearchPage | str) -> Effect:
    return effects.SearchAnswered(asked.room, asked.query, asked.before, page)
