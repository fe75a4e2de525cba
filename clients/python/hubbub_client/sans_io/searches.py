"""Searches, threads, topics, tickets of rooms: a few at a time, each with a result (SR4, TH4, TP5, FL5)."""

from typing import Final

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_protocol import Code, commands, events

AT_ONCE: Final = 4

Asked = inputs.SearchRequested | inputs.ThreadRequested | inputs.TopicRequested | inputs.UploadRequested
AskingCommand = commands.Search | commands.History | commands.SetTopic | commands.Upload


class PendingSearches:
    """Sends requests, and reports a result for each, also if there is no reply."""

    def __init__(self, pending: PendingCommands) -> None:
        self._pending = pending
        self._open: dict[int, Asked] = {}

    def step(self, asked: Asked, now: int, position: commands.Since | None) -> list[Effect]:
        """Send a request; `position` is that of the room, None if it is not live."""
        if position is None:
            return [_failed(asked, "not_joined")]
        if len(self._open) >= AT_ONCE:
            return [_failed(asked, "busy")]
        number, write = self._pending.issue(lambda id_: _command(asked, id_, position), now)
        self._open[number] = asked
        return [write]

    def has(self, request: AskingCommand) -> bool:
        return request.id in self._open

    def on_reply(self, request: AskingCommand, reply: Reply) -> list[Effect]:
        asked = self._open.pop(request.id)
        match asked, reply:
            case _, events.Error():
                return [_failed(asked, reply.code, reply.message)]
            case inputs.SearchRequested(), events.Found():
                page = effects.SearchPage(tuple(reply.hits), reply.more)
                return [effects.SearchAnswered(asked.room, asked.query, asked.before, page)]
            case inputs.ThreadRequested(), events.MessagesPage():
                before = reply.before if reply.more else None
                thread = effects.ThreadMessages(tuple(reply.messages), before)
                return [effects.ThreadAnswered(asked.room, asked.root, asked.before, thread)]
            case inputs.TopicRequested(), events.Sent():
                at = commands.Since(epoch=reply.epoch, offset=reply.offset)
                return [effects.TopicAnswered(asked.room, asked.text, at)]
            case inputs.UploadRequested(), events.Ticket():
                return [_ticket(asked, effects.UploadTicket(reply.file, reply.expires))]
            case _:
                return [_failed(asked, Code.INTERNAL)]

    def give_up(self) -> list[Effect]:
        """Report all requests as failed, because the connection was lost."""
        asked, self._open = self._open, {}
        return [_failed(each, "lost") for each in asked.values()]


def _command(asked: Asked, id_: int, position: commands.Since) -> AskingCommand:
    match asked:
        case inputs.SearchRequested():
            return commands.Search(id=id_, room=asked.room, query=asked.query, before=asked.before)
        case inputs.TopicRequested():
            return commands.SetTopic(id=id_, room=asked.room, text=asked.text)
        case inputs.ThreadRequested():
            before = position.offset + 1 if asked.before is None else asked.before
            return commands.History(id=id_, room=asked.room, before=before, thread=asked.root)
        case inputs.UploadRequested():
            media = asked.media or None
            return commands.Upload(id=id_, room=asked.room, name=asked.name, size=asked.size, media=media)


def _ticket(asked: inputs.UploadRequested, found: effects.UploadTicket | str, message: str = "") -> Effect:
    return effects.TicketAnswered(asked.room, asked.name, asked.size, asked.media, found, message)


def _failed(asked: Asked, code: str, message: str = "") -> Effect:
    match asked:
        case inputs.SearchRequested():
            return effects.SearchAnswered(asked.room, asked.query, asked.before, code)
        case inputs.TopicRequested():
            return effects.TopicAnswered(asked.room, asked.text, code)
        case inputs.ThreadRequested():
            return effects.ThreadAnswered(asked.room, asked.root, asked.before, code)
        case inputs.UploadRequested():
            return _ticket(asked, code, message)
