"""A message and its changes fold to the same, whatever the order and the portions in which they arrive."""

from functools import partial
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub_protocol.events import Change, Message
from hubbub_protocol.folding import ChangeKind, fold
from tests.protocol.vectors import VECTORS


class Case(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    rules: list[str]
    name: str
    message: Message
    changes: list[Change]
    folded: Message


class CaseFile(msgspec.Struct, forbid_unknown_fields=True):
    about: str
    cases: list[Case]


CASES = msgspec.json.decode((VECTORS / "fold.json").read_bytes(), type=CaseFile).cases
USERS = [("ann", "u1"), ("ann", "u2"), ("bob", None)]
EMOJI = ["\U0001f44d", ":tada:"]
MESSAGES = 4


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_message_folds_as_specified(case: Case) -> None:
    assert fold(case.message, case.changes) == case.folded


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_order_of_arrival_does_not_matter(case: Case) -> None:
    for changes in permutations(case.changes):
        assert fold(case.message, [*changes, *changes]) == case.folded


@st.composite
def rooms(draw: st.DrawFn) -> tuple[list[Message], list[Change]]:
    """Draw a room: messages, and changes of them and of unknown ones, in one order with skipped offsets."""
    messages: list[Message] = []
    changes: list[Change] = []
    offset = 0
    for _ in range(draw(st.integers(1, 25))):
        offset += draw(st.integers(1, 3))
        if len(messages) < MESSAGES and draw(st.booleans()):
            messages.append(draw(messages_at(offset)))
        else:
            targets = [999, *(message.offset for message in messages)]
            changes.append(draw(changes_at(offset, targets)))
    return messages, changes


def messages_at(offset: int) -> st.SearchStrategy[Message]:
    made = partial(Message, room="r", offset=offset, prev=0, key="k", text=f"text {offset}", at=offset)
    return st.sampled_from(USERS).map(lambda who: made(user=who[0], user_id=who[1]))


@st.composite
def changes_at(draw: st.DrawFn, offset: int, targets: list[int]) -> Change:
    kind = draw(st.sampled_from([*ChangeKind, "unknown"]))
    user, user_id = draw(st.sampled_from(USERS))
    return Change(
        room="r",
        offset=offset,
        prev=0,
        change=kind,
        target=draw(st.sampled_from(targets)),
        key="k",
        user=user,
        user_id=user_id,
        at=offset,
        text=f"edit {offset}" if kind == ChangeKind.EDIT else None,
        emoji=draw(st.sampled_from(EMOJI)) if "react" in kind else None,
    )


@given(rooms(), st.data())
def test_any_order_with_repeats_is_the_whole_history(
    room: tuple[list[Message], list[Change]], data: st.DataObject
) -> None:
    messages, changes = room
    arrived = data.draw(st.permutations(changes))
    repeated = data.draw(st.lists(st.sampled_from(changes), max_size=5)) if changes else []
    for message in messages:
        assert fold(message, [*arrived, *repeated]) == fold(message, changes)


@given(rooms(), st.data())
def test_a_page_and_what_follows_is_the_whole_history(
    room: tuple[list[Message], list[Change]], data: st.DataObject
) -> None:
    """A server folds a page up to some offset; the client has the changes from any earlier offset on."""
    messages, changes = room
    offsets = [0, *(change.offset for change in changes)]
    head = data.draw(st.sampled_from(offsets))
    since = data.draw(st.sampled_from([offset for offset in offsets if offset <= head]))
    for message in messages:
        page = fold(message, (change for change in changes if change.offset <= head))
        shown = page
        for change in changes:
            if change.offset > since:
                shown = fold(shown, [change])
        assert shown == fold(message, changes)


@given(rooms())
def test_nothing_of_a_deleted_message_is_left(room: tuple[list[Message], list[Change]]) -> None:
    messages, changes = room
    for message in messages:
        folded = fold(message, changes)
        if any(one.target == message.offset and one.change == ChangeKind.DELETE for one in changes):
            assert folded.deleted is not None
            assert (folded.text, folded.edited, folded.reactions) == ("", None, None)
        else:
            assert folded.deleted is None
