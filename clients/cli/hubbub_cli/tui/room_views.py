"""The rooms of the screen, and which one is visible."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hubbub_cli.tui.completion import Vocabulary
from hubbub_cli.tui.rows import OwnMessage, SendState
from hubbub_cli.tui.thread_view import ThreadView
from hubbub_cli.tui.transcript import Transcript
from hubbub_client import MemberNames, Message, ReadMark, Room
from hubbub_client.reasons import reason


@dataclass(slots=True)
class RoomView:
    """One room. `unread` counts messages while another room is visible, `unseen` those below the view.

    `room` is None until the first join; messages that are entered before are `queued`.
    """

    name: str
    transcript: Transcript = field(default_factory=Transcript)
    room: Room | None = None
    queued: list[str] = field(default_factory=list)
    # The thread that is shown in place of the room.
    thread: ThreadView | None = None
    # What the user has typed, but not sent.
    draft: str = ""
    live: bool = False
    muted: bool = False
    # The last join did not recover.
    unrecovered: bool = False
    loading: bool = False
    # Where the user has read it to, if the server keeps that.
    mark: ReadMark | None = None
    unread: int = 0
    mentions: int = 0
    unseen: int = 0

    @property
    def shown(self) -> Transcript:
        return self.transcript if self.thread is None else self.thread.transcript

    @property
    def topic(self) -> str | None:
        return self.room.topic if self.room else None

    @property
    def members(self) -> MemberNames:
        return self.room.members if self.room else MemberNames(count=0, names=(), more=False)

    @property
    def typists(self) -> tuple[str, ...]:
        return self.room.typists if self.room else ()

    @property
    def waiting(self) -> Iterator[OwnMessage]:
        """Own messages that have not arrived in the room yet, also rejected ones."""
        for own in self.room.pending if self.room else ():
            state = SendState(own.progress)
            yield OwnMessage(own.text, state, reason(own.code) if state is SendState.FAILED else "")
        yield from (OwnMessage(text, SendState.SENDING) for text in self.queued)

    @property
    def failed(self) -> list[str]:
        """The keys of rejected own messages."""
        return (
            [own.key for own in self.room.pending if SendState(own.progress) is SendState.FAILED]
            if self.room
            else []
        )

    def marked(self, mark: ReadMark, *, visible: bool) -> None:
        """Take the counts of the server at first, and later where the user has read on elsewhere."""
        if not visible and (self.mark is None or mark.unread < self.unread):
            self.unread, self.mentions = mark.unread, mark.mentions
        self.mark = mark

    def is_unread(self, message: Message) -> bool:
        """Return whether a message of the history is after the mark."""
        at, mark = message.position, self.room.mark if self.room else None
        return mark is not None and mark.epoch == at.epoch and mark.offset < at.offset

    def count(self, *, mention: bool) -> None:
        """Count a message that came while another room is visible."""
        self.transcript.mark_unread()
        self.unread += 1
        self.mentions += mention


class RoomViews:
    """The rooms, in the order in which they were opened."""

    def __init__(self) -> None:
        self._views: list[RoomView] = []
        self.active: RoomView | None = None
        # Whether the end of the visible room is visible.
        self.following = True
        # Something is not drawn yet.
        self.changed = False

    def __iter__(self) -> Iterator[RoomView]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def get(self, name: str) -> RoomView | None:
        return next((view for view in self._views if view.name == name), None)

    def add(self, name: str) -> RoomView:
        """Add a room, as the last one."""
        view = RoomView(name)
        self._views.append(view)
        return view

    def open(self, name: str) -> RoomView:
        """Show a room; a new one is last."""
        view = self.get(name) or self.add(name)
        self.show(view)
        return view

    def count(self, view: RoomView, *, mention: bool) -> bool:
        """Count a message of another user; return whether it is the first mention that is not visible."""
        if view is not self.active:
            view.count(mention=mention)
            return mention and view.mentions == 1
        if self.following:
            return False
        view.unseen += 1
        return mention

    def vocabulary(self, me: str) -> Vocabulary:
        """Return the other members of the visible room, and all rooms."""
        names = [] if self.active is None else [name for name in self.active.members.names if name != me]
        return Vocabulary(names=sorted(names, key=str.casefold), rooms=[view.name for view in self._views])

    def close(self, view: RoomView) -> None:
        """Close a room; the last one has no room after it."""
        self._views.remove(view)
        if view is self.active:
            self.active = None

    def show(self, view: RoomView) -> None:
        """Show a room. The unread line of the room that was visible is done with."""
        if self.active is not None and self.active is not view:
            self.active.transcript.mark_read()
        self.active = view
        view.unread = view.mentions = 0

    def at(self, number: int) -> RoomView | None:
        """Return the room of this number, if there is one."""
        return self._views[number] if 0 <= number < len(self._views) else None

    def step(self, by: int) -> RoomView | None:
        """Return the room `by` places from the visible one, around the end."""
        if self.active is None:
            return None
        return self._views[(self._views.index(self.active) + by) % len(self._views)]

    def unread(self, by: int = 1) -> RoomView | None:
        """Return the next room (or the one before) with unread messages; those with mentions come first."""
        if self.active is None:
            return None
        at = self._views.index(self.active)
        order = [self._views[(at + by * step) % len(self._views)] for step in range(1, len(self._views))]
        unread = [view for view in order if view.unread and not view.muted]
        return next((view for view in unread if view.mentions), unread[0] if unread else None)
