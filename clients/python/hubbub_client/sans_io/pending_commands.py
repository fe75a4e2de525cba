"""The commands that wait for a reply."""

from collections.abc import Callable
from typing import Final

from hubbub_client.sans_io.effects import SendCommand
from hubbub_protocol import commands, events

REPLY_TIMEOUT = 15_000  # CS5

Request = (
    commands.Hello | commands.Away | commands.Join | commands.Leave | commands.Send | commands.Change
    | commands.History
    | commands.Who | commands.Search | commands.SetTopic | commands.Directory | commands.ListOwnRooms
    | commands.Read | commands.Refresh | commands.Upload
)  # fmt: skip
Reply = (
    events.Welcome | events.AwaySet | events.Joined | events.Left | events.Sent | events.MessagesPage
    | events.MembersPage
    | events.Found | events.DirectoryPage | events.OwnRooms | events.Marked | events.Refreshed | events.Ticket
    | events.Error
)  # fmt: skip

_REPLIES: Final[dict[type[Request], type[Reply]]] = {
    commands.Hello: events.Welcome,
    commands.Away: events.AwaySet,
    commands.Join: events.Joined,
    commands.Leave: events.Left,
    commands.Send: events.Sent,
    commands.Edit: events.Sent,
    commands.Delete: events.Sent,
    commands.React: events.Sent,
    commands.Unreact: events.Sent,
    commands.History: events.MessagesPage,
    commands.Who: events.MembersPage,
    commands.Search: events.Found,
    commands.SetTopic: events.Sent,
    commands.Directory: events.DirectoryPage,
    commands.ListOwnRooms: events.OwnRooms,
    commands.Read: events.Marked,
    commands.Refresh: events.Refreshed,
    commands.Upload: events.Ticket,
}


class PendingCommands:
    """Assigns ids to the commands of a client, and matches replies to them."""

    def __init__(self) -> None:
        self._last = 0
        self._open: dict[int, tuple[Request, int]] = {}

    def issue(self, make: Callable[[int], Request], now: int) -> tuple[int, SendCommand]:
        """Return a command with the next id, and remember that it expects a reply."""
        self._last += 1  # CS12
        request = make(self._last)
        self._open[self._last] = (request, now + REPLY_TIMEOUT)
        return self._last, SendCommand(request)

    def resolve(self, event: Reply) -> Request | None:
        """Return the command of this reply; None if the reply matches none, or has the wrong type."""
        request, _ = self._open.get(event.id, (None, 0)) if event.id is not None else (None, 0)
        if request is None or not isinstance(event, events.Error | _REPLIES[type(request)]):
            return None
        del self._open[request.id]
        return request

    def forget(self) -> None:
        """Drop all commands, because the connection was lost."""
        self._open.clear()

    @property
    def deadline(self) -> int | None:
        # Ids and deadlines increase together, so the first one is due first.
        return next((due for _, due in self._open.values()), None)
