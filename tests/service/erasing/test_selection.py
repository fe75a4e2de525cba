"""Which entries a selection names."""

from __future__ import annotations

import pytest

from hubbub_protocol.folding import ChangeKind
from service.erasing.selection import REACH, EntrySelector, Selection, StoredEntry
from service.wire.messages import ERASED_PAYLOAD, ChangePayload, MessagePayload, encode_stored

AT = 1_000


def message(offset: int, user: str, text: str = "text") -> StoredEntry:
    payload = MessagePayload("k", user, user, "guest", text, AT + offset)
    return StoredEntry(offset, AT + offset, encode_stored(payload))


def change(offset: int, kind: ChangeKind, target: int, user: str) -> StoredEntry:
    text = "new" if kind is ChangeKind.EDIT else None
    emoji = "🎉" if kind is ChangeKind.REACT else None
    payload = ChangePayload(kind, target, "k", user, user, "guest", AT + offset, text=text, emoji=emoji)
    return StoredEntry(offset, AT + offset, encode_stored(payload))


ENTRIES = [
    message(1, "ann"),
    message(2, "bob"),
    change(3, ChangeKind.EDIT, 1, "ann"),
    change(4, ChangeKind.REACT, 2, "ann"),
    change(5, ChangeKind.REACT, 1, "bob"),
    change(6, ChangeKind.DELETE, 2, "bob"),
    StoredEntry(7, AT, ERASED_PAYLOAD),
    StoredEntry(8, AT, b"\xff"),
    message(9, "ann"),
]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(room="r"), [1, 2, 3, 4, 5, 6, 9]),
        (Selection(room="r", messages=(1, 4)), [1, 3, 4]),
        (Selection(user="ann"), [1, 3, 4, 9]),
        (Selection(user="bob"), [2, 5, 6]),
        (Selection(before=AT + 3), [1, 2, 3]),
        (Selection(user="ann", before=AT + 4), [1, 3]),
        (Selection(room="r", messages=(7, 8)), []),
    ],
)
def test_a_selection_names_entries_and_the_edits_of_its_messages(
    selection: Selection, expected: list[int]
) -> None:
    for size in (1, 4, 100):
        selector = EntrySelector(selection)
        pages = [ENTRIES[start : start + size] for start in range(0, len(ENTRIES), size)]
        assert [offset for page in pages for offset in selector.select(page)] == expected
        assert selector.end == 9


def test_messages_that_were_deleted_need_no_deletion_and_reactions_are_known() -> None:
    selector = EntrySelector(Selection(room="r", messages=(1, 2)))
    selector.select(ENTRIES)
    assert list(selector.messages) == [1]
    selector = EntrySelector(Selection(user="ann"))
    selector.select(ENTRIES)
    assert {offset: each.target for offset, each in selector.reactions.items()} == {4: 2}


def test_what_is_remembered_is_bounded() -> None:
    selector = EntrySelector(Selection(room="r"))
    selector.select(message(offset, "ann") for offset in (1, 2, 3, REACH + 3))
    assert list(selector.messages) == [3, REACH + 3]


@pytest.mark.parametrize(
    "selection",
    [
        Selection(room="r", messages=(1,)),
        Selection(before=AT + 2),
        Selection(before=AT + 2, user="ann"),
        Selection(user="ann"),
    ],
)
def test_an_edit_is_found_however_far_it_follows(selection: Selection) -> None:
    selector = EntrySelector(selection)
    assert selector.select([message(1, "ann")]) == [1]
    # Others make it forget what lies so far back.
    selector.select(message(offset, "bob") for offset in range(2, 4))
    far = 3 * REACH
    selector.select([message(far, "ann")])
    late = [
        change(far + 1, ChangeKind.EDIT, 1, "ann"),
        change(far + 2, ChangeKind.EDIT, 3, "bob"),
        change(far + 3, ChangeKind.REACT, 1, "bob"),
    ]
    assert selector.select(late) == [far + 1]


@pytest.mark.parametrize(
    ("selection", "fault"),
    [
        (Selection(), "Nothing is selected"),
        (Selection(user="u", messages=(1,)), "`messages` needs `room`"),
        (Selection(user="u"), None),
        (Selection(before=1), None),
    ],
)
def test_a_selection_that_names_too_little_is_a_fault(selection: Selection, fault: str | None) -> None:
    found = selection.fault()
    assert found is None if fault is None else fault in str(found)
