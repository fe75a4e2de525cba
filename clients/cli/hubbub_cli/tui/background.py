"""The colours for the terminal's background, also if that changes while the program runs."""

from collections.abc import Callable
from typing import Final

from textual.app import App
from textual.binding import Binding, BindingType

from hubbub_cli.tui.alt_keys import BACKGROUNDS
from hubbub_cli.tui.colours import THEMES, Colours
from hubbub_cli.tui.terminal_window import TerminalWindow

# Of the app, and before those of the screen in front.
BINDINGS: Final[list[BindingType]] = [
    Binding(name, f"background({name == 'terminal_dark'})", show=False, priority=True)
    for name in BACKGROUNDS.values()
]


class Background:
    """Chooses the theme of an app, and the styles of its rows."""

    def __init__(self, *, dark: bool = True, follow: bool = False) -> None:
        self._dark = dark
        self._follow = follow
        self._use: Callable[[bool], None] = lambda _: None
        self._report: Callable[[bool], None] = lambda _: None

    def start(
        self, app: App[None], window: TerminalWindow, restyle: Callable[[Colours], None], *, files_at: str
    ) -> None:
        """Style the app, and follow the terminal if the user did not choose."""

        def use(dark: bool) -> None:  # noqa: FBT001  the only argument of a callback
            colours = Colours(dark=dark, files_at=files_at)
            app.theme = colours.theme
            if app.console.color_system == "standard":
                colours.use_sixteen()
            restyle(colours)

        for theme in THEMES:
            app.register_theme(theme)
        self._use = use
        self.use(dark=self._dark)
        if self._follow:
            self._report = lambda on: window.report_background(on=on)
            self._report(True)  # noqa: FBT003  the only argument of a callback
            # An editor would take the reports for keys.
            app.app_suspend_signal.subscribe(app, lambda _: window.report_background(on=False))
            app.app_resume_signal.subscribe(app, lambda _: window.report_background(on=True))

    def use(self, *, dark: bool) -> None:
        """Use the colours for a dark or a light background."""
        self._use(dark)

    def stop(self) -> None:
        """Have no more changes reported."""
        self._report(False)  # noqa: FBT003  the only argument of a callback
