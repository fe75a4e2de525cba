"""The lists to choose from: rooms, commands, and what a search has found."""

from typing import Final

from hubbub_cli.found_messages import summary
from hubbub_cli.sanitize import sanitize
from hubbub_cli.tui.keys import KEYS
from hubbub_cli.tui.messages import MessagesFound
from hubbub_cli.tui.picker import Choice, Picker
from hubbub_cli.tui.room_views import RoomViews

# The choice of further results; the others are numbers of messages.
OLDER: Final = "older"


def rooms(views: RoomViews) -> Picker:
    """Return the list of the open rooms, which takes other names too."""
    choices = [Choice(view.name, view.name, f"{view.unread} unread" if view.unread else "") for view in views]
    return Picker("Go to a room, or join one", choices, free=True)


def commands() -> Picker:
    """Return the command palette."""
    choices = [Choice(key.action, key.does, key.shown) for key in KEYS if key.action and key.listed]
    return Picker("Commands", choices)


def found(event: MessagesFound) -> Picker:
    """Return the list of results."""
    choices = [
        Choice(str(number), "  ".join(summary(message))) for number, message in enumerate(event.page.messages)
    ]
    if event.page.more:
        choices.append(Choice(OLDER, "Older results"))
    return Picker(f"Found in {sanitize(event.view.name)}: {sanitize(event.query)}", choices, wide=True)
