"""Requests for pages of history and names: one of each at a time, each with a result."""

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_client.sans_io.timeline import Timeline
from hubbub_protocol import commands, events


class PageRequests:
    """Requests a page, and reports a result also if it could not be read (TL13, PS3)."""

    def __init__(self, room: str, timeline: Timeline, pending: PendingCommands) -> None:
        self._room = room
        self._timeline = timeline
        self._pending = pending
        self._older: int | None = None
        self._names: int | None = None

    def step(
        self, asked: inputs.OlderRequested | inputs.MembersRequested, now: int, *, live: bool
    ) -> list[Effect]:
        if isinstance(asked, inputs.MembersRequested):
            return self._ask_names(asked.after, now, live=live)
        return self._ask_older(now, live=live)

    def _ask_older(self, now: int, *, live: bool) -> list[Effect]:
        """Request the page before the first message (TL13)."""
        if self._older is not None:
            return []
        before = self._timeline.before
        if not live or before is None:
            return [effects.HistoryLoaded(self._room, (), more=not live)]
        self._older, write = self._pending.issue(
            lambda id_: commands.History(id=id_, room=self._room, before=before), now
        )
        return [write]

    def _ask_names(self, after: str, now: int, *, live: bool) -> list[Effect]:
        """Request the names after `after` (PS3)."""
        if self._names is not None:
            return []
        if not live:
            return [effects.MembersLoaded(self._room, None)]
        self._names, write = self._pending.issue(
            lambda id_: commands.Who(id=id_, room=self._room, after=after), now
        )
        return [write]

    def on_reply(self, request: commands.History | commands.Who, reply: Reply) -> list[Effect]:
        if isinstance(request, commands.History):
            return self._older_answered(reply) if request.id == self._older else []
        return self._names_answered(reply) if request.id == self._names else []

    def _older_answered(self, reply: Reply) -> list[Effect]:
        if not isinstance(reply, events.MessagesPage):
            return self.give_up_older()
        self._older = None
        page = self._timeline.insert_page(reply.messages, more=reply.more, continues=reply.before)
        return [effects.HistoryLoaded(self._room, page, reply.more)]

    def _names_answered(self, reply: Reply) -> list[Effect]:
        if not isinstance(reply, events.MembersPage):
            return self._give_up_names()
        self._names = None
        members = events.Members(
            count=reply.count, names=reply.names, more=reply.more, away=reply.away or None
        )
        return [effects.MembersLoaded(self._room, members)]

    def give_up(self) -> list[Effect]:
        """Report open requests as failed, because the connection was lost."""
        return [*self.give_up_older(), *self._give_up_names()]

    def give_up_older(self) -> list[Effect]:
        asked, self._older = self._older, None
        return [] if asked is None else [effects.HistoryLoaded(self._room, (), more=True)]

    def _give_up_names(self) -> list[Effect]:
        asked, self._names = self._names, None
        return [] if asked is None else [effects.MembersLoaded(self._room, None)]
