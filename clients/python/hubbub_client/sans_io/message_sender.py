"""Send own messages: one at a time, in order, each until it is acknowledged or rejected."""

from collections.abc import Callable
from typing import Final

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.backoff import RetryTimer
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.outbox import Outbox, OutboxEntry, OwnChange
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_client.sans_io.timeline import Timeline
from hubbub_protocol import Code, commands, events
from hubbub_protocol.folding import ChangeKind

# A client that has to wait for longer leaves it to the user to send again, in ms (TL11).
_LONGEST_RETRY: Final = 60_000
# The server knows a key for five minutes. After this time a received message is not sent again, in ms (TL8).
_KEY_IS_KNOWN: Final = 240_000


class MessageSender:
    """The outbox of a room, and its one message in flight."""

    def __init__(
        self,
        room: str,
        timeline: Timeline,
        pending: PendingCommands,
        random: Callable[[], float],
        *,
        bound: int,
    ) -> None:
        self.outbox = Outbox(bound)
        self._room = room
        self._timeline = timeline
        self._pending = pending
        self._retry = RetryTimer(random)
        # The id of the command in flight; replies to earlier commands are ignored.
        self._in_flight: int | None = None
        # The limit of the last welcome.
        self.most_characters = 0

    def put(
        self, given: inputs.SendRequested | inputs.ChangeRequested, now: int, *, wanted: bool
    ) -> list[Effect]:
        """Put an own entry into the outbox, if the room is wanted and the outbox not full (TL6)."""
        key = given.key
        if key in self.outbox:
            return []
        if not wanted or self.outbox.full:
            return [effects.MessageFailed(self._room, key, "outbox_full" if wanted else "not_joined", "")]
        if isinstance(given, inputs.SendRequested):
            written = None if given.age is None else now - given.age
            text = _encodable(given.text)
            self.outbox.put(OutboxEntry(key, text, given.reply_to, given.files, written=written))
        else:
            text = _encodable(given.change.text or "")
            self.outbox.put(OutboxEntry(key, text, change=given.change))
        return []

    def discard(self, key: str) -> list[Effect]:
        """Drop a message that is not in flight (TL12)."""
        if not self.outbox.discard(key):
            return []
        return [effects.MessageFailed(self._room, key, "discarded", "")]

    def write(self, now: int, *, live: bool) -> list[Effect]:
        """Send the next message if possible."""
        if not self._may_write(live=live) or self._retry.is_pending(now):
            return []
        settled = self._settle(now)
        own = self.outbox.next
        if own is None:
            return settled
        self._retry.cancel()
        self.outbox.hold(own.key, "")
        own.written = now if own.written is None else own.written
        self._in_flight, write = self._pending.issue(lambda id_: self._command(id_, own), now)
        return [*settled, write]

    def _command(self, id_: int, own: OutboxEntry) -> commands.Send | commands.Change:
        if own.change is not None:
            return _change_command(id_, self._room, own, own.change)
        position, reply_to = self._timeline.position, own.reply_to
        # A reply to a message of another epoch is sent as a plain message (TL18).
        known = reply_to is not None and position is not None and reply_to.epoch == position.epoch
        offset = reply_to.offset if reply_to is not None and known else None
        files = [file.id for file in own.files] or None
        return commands.Send(
            id=id_, room=self._room, text=own.text, key=own.key, reply_to=offset, files=files
        )

    def _settle(self, now: int) -> list[Effect]:
        """Settle what is not sent: what is in the room, with a key that the server may not know (TL8).

        And what is too long: a frame above the limit would close the connection (TL15).
        """
        done: list[Effect] = []
        while (own := self.outbox.next) is not None:
            if own.seen is not None and own.written is not None and now - own.written >= _KEY_IS_KNOWN:
                self.outbox.settle(own.key)
                at = own.seen
                done.append(effects.MessageStored(self._room, own.key, at.epoch, at.offset, duplicate=False))
            elif len(own.text) > self.most_characters:
                self.outbox.refuse(own.key, Code.TOO_LONG)
                done.append(effects.MessageFailed(self._room, own.key, Code.TOO_LONG, ""))
            else:
                break
        return done

    def _may_write(self, *, live: bool) -> bool:
        # TL6: one at a time. TL7: not while the replay may still settle stored messages.
        return live and self._timeline.caught_up and self._in_flight is None

    def deadline(self, *, live: bool) -> int | None:
        return self._retry.due if self.outbox.next is not None and self._may_write(live=live) else None

    def on_reply(self, send: commands.Send | commands.Change, reply: Reply, now: int) -> list[Effect]:
        key = send.key
        if send.id != self._in_flight or key is None:
            return []
        self._in_flight = None
        match reply:
            case events.Sent():
                return self._stored(key, reply)
            case events.Error(retry=True) if (reply.retry_after or 0) <= _LONGEST_RETRY:  # TL11
                self._retry.schedule(now, reply.retry_after)
                self.outbox.hold(key, reply.code)
            case events.Error() if self.outbox.refuse(key, reply.code):
                return [effects.MessageFailed(self._room, key, reply.code, reply.message)]
            case _:
                pass
        return []

    def _stored(self, key: str, sent: events.Sent) -> list[Effect]:
        """Report that it is stored. The position does not move (TL9)."""
        self._retry.reset()
        at = commands.Since(epoch=sent.epoch, offset=sent.offset)
        news = self.outbox.acknowledge(key, at)
        if self._timeline.position is not None:
            self.outbox.passed(self._timeline.position)
        return (
            [effects.MessageStored(self._room, key, sent.epoch, sent.offset, sent.duplicate)] if news else []
        )

    def seen(self, entry: events.Entry, position: commands.Since, *, own: bool) -> None:
        """Note that an own entry is in the room, and drop those that the position has passed (TL8, TL14)."""
        if own:
            self.outbox.see(entry.key, commands.Since(epoch=position.epoch, offset=entry.offset))
        self.outbox.passed(position)

    def refuse_all(self, error: events.Error) -> list[Effect]:
        """Fail all queued messages, because the room was refused (CS11)."""
        return [
            effects.MessageFailed(self._room, own.key, error.code, error.message)
            for own in self.outbox
            if self.outbox.refuse(own.key, error.code)
        ]

    def on_lost(self) -> None:
        """Forget the message in flight: it is the head of the outbox again (TL10)."""
        self._in_flight = None
        self._retry.cancel()


def _encodable(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode: the server would reject the frame (TL15)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _change_command(id_: int, room: str, own: OutboxEntry, change: OwnChange) -> commands.Change:
    key, (epoch, target), emoji = own.key, (change.target.epoch, change.target.offset), change.emoji or ""
    match change.change:
        case ChangeKind.EDIT:
            return commands.Edit(id=id_, room=room, target=target, text=own.text, epoch=epoch, key=key)
        case ChangeKind.DELETE:
            return commands.Delete(id=id_, room=room, target=target, epoch=epoch, key=key)
        case ChangeKind.REACT:
            return commands.React(id=id_, room=room, target=target, emoji=emoji, epoch=epoch, key=key)
        case ChangeKind.UNREACT:
            return commands.Unreact(id=id_, room=room, target=target, emoji=emoji, epoch=epoch, key=key)
