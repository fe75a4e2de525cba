"""Every valid frame survives a round trip; any other input raises a ProtocolError and nothing else."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from hubbub_protocol import ProtocolError, decode_command, decode_event, encode
from hubbub_protocol import commands as c
from hubbub_protocol import events as e

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WHOLE = st.integers(0, 2**53 - 1)
KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
TARGETS = st.integers(1, 2**53 - 1)
SINCE = st.builds(c.Since, epoch=TEXT.filter(bool), offset=WHOLE)
EPOCHS = st.none() | TEXT.filter(bool)
EMOJI = TEXT.filter(bool)
TOKENS = TEXT.filter(bool)

COMMANDS: st.SearchStrategy[c.Command] = st.one_of(
    st.builds(
        c.Hello,
        id=WHOLE,
        token=st.none() | TOKENS,
        name=st.none() | TEXT,
        session=st.none() | TEXT,
        client=st.none() | TEXT,
    ),
    st.builds(c.Join, id=WHOLE, room=TEXT, since=st.none() | SINCE, limit=st.integers(0, 200)),
    st.builds(c.Leave, id=WHOLE, room=TEXT),
    st.builds(
        c.Send,
        id=WHOLE,
        room=TEXT,
        text=TEXT,
        key=st.none() | KEYS,
        reply_to=st.none() | TARGETS,
        files=st.none() | st.lists(TEXT.filter(bool), min_size=1, max_size=4),
    ),
    st.builds(c.Upload, id=WHOLE, room=TEXT, name=TEXT, size=WHOLE, media=st.none() | TEXT),
    st.builds(c.Edit, id=WHOLE, room=TEXT, target=TARGETS, text=TEXT, epoch=EPOCHS, key=st.none() | KEYS),
    st.builds(c.Delete, id=WHOLE, room=TEXT, target=TARGETS, epoch=EPOCHS, key=st.none() | KEYS),
    st.builds(c.React, id=WHOLE, room=TEXT, target=TARGETS, emoji=EMOJI, epoch=EPOCHS),
    st.builds(c.Unreact, id=WHOLE, room=TEXT, target=TARGETS, emoji=EMOJI, key=st.none() | KEYS),
    st.builds(c.History, id=WHOLE, room=TEXT, before=WHOLE, limit=st.integers(1, 200)),
    st.builds(c.Search, id=WHOLE, room=TEXT, query=TEXT, before=TEXT, limit=st.integers(1, 50)),
    st.builds(c.Directory, id=WHOLE, prefix=TEXT, after=TEXT, limit=st.integers(1, 200)),
    st.builds(c.Read, id=WHOLE, room=TEXT, offset=WHOLE, epoch=EPOCHS),
    st.builds(c.ListOwnRooms, id=WHOLE, after=TEXT, limit=st.integers(1, 200)),
    st.builds(c.Typing, room=TEXT),
    st.builds(c.Who, id=WHOLE, room=TEXT, after=TEXT, limit=st.integers(1, 500)),
    st.builds(c.Away, id=WHOLE, away=st.booleans()),
    st.builds(c.Refresh, id=WHOLE, token=TOKENS),
)
NAMES = st.lists(TEXT, max_size=3)
REACTORS = st.builds(e.Reactor, user=TEXT, user_id=st.none() | TEXT)
REACTIONS = st.builds(e.Reaction, emoji=TEXT, users=st.lists(REACTORS, max_size=3))
FILES = st.builds(e.File, id=TEXT, name=TEXT, size=WHOLE, type=TEXT, width=st.none() | WHOLE)
MESSAGES = st.builds(
    e.Message,
    room=TEXT,
    offset=WHOLE,
    prev=WHOLE,
    key=TEXT,
    user=TEXT,
    text=TEXT,
    at=WHOLE,
    user_id=st.none() | TEXT,
    reply_to=st.none() | WHOLE,
    files=st.none() | st.lists(FILES, max_size=2),
    edited=st.none() | WHOLE,
    deleted=st.none() | st.builds(e.Deletion, user=TEXT, at=WHOLE, user_id=st.none() | TEXT),
    reactions=st.none() | st.lists(REACTIONS, max_size=3),
    changed=st.none() | WHOLE,
)
CHANGES = st.builds(
    e.Change,
    room=TEXT,
    offset=WHOLE,
    prev=WHOLE,
    change=TEXT,
    target=WHOLE,
    key=TEXT,
    user=TEXT,
    at=WHOLE,
    user_id=st.none() | TEXT,
    text=st.none() | TEXT,
    emoji=st.none() | TEXT,
)
MEMBERS = st.builds(e.Members, count=WHOLE, names=NAMES, more=st.booleans(), away=st.none() | NAMES)
SENDS = st.floats(0, 1000, allow_nan=False)
LIMITS = st.builds(e.Limits, frame=WHOLE, text=WHOLE, rooms=WHOLE, sends=SENDS, burst=WHOLE)
EVENTS: st.SearchStrategy[e.Event] = st.one_of(
    MESSAGES,
    CHANGES,
    st.builds(
        e.Welcome,
        id=WHOLE,
        user=TEXT,
        session=TEXT,
        ping=WHOLE,
        time=WHOLE,
        limits=LIMITS,
        features=st.none() | NAMES,
    ),
    st.builds(
        e.Joined,
        id=WHOLE,
        room=TEXT,
        epoch=TEXT,
        head=WHOLE,
        recovered=st.booleans(),
        messages=st.lists(MESSAGES | CHANGES, max_size=3),
        members=MEMBERS,
        mark=st.none() | st.builds(e.ReadMark, epoch=TEXT, offset=WHOLE, unread=WHOLE),
    ),
    st.builds(
        e.MessagesPage, id=WHOLE, room=TEXT, messages=st.lists(MESSAGES, max_size=3), more=st.booleans()
    ),
    st.builds(
        e.Found,
        id=WHOLE,
        room=TEXT,
        hits=st.lists(st.builds(e.Hit, epoch=TEXT, message=MESSAGES), max_size=3),
        more=st.none() | TEXT,
    ),
    st.builds(
        e.DirectoryPage,
        id=WHOLE,
        rooms=st.lists(st.builds(e.RoomInfo, room=TEXT, members=WHOLE, offset=st.none() | WHOLE), max_size=3),
        more=st.booleans(),
        complete=st.booleans(),
        after=st.none() | TEXT,
    ),
    st.builds(e.Marked, id=WHOLE, room=TEXT, epoch=TEXT, offset=WHOLE, unread=WHOLE),
    st.builds(e.MarkMoved, room=TEXT, epoch=TEXT, offset=WHOLE, unread=WHOLE),
    st.builds(
        e.OwnRooms,
        id=WHOLE,
        rooms=st.lists(st.builds(e.OwnRoom, room=TEXT, epoch=TEXT, offset=WHOLE, unread=WHOLE), max_size=3),
        more=st.booleans(),
        after=st.none() | TEXT,
    ),
    st.builds(
        e.Presence,
        room=TEXT,
        count=WHOLE,
        joined=NAMES,
        left=NAMES,
        away=st.none() | NAMES,
        back=st.none() | NAMES,
    ),
    st.builds(e.AwaySet, id=WHOLE, away=st.booleans()),
    st.builds(e.Expiring, within=WHOLE),
    st.builds(e.Ticket, id=WHOLE, file=TEXT, expires=WHOLE),
    st.builds(e.Ping),
    st.builds(
        e.Error,
        code=TEXT,
        message=TEXT,
        retry=st.booleans(),
        id=st.none() | WHOLE,
        retry_after=st.none() | WHOLE,
        suggestion=st.none() | TEXT,
    ),
)


@given(COMMANDS)
def test_a_command_survives_a_round_trip(command: c.Command) -> None:
    assert decode_command(encode(command)) == command


@given(EVENTS)
def test_an_event_survives_a_round_trip(event: e.Event) -> None:
    assert decode_event(encode(event)) == event


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.binary())
def test_anything_else_is_a_protocol_error(noise: str | bytes) -> None:
    for decode in (decode_command, decode_event):
        with contextlib.suppress(ProtocolError):
            decode(noise)


@given(COMMANDS, st.data())
def test_a_corrupted_command_is_a_protocol_error_or_a_command(c_: c.Command, data: st.DataObject) -> None:
    frame = bytearray(encode(c_))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        decode_command(bytes(frame))
