"""Whether the user is away: no key for ten minutes, or `/away`."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from textual.app import App
from textual.events import Event, Key, MouseEvent, Paste
from typing_extensions import override

# Without a key for so long the user is away (seconds).
IDLE_AFTER: Final = 600.0
_LOOK_EVERY: Final = 5.0


class Idleness:
    """Decides whether the user is away, and reports each change."""

    def __init__(self, report: Callable[[bool], None], clock: Callable[[], float] = monotonic) -> None:
        self._report = report
        self._clock = clock
        self._last_input = clock()
        self._stated = False
        self._away = False

    def state(self, *, away: bool) -> None:
        """Record what the user stated; being away lasts until the user is back."""
        self._stated = away
        self.input()

    def input(self) -> None:
        """Record a key, or the mouse."""
        self._last_input = self._clock()
        self.look()

    def look(self) -> None:
        """Report the state if it changed."""
        away = self._stated or self._clock() - self._last_input >= IDLE_AFTER
        if away is not self._away:
            self._away = away
            self._report(away)


class WatchedApp(App[None]):
    """An app that notices its user's input, and reports whether the user is away."""

    def __init__(self, report: Callable[[bool], None]) -> None:
        self.idleness = Idleness(report)
        super().__init__()

    def on_ready(self) -> None:
        self.set_interval(_LOOK_EVERY, self.idleness.look)

    @override
    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key | MouseEvent | Paste):
            self.idleness.input()
        await super().on_event(event)
