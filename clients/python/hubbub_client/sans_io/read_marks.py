"""Up to where the user has read each room: marks move forward only, on the server and here (RD6)."""

from hubbub_client.sans_io import effects
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_protocol import commands, events
from hubbub_protocol.commands import Since
from hubbub_protocol.events import ReadMark


class ReadMarks:
    """Sends `read` for the furthest position that the application has read, one at a time for each room."""

    def __init__(self, pending: PendingCommands) -> None:
        self._pending = pending
        self._marks: dict[str, ReadMark] = {}
        self._wanted: dict[str, Since] = {}
        self._open: dict[str, int] = {}

    def get(self, room: str) -> ReadMark | None:
        return self._marks.get(room)

    def want(self, room: str, position: Since, now: int, *, live: bool) -> list[Effect]:
        wanted = self._wanted.get(room)
        if wanted is None or wanted.epoch != position.epoch or wanted.offset < position.offset:
            self._wanted[room] = position
        return self.write(room, now) if live else []

    def on_joined(self, room: str, mark: ReadMark | None, now: int) -> list[Effect]:
        """Take the mark of a join. Without one, the server keeps none for this user."""
        self._marks.pop(room, None)
        return [] if mark is None else self._set(room, mark) + self.write(room, now)

    def on_moved(self, event: events.MarkMoved) -> list[Effect]:
        known = self._marks.get(event.room)
        is_behind = known is not None and known.epoch == event.epoch and event.offset <= known.offset
        return [] if known is None or is_behind else self._set(event.room, _mark_of(event))

    def on_reply(self, request: commands.Read, reply: Reply, now: int) -> list[Effect]:
        if self._open.get(request.room) == request.id:
            del self._open[request.room]
        if isinstance(reply, events.Marked):
            return self._set(request.room, _mark_of(reply)) + self.write(request.room, now)
        if isinstance(reply, events.Error) and not reply.retry:
            self._wanted.pop(request.room, None)
        return []

    def on_lost(self) -> None:
        """Ask again after the next join."""
        self._open.clear()

    def write(self, room: str, now: int) -> list[Effect]:
        mark, wanted = self._marks.get(room), self._wanted.get(room)
        if mark is None or wanted is None or room in self._open:
            return []
        if wanted.epoch == mark.epoch and wanted.offset <= mark.offset:
            del self._wanted[room]
            return []
        self._open[room], write = self._pending.issue(
            lambda id_: commands.Read(id=id_, room=room, offset=wanted.offset, epoch=wanted.epoch), now
        )
        return [write]

    def _set(self, room: str, mark: ReadMark) -> list[Effect]:
        self._marks[room] = mark
        return [effects.ReadMarkChanged(room, mark)]


def _mark_of(event: events.Marked | events.MarkMoved) -> ReadMark:
    return ReadMark(epoch=event.epoch, offset=event.offset, unread=event.unread, mentions=event.mentions)
