"""The thread of a message on the screen: its root, and all that replies to it."""

from msgspec.structs import replace

from hubbub_cli.message_lines import brief_text, shown_text
from hubbub_cli.sanitize import sanitize
from hubbub_cli.tui.transcript import Transcript
from hubbub_client import Message, Position


class ThreadView:
    """The messages of a thread, as a transcript of its own."""

    def __init__(self, root: Position, me: str) -> None:
        self.root = root
        self.transcript = Transcript(root)
        self.transcript.me = me
        self._last = -1

    @property
    def title(self) -> str:
        """Return the author of the root and the beginning of its text, in one line."""
        first = next((row.source for row in self.transcript.messages()), None)
        if first is None or first.position != self.root:
            return "an earlier message"
        return f"{sanitize(first.user)}: {brief_text(first)}"

    def take(self, message: Message, *, mention: bool = False) -> None:
        """Add a message if it is the next one of the thread."""
        at = message.position
        if at.epoch == self.root.epoch and at.offset > self._last and self.root in {at, message.thread}:
            self._last = at.offset
            # The replies stand below it.
            source = replace(message, replies=None)
            text = shown_text(message)
            self.transcript.said(message.user, text, message.at, mention=mention, source=source)
