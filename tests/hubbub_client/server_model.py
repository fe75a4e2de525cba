"""A model of the server with one room: an ordered log, idempotency keys, and the chain of positions."""

from collections import deque
from dataclasses import dataclass, field

from hubbub_protocol import commands, events
from hubbub_protocol.commands import Since

ROOM = "lobby"
LIMITS = events.Limits(frame=65536, text=4000, rooms=100, sends=10, burst=20)
NO_MEMBERS = events.Members(count=0, names=[], more=False)


@dataclass
class Log:
    """The room as the broker keeps it. `step` skips offsets, because they need not be contiguous."""

    epoch: int = 1
    head: int = 0
    kept: list[events.Message] = field(default_factory=list)
    # The last trimmed offset.
    trimmed: int = 0
    stored: dict[tuple[str, str], int] = field(default_factory=dict)
    # Every message that was ever stored, in all epochs.
    history: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"e{self.epoch}"

    def publish(self, user: str, key: str, text: str, step: int = 1) -> tuple[events.Message | None, int]:
        """Store a message once; return it (None for a duplicate) and its offset."""
        known = self.stored.get((user, key))
        if known is not None:
            return None, known
        message = events.Message(
            room=ROOM, offset=self.head + step, prev=self.head, key=key, user=user, text=text, at=0
        )
        self.head = message.offset
        self.kept.append(message)
        self.stored[user, key] = message.offset
        self.history[self.name, message.offset] = text
        return message, message.offset

    def trim(self, keep: int) -> None:
        gone = self.kept[: len(self.kept) - keep]
        if gone:
            self.trimmed = gone[-1].offset
            del self.kept[: len(gone)]

    def begin_anew(self) -> None:
        """Lose everything, as a broker without a disk does."""
        self.epoch += 1
        self.head = self.trimmed = 0
        self.kept.clear()
        self.stored.clear()

    def recovers(self, since: Since) -> bool:
        return since.epoch == self.name and self.trimmed <= since.offset <= self.head


class Server:
    """One connection of one client to the log."""

    def __init__(self, log: Log, user: str) -> None:
        self.log = log
        self._user = user
        self.out: deque[events.Event] = deque()
        self._member = False

    def receive(self, command: commands.Command) -> None:
        match command:
            case commands.Hello():
                self.out.append(
                    events.Welcome(
                        id=command.id, user=self._user, session="s", ping=25000, time=0, limits=LIMITS
                    )
                )
            case commands.Join():
                self._join(command)
            case commands.Send():
                self._send(command)
            case _:
                pass

    def _join(self, join: commands.Join, page: int = 3) -> None:
        self._member = True
        recovered = join.since is not None and self.log.recovers(join.since)
        behind = join.since.offset if join.since is not None and recovered else -1
        missed = [message for message in self.log.kept if message.offset > behind]
        shown = missed[:page] if recovered else missed[-page:]
        self.out.append(
            events.Joined(
                id=join.id,
                room=ROOM,
                epoch=self.log.name,
                head=self.log.head,
                recovered=recovered,
                messages=[*shown],
                members=NO_MEMBERS,
            )
        )
        self.out.extend(missed[page:] if recovered else [])

    def _send(self, send: commands.Send) -> None:
        message, offset = self.log.publish(self._user, send.key or "", send.text)
        sent = events.Sent(id=send.id, epoch=self.log.name, offset=offset, duplicate=message is None)
        own = [message] if message is not None and self._member else []
        # SN3: before its message or after it.
        self.out.extend([sent, *own] if offset % 2 else [*own, sent])

    def fan_out(self, message: events.Message) -> None:
        if self._member:
            self.out.append(message)

    def reset(self) -> None:
        if self._member:
            self.out.append(events.Reset(room=ROOM, epoch=self.log.name, offset=self.log.head))
