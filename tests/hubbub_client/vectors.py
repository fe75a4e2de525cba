"""Read the client vectors; translate arrays to inputs, and effects to arrays."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from hubbub_client.sans_io import effects, inputs, status
from hubbub_client.sans_io.options import MachineOptions
from hubbub_client.sans_io.outbox import OwnChange
from hubbub_client.sans_io.room_machine import RoomBounds
from hubbub_protocol import ProtocolError, decode_event, encode
from hubbub_protocol.commands import Since
from hubbub_protocol.events import Event, File

FOLDER = Path(__file__).parents[2] / "clients" / "protocol" / "vectors"

type_of_input: dict[str, type[inputs.Input]] = {
    "connect": inputs.ConnectRequested,
    "close": inputs.CloseRequested,
    "opened": inputs.SocketOpened,
    "lost": inputs.SocketLost,
    "tick": inputs.DeadlineReached,
    "offline": inputs.NetworkLost,
    "online": inputs.NetworkRestored,
    "retry": inputs.RetryRequested,
    "token": inputs.TokenReceived,
    "no_token": inputs.TokenUnavailable,
    "away": inputs.AwayChanged,
    "leave": inputs.LeaveRequested,
    "resend": inputs.ResendRequested,
    "discard": inputs.DiscardRequested,
    "older": inputs.OlderRequested,
    "search": inputs.SearchRequested,
    "upload": inputs.UploadRequested,
    "thread": inputs.ThreadRequested,
    "topic": inputs.TopicRequested,
    "directory": inputs.DirectoryRequested,
    "rooms": inputs.OwnRoomsRequested,
    "read": inputs.ReadRequested,
    "who": inputs.MembersRequested,
    "typing": inputs.UserTyping,
}


WORDS: dict[type[effects.Effect], str] = {
    effects.RequestToken: "token",
    effects.ShutSocket: "shut",
    effects.MessageReceived: "message",
    effects.MessageChanged: "change",
    effects.GapDetected: "gap",
    effects.MessageFailed: "failed",
    effects.HistoryLoaded: "older",
    effects.TypingChanged: "typing",
    effects.SearchAnswered: "found",
    effects.ThreadAnswered: "thread",
    effects.TopicAnswered: "topic",
    effects.DirectoryLoaded: "directory",
    effects.OwnRoomsLoaded: "rooms",
    effects.ReadMarkChanged: "mark",
    effects.MembersLoaded: "members",
    effects.JoinRefused: "refused",
}


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """One step of a case, as in the README of the vectors."""

    given: list[object] = msgspec.field(name="in")
    do: list[object]
    at: int | None = None
    deadline: int | msgspec.UnsetType | None = msgspec.UNSET
    status: object = msgspec.UNSET
    view: dict[str, list[str]] = {}
    members: dict[str, object] = {}
    typing: dict[str, list[str]] = {}
    topic: dict[str, str | None] = {}


class Given(msgspec.Struct, forbid_unknown_fields=True):
    """The options of a case."""

    name: str | None = None
    session: str | None = None
    client: str | None = None
    listener: bool = False
    token: bool = False
    outbox: int = 200
    random: list[float] = []

    def options(self) -> MachineOptions:
        return MachineOptions(
            name=self.name,
            session=self.session,
            client=self.client,
            listener=self.listener,
            token=self.token,
            bounds=RoomBounds(outbox=self.outbox),
        )

    def random_source(self) -> Callable[[], float]:
        return iter(self.random).__next__


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One case of client.json, timeline.json, changes.json or presence.json."""

    id: str
    rules: list[str]
    name: str
    options: Given
    steps: list[Step]


class CaseFile(msgspec.Struct, forbid_unknown_fields=True):
    """A file of cases."""

    about: str
    cases: list[Case]


def cases() -> Iterator[Case]:
    for name in ("client", "timeline", "changes", "presence"):
        # Not msgspec: it rejects the lone surrogate of one case.
        yield from msgspec.convert(json.loads((FOLDER / f"{name}.json").read_bytes()), CaseFile).cases


def to_input(given: list[object]) -> inputs.Input:
    word, *rest = given
    match word, rest:
        case "frame", [dict(event)]:
            return inputs.FrameReceived(_event(json.dumps(event)))
        case "join" | "rewind" | "send" | "change", _:
            return _to_room_input(given)
        case str(name), _:
            cls = type_of_input[name]
            return msgspec.convert(dict(zip(cls.__struct_fields__, rest, strict=True)), cls)
    raise AssertionError(given)


def _to_room_input(given: list[object]) -> inputs.Input:
    match given:
        case ["join", str(room), *since]:
            return inputs.JoinRequested(room, _position(since))
        case ["rewind", str(room), to]:
            return inputs.RewindRequested(room, msgspec.convert(to, Since))
        case ["send", str(room), str(key), str(text), None, int(age)]:
            return inputs.SendRequested(room, key, text, age=age)
        case ["send", str(room), str(key), str(text), None, None, list(files)]:
            attached = msgspec.convert(files, tuple[File, ...])
            return inputs.SendRequested(room, key, text, files=attached)
        case ["send", str(room), str(key), str(text), *reply_to]:
            return inputs.SendRequested(room, key, text, _position(reply_to))
        case ["change", str(room), str(key), change]:
            return inputs.ChangeRequested(room, key, msgspec.convert(change, OwnChange))
    raise AssertionError(given)


def _position(optional: list[object]) -> Since | None:
    return msgspec.convert(optional[0], Since) if optional else None


def _event(text: str) -> Event | None:
    try:
        return decode_event(text)
    except ProtocolError:
        return None


def _plain(value: object) -> object:
    return json.loads(msgspec.json.encode(value))


def to_status(now: status.Status) -> dict[str, object]:
    fields = {name: getattr(now, name) for name in now.__struct_fields__}
    return {"state": type(now).__name__.lower()} | {k: v for k, v in fields.items() if v is not None}


def _to_connection(effect: effects.OpenSocket | effects.SendCommand | effects.StatusChanged) -> list[object]:
    match effect:
        case effects.OpenSocket(booked):
            return ["open", "booked"] if booked else ["open"]
        case effects.SendCommand(command):
            return ["command", json.loads(encode(command))]
        case effects.StatusChanged(to):
            return ["status", to_status(to)]


def to_array(effect: effects.Effect) -> list[object]:
    match effect:
        case effects.OpenSocket() | effects.SendCommand() | effects.StatusChanged():
            return _to_connection(effect)
        case effects.RoomJoined(room, recovered):
            return ["joined", room, recovered]
        case effects.MessageStored(room, key, epoch, offset, duplicate):
            return ["sent", room, key, {"epoch": epoch, "offset": offset, "duplicate": duplicate}]
        case effects.PresenceChanged(room, count, joined, left, away, back):
            turned = {name: list(names) for name, names in (("away", away), ("back", back)) if names}
            return ["presence", room, {"count": count, "joined": list(joined), "left": list(left)} | turned]
        case effects.TicketAnswered(room, name, size, media, ticket):
            return ["ticket", room, name, size, media, _plain(ticket)]
        case _:
            return [
                WORDS[type(effect)],
                *(_plain(getattr(effect, name)) for name in effect.__struct_fields__),
            ]
