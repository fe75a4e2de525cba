"""The keys: one table for the bindings, the help and the command palette."""

from dataclasses import dataclass
from typing import Final

from hubbub_cli.tui.alt_keys import DIGITS


@dataclass(frozen=True, slots=True)
class Key:
    """Some keys that do the same. Without an `action` the input handles them."""

    shown: str
    does: str
    keys: str = ""
    action: str = ""
    # In the palette: what does not need a place in the text.
    listed: bool = True


KEYS: Final = (
    Key("Enter", "send", listed=False),
    Key("Alt+Enter, Ctrl+J", "start another line", listed=False),
    Key("Tab", "complete names, #rooms, :emoji:", listed=False),
    Key("Up, Down", "edit your last message; recall earlier lines", listed=False),
    Key("F4, Ctrl+X Ctrl+E", "write in $EDITOR", "f4", "write_in_editor"),
    Key("PgUp, PgDn", "scroll; PgUp at the top loads older messages", listed=False),
    Key("Esc, Ctrl+End", "go to the newest message", "escape,ctrl+end", "newest"),
    Key("Ctrl+K", "go to a room by its name", "ctrl+k", "switch_room"),
    Key("Alt+A", "go to the next unread room", "alt+a", "unread(1)"),
    Key("Alt+Shift+Up, Down", "unread room before, after", "alt+shift+down", "unread(1)", listed=False),
    Key("Ctrl+N, Ctrl+P", "next room, previous room", "ctrl+n", "step(1)"),
    Key("Alt+1 … Alt+9", "go to a room by its number", listed=False),
    Key("Alt+N, Alt+P", "next mention, previous mention", "alt+n", "mention(1)"),
    Key("Alt+T", "open the thread of a message; Esc leaves it", "alt+t", "thread"),
    Key("Alt+Up, Alt+Down", "select a message, to reply, react, edit", "alt+up", "select(-1)", listed=False),
    Key("Shift+drag", "select text, as elsewhere in the terminal", listed=False),
    Key("F2", "command palette", "f2", "palette", listed=False),
    Key("Ctrl+C", "clear the input; if it's empty, quit", listed=False),
    Key("F1", "this help", "f1", "help"),
)
# The second halves of the lines above, and what needs no line.
_MORE: Final = (
    ("alt+shift+up", "unread(-1)"),
    ("ctrl+p", "step(-1)"),
    ("alt+p", "mention(-1)"),
    ("alt+down", "select(1)"),
    ("pageup", "page(-1)"),
    ("pagedown", "page(1)"),
    *((f"alt+{digit}", f"go({int(digit) - 1})") for digit in DIGITS),
)


def _actions() -> dict[str, str]:
    table = [(key.keys, key.action) for key in KEYS if key.keys] + list(_MORE)
    return {key: action for keys, action in table for key in keys.split(",")}


# What each key does in the app. No binding of the app: a key of those would overtake the letters before it.
ACTIONS: Final = _actions()
