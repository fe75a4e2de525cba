"""Format a message as a line: for people, and for programs (`ndjson.schema.json` has the records)."""

from collections.abc import Mapping
from typing import Final

from hubbub_cli.output import Json, to_json
from hubbub_cli.paint import Paint
from hubbub_cli.sanitize import sanitize, sanitize_lines
from hubbub_cli.times import clock, full, moment
from hubbub_client.events import Changed, Gap, Message, Presence
from hubbub_client.url import file_path
from hubbub_protocol.events import File

# Increases only for an incompatible change of the format.
VERSION: Final = 1
# The fields of --format, each with an example.
FIELDS: Final[Mapping[str, str | int]] = {
    "time": "2026-11-27 12:00",
    "date": "2026-11-27",
    "clock": "12:00",
    "at": 1_795_780_800_000,
    "room": "lobby",
    "user": "ann",
    "text": "hello",
    "epoch": "e1",
    "offset": 1,
    "key": "k1",
}


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
            **_more(message),
        }
    )


def _more(message: Message) -> dict[str, Json]:
    """Return the fields that only some messages have."""
    deleted = message.deleted
    more: dict[str, Json] = {
        "user_id": message.user_id,
        "kind": message.kind,
        "reply_to": None if message.reply_to is None else message.reply_to.offset,
        "thread": None if message.thread is None else message.thread.offset,
        "replies": None if message.replies is None else message.replies.count,
        "mentions": list(message.mentions) or None,
        "event": message.event,
        "files": [file_json(file) for file in message.files] or None,
        "edited": message.edited,
        "deleted": None if deleted is None else {"user": deleted.user, "at": deleted.at},
        "reactions": {one.emoji: [user.user for user in one.users] for one in message.reactions} or None,
    }
    return {name: value for name, value in more.items() if value is not None}


def file_json(file: File) -> dict[str, Json]:
    """Return a file as in NDJSON; `path` is relative to the address of the server."""
    return {"id": file.id, "name": file.name, "size": file.size, "type": file.type, "path": file_path(file)}


def change_json(change: Changed) -> str:
    """Format a change of the message at the offset `target` as NDJSON."""
    more = {"text": change.text, "emoji": change.emoji}
    return to_json(
        {
            "v": VERSION,
            "type": "change",
            "room": change.room,
            "epoch": change.position.epoch,
            "offset": change.position.offset,
            "key": change.key,
            "user": change.user,
            "change": change.change,
            "target": change.target.offset,
            "at": change.at,
            **{name: value for name, value in more.items() if value is not None},
        }
    )


def change_line(change: Changed, paint: Paint, *, room: bool) -> str:
    """Format a change for people, in one line: what was done to which message."""
    where = f"{paint.dim(f'[{sanitize(change.room)}]')} " if room else ""
    what = {
        "edit": f"edited: {sanitize(change.text or '')}",
        "delete": "deleted",
        "react": f"reacted {sanitize(change.emoji or '')}",
        "unreact": f"took back {sanitize(change.emoji or '')}",
    }.get(change.change, sanitize(change.change))
    target = paint.dim(f"(message {change.target.offset})")
    return f"{paint.dim(full(change.at))} {where}* {paint.nick(sanitize(change.user))} {what} {target}"


def gap_json(gap: Gap) -> str:
    """Format a gap as NDJSON."""
    return to_json({"v": VERSION, "type": "gap", "room": gap.room})


def presence_json(presence: Presence) -> str:
    """Format a change of the members as NDJSON."""
    return to_json(
        {
            "v": VERSION,
            "type": "presence",
            "room": presence.room,
            "count": presence.count,
            "joined": presence.joined,
            "left": presence.left,
            "away": presence.away,
            "back": presence.back,
        }
    )


def formatted(message: Message, line_format: str) -> str:
    """Format a message with the format of `--format`, in one line."""
    return line_format.format(
        time=full(message.at),
        date=f"{moment(message.at):%Y-%m-%d}",
        clock=clock(message.at),
        at=message.at,
        room=sanitize(message.room),
        user=sanitize(message.user),
        text=sanitize(message.text),
        epoch=sanitize(message.position.epoch),
        offset=message.position.offset,
        key=sanitize(message.key),
    )


def shown_text(message: Message) -> str:
    """Return the text of a message for people, and whether it was edited or deleted."""
    if message.deleted is not None:
        return "(deleted)"
    return message.text if message.edited is None else f"{message.text} (edited)"


def text_with_files(message: Message) -> str:
    """Return the text, and a line for each file with its address, which is relative to the server's."""
    files = [f"[{file_words(file)}: {file_path(file)}]" for file in message.files]
    return "\n".join(filter(None, [shown_text(message), *files]))


def brief_text(message: Message) -> str:
    """Return the text in one line, or the names of the files of a message without one."""
    first, *more = sanitize_lines(shown_text(message))
    names = " ".join(f"[{sanitize(file.name)}]" for file in message.files)
    return f"{first}{' …' * bool(more)}" if first or not names else names


def file_words(file: File) -> str:
    """Return the name and the size of a file."""
    return f"{file.name}, {file.size:,} bytes"


def message_line(message: Message, paint: Paint, *, room: bool, date: bool) -> str:
    """Format a message for people. Further lines are indented, so that a text cannot forge a message."""
    time = full(message.at) if date else clock(message.at)
    where = f"{paint.dim(f'[{sanitize(message.room)}]')} " if room else ""
    text = text_with_files(message)
    action = action_of(message.user, text)
    first, *others = sanitize_lines(text if action is None else action)
    name = paint.nick(sanitize(message.user))
    said = f"{name}: {first}" if action is None else f"* {name} {first}"
    head = f"{paint.dim(time)} {where}{said}"
    return "\n".join([head, *(f"{'':{len(time)}} {line}" for line in others)])


def presence_lines(presence: Presence, paint: Paint, *, room: bool) -> list[str]:
    """Format a change of the members for people; empty for a large room, which has no names."""
    where = f"[{sanitize(presence.room)}] " if room else ""
    changes = (
        ("joined", presence.joined),
        ("left", presence.left),
        ("away", presence.away),
        ("back", presence.back),
    )
    return [paint.dim(f"-- {where}{sanitize(', '.join(names))} {verb}") for verb, names in changes if names]


def action_of(user: str, text: str) -> str | None:
    """Return what `/me` sent, without the name; None for another text, also one with another name."""
    lead = f"* {user} "
    return text.removeprefix(lead) if text.startswith(lead) else None
