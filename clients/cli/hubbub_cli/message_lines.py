"""Format a message as a line: for people, and for programs."""

from hubbub_cli.output import to_json
from hubbub_cli.paint import Paint
from hubbub_cli.sanitize import sanitize, sanitize_lines
from hubbub_cli.times import clock, full
from hubbub_client.events import Gap, Message

# Increases only for an incompatible change of the format.
VERSION = 1


def message_json(message: Message) -> str:
    """Format a message as NDJSON. `at` is ms since 1970; `epoch` and `offset` are its position."""
    return to_json(
        {
            "v": VERSION,
            "type": "message",
            "room": message.room,
            "epoch": message.position.epoch,
            "offset": message.position.offset,
            "key": message.key,
            "user": message.user,
            "text": message.text,
            "at": message.at,
        }
    )


def gap_json(gap: Gap) -> str:
    """Format a gap as NDJSON."""
    return to_json({"v": VERSION, "type": "gap", "room": gap.room})


def message_line(message: Message, paint: Paint, *, room: bool, date: bool) -> str:
    """Format a message for people. Further lines are indented, so that a text cannot forge a message."""
    time = full(message.at) if date else clock(message.at)
    where = f"{paint.dim(f'[{sanitize(message.room)}]')} " if room else ""
    first, *others = sanitize_lines(message.text)
    head = f"{paint.dim(time)} {where}{paint.nick(sanitize(message.user))}: {first}"
    return "\n".join([head, *(f"{'':{len(time)}} {line}" for line in others)])
