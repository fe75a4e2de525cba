"""The calls that wait for lists that belong to no room."""

from collections.abc import Hashable

from hubbub_client.events import ListedRoom, ListedRooms, Position, UserRoom, UserRooms
from hubbub_client.sans_io import effects
from hubbub_client.waiters import Waiters
from hubbub_protocol.events import RoomInfo


class Listings:
    """Waits for each list that was requested, and translates it."""

    def __init__(self) -> None:
        self._own: dict[str, Waiters[UserRooms | None]] = {}
        self._directory: dict[Hashable, Waiters[ListedRooms | None]] = {}

    def directory(self, prefix: str, after: str) -> Waiters[ListedRooms | None]:
        """Return the calls that wait for a page of the directory."""
        return self._directory.setdefault((prefix, after), Waiters())

    def own(self, after: str) -> Waiters[UserRooms | None]:
        """Return the calls that wait for a page of the user's rooms."""
        return self._own.setdefault(after, Waiters())

    def on_effect(self, effect: effects.ListEffect) -> None:
        """Answer the calls that wait for a list."""
        if isinstance(effect, effects.OwnRoomsLoaded):
            own = self._own.pop(effect.after, None)
            if own is not None:
                own.succeed(None if effect.page is None else _own_of(effect.page))
            return
        waits = self._directory.pop((effect.prefix, effect.after), None)
        if waits is not None:
            waits.succeed(None if effect.page is None else _page_of(effect.page))


def _page_of(page: effects.DirectoryListing) -> ListedRooms:
    return ListedRooms(
        rooms=tuple(_room_of(room) for room in page.rooms), after=page.after, complete=page.complete
    )


def _room_of(room: RoomInfo) -> ListedRoom:
    is_empty = room.epoch is None or room.offset is None
    newest = None if is_empty else Position(epoch=room.epoch or "", offset=room.offset or 0)
    return ListedRoom(name=room.room, members=room.members, newest=newest, at=room.at, topic=room.topic)


def _own_of(page: effects.OwnRoomsListing) -> UserRooms:
    rooms = (
        UserRoom(
            name=each.room,
            read=Position(epoch=each.epoch, offset=each.offset),
            unread=each.unread,
            mentions=each.mentions,
            at=each.at,
        )
        for each in page.rooms
    )
    return UserRooms(rooms=tuple(rooms), after=page.after)
