"""Searches and threads of rooms: a few pages at a time, each with a result (SR4, TH4)."""

from typing import Final

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_protocol import Code, commands, events

AT_ONCE: Final = 4

Asked = inputs.SearchRequested | inputs.ThreadRequested


class PendingSearches:
    """Requests pages, and reports a result for each, also if there is no reply."""

    def __init__(self, pending: PendingCommands) -> None:
        self._pending = pending
        self._open: dict[int, Asked] = {}

    def step(self, asked: Asked, now: int, position: commands.Since | None) -> list[Effect]:
        """Request a page; `position` is that of the room, None if it is not live."""
        if position is None:
            return [_failed(asked, "not_joined")]
        if len(self._open) >= AT_ONCE:
            return [_failed(asked, "busy")]
        number, write = self._pending.issue(lambda id_: _command(asked, id_, position), now)
        self._open[number] = asked
        return [write]

    def has(self, request: commands.Search | commands.History) -> bool:
        return request.id in self._open

    def on_reply(self, request: commands.Search | commands.History, reply: Reply) -> list[Effect]:
        asked = self._open.pop(request.id)
        match asked, reply:
            case _, events.Error():
                return [_failed(asked, reply.code)]
            case inputs.SearchRequested(), events.Found():
                page = effects.SearchPage(tuple(reply.hits), reply.more)
                return [effects.SearchAnswered(asked.room, asked.query, asked.before, page)]
            case inputs.ThreadRequested(), events.MessagesPage():
                before = reply.before if reply.more else None
                thread = effects.ThreadMessages(tuple(reply.messages), before)
                return [effects.ThreadAnswered(asked.room, asked.root, asked.before, thread)]
            case _:
                return [_failed(asked, Code.INTERNAL)]

    def give_up(self) -> list[Effect]:
        """Report all requests as failed, because the connection was lost."""
        asked, self._open = self._open, {}
        return [_failed(each, "lost") for each in asked.values()]


def _command(asked: Asked, id_: int, position: commands.Since) -> commands.Search | commands.History:
    if isinstance(asked, inputs.SearchRequested):
        return commands.Search(id=id_, room=asked.room, query=asked.query, before=asked.before)
    before = position.offset + 1 if asked.before is None else asked.before
    return commands.History(id=id_, room=asked.room, before=before, thread=asked.root)


def _failed(asked: Asked, code: str) -> Effect:
    if isinstance(asked, inputs.SearchRequested):
        return effects.SearchAnswered(asked.room, asked.query, asked.before, code)
    return effects.ThreadAnswered(asked.room, asked.root, asked.before, code)
