"""The window of the terminal: its title, notifications (OSC 2 and OSC 9), and changes of its background."""

from typing import Final

from textual.app import App

from hubbub_cli.sanitize import sanitize

_END: Final = "\x07"
# xterm's stack of titles; other terminals ignore it.
_SAVE: Final = "\x1b[22;2t"
_RESTORE: Final = "\x1b[23;2t"
# Mode 2031: the terminal reports when its background becomes dark or light.
_REPORT: Final = "\x1b[?2031h"
_END_REPORTS: Final = "\x1b[?2031l"


class TerminalWindow:
    """Writes to the terminal of an app, between its frames."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._title = ""

    def show(self, room: str, unread: int) -> None:
        """Put the room, and the number of unread messages in all rooms, into the title."""
        title = f"({unread}) {sanitize(room)}" if unread else sanitize(room)
        if title == self._title:
            return
        if not self._title:
            self._write(_SAVE)
        self._title = title
        self._write(f"\x1b]2;{title} - hubbub{_END}")

    def notify(self, text: str) -> None:
        """Ring the bell, and show a notification where the terminal can."""
        self._app.bell()
        self._write(f"\x1b]9;{sanitize(text)}{_END}")

    def report_background(self, *, on: bool) -> None:
        """Have changes of the background reported, or no longer."""
        self._write(_REPORT if on else _END_REPORTS)

    def restore(self) -> None:
        """Give the window the title back that it had."""
        if self._title:
            self._write(_RESTORE)

    def _write(self, sequence: str) -> None:
        driver = self._app._driver  # noqa: SLF001  docs/library-internals.md
        if driver is not None:
            driver.write(sequence)
            driver.flush()
