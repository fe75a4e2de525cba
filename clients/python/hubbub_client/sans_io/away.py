"""Whether the user is away, as the server is sent it on each connection (PS4)."""

from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.pending_commands import PendingCommands
from hubbub_protocol import commands, events


class AwayReport:
    """Sends the state when the server does not know it."""

    def __init__(self, pending: PendingCommands) -> None:
        self._pending = pending
        self._away = False
        # What the server knows of this connection; None if offline, or if it does not know the command.
        self._known: bool | None = None

    def set(self, now: int, *, away: bool) -> list[Effect]:
        self._away = away
        return self._write(now)

    def on_welcome(self, welcome: events.Welcome, now: int) -> list[Effect]:
        self._known = False if "away" in (welcome.features or ()) else None
        return self._write(now)

    def on_lost(self) -> None:
        self._known = None

    def _write(self, now: int) -> list[Effect]:
        away = self._away
        if self._known is None or self._known is away:
            return []
        self._known = away
        _, write = self._pending.issue(lambda id_: commands.Away(id=id_, away=away), now)
        return [write]
