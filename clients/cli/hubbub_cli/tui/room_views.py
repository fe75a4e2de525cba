"""The rooms of the screen, and which one is visible."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hubbub_cli.tui.status_lines import Tab
from hubbub_cli.tui.transcript import SendState, Transcript
from hubbub_client import MemberNames, Room


@dataclass(slots=True)
class RoomView:
    """One room. `unread` counts messages while another room is visible, `unseen` those below the view.

    `room` is None until the first join; messages that are entered before are `queued`.
    """

    name: str
    transcript: Transcript = field(default_factory=Transcript)
    room: Room | None = None
    queued: list[str] = field(default_factory=list)
    live: bool = False
    # The last join did not recover.
    unrecovered: bool = False
    loading: bool = False
    unread: int = 0
    unseen: int = 0

    @property
    def members(self) -> MemberNames:
        return self.room.members if self.room else MemberNames(count=0, names=(), more=False)

    @property
    def typists(self) -> tuple[str, ...]:
        return self.room.typists if self.room else ()

    @property
    def waiting(self) -> Iterator[tuple[str, SendState]]:
        """Own messages that have not arrived in the room yet."""
        yield from ((own.text, SendState(own.progress)) for own in (self.room.pending if self.room else ()))
        yield from ((text, SendState.SENDING) for text in self.queued)


class RoomViews:
    """The rooms, in the order in which they were opened."""

    def __init__(self) -> None:
        self._views: list[RoomView] = []
        self._at = 0

    def __iter__(self) -> Iterator[RoomView]:
        return iter(self._views)

    @property
    def active(self) -> RoomView | None:
        return self._views[self._at] if self._views else None

    def get(self, name: str) -> RoomView | None:
        return next((view for view in self._views if view.name == name), None)

    def open(self, name: str) -> RoomView:
        """Show a room; a new one is last."""
        view = self.get(name)
        if view is None:
            view = RoomView(name)
            self._views.append(view)
        self.go(self._views.index(view))
        return view

    def close(self, view: RoomView) -> None:
        self._views.remove(view)
        self.go(min(self._at, len(self._views) - 1))

    def go(self, at: int) -> None:
        """Show the room of this number, if there is one."""
        if 0 <= at < len(self._views):
            self._at = at
            self._views[at].unread = 0

    def step(self, by: int) -> None:
        if self._views:
            self.go((self._at + by) % len(self._views))

    def tabs(self) -> list[Tab]:
        return [Tab(view.name, view is self.active, view.unread) for view in self._views]
