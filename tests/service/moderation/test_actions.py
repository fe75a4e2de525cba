"""What is in force."""

from __future__ import annotations

import pytest

from service.moderation.actions import Kind, ModerationAction, ModerationState, Subject


def user(name: str) -> Subject:
    return Subject(name, "192.0.2.1")


def test_a_ban_is_in_force_until_it_ends_or_is_revoked() -> None:
    state = ModerationState()
    state.apply(ModerationAction("ban", "u1", 1_000, "spam", until=2_000))
    state.apply(ModerationAction("ban", "u2", 1_000, "spam"))
    assert state.ban(user("u1"), 1_999)
    assert state.ban(user("u1"), 2_000) is None
    assert state.ban(user("u2"), 10**15)
    state.apply(ModerationAction("unban", "u2", 3_000, "a mistake"))
    assert state.ban(user("u2"), 3_000) is None
    state.expire(2_000)
    assert len(state) == 0


def test_a_closed_room_is_no_ban_of_a_user_of_that_name() -> None:
    state = ModerationState()
    state.apply(ModerationAction("close", "lobby", 1_000, "a break"))
    assert state.closure("lobby", 1_000)
    assert state.ban(user("lobby"), 1_000) is None
    assert [action.action for action in state.active(1_000)] == ["close"]
    state.apply(ModerationAction("reopen", "lobby", 2_000, "the break is over"))
    assert state.closure("lobby", 2_000) is None


def test_a_kick_leaves_nothing_in_force() -> None:
    state = ModerationState()
    state.apply(ModerationAction("kick", "u1", 1_000, "spam"))
    assert state.active(1_000) == []


@pytest.mark.parametrize("kind", ["user", "address", "token"])
def test_a_ban_of_one_kind_is_none_of_another(kind: Kind) -> None:
    state = ModerationState()
    state.apply(ModerationAction("ban", "x", 1_000, "spam", kind=kind))
    subjects: dict[Kind, Subject] = {
        "user": Subject("x", "a", "t"), "address": Subject("u", "x", "t"), "token": Subject("u", "a", "x"),
    }  # fmt: skip
    assert [one for one, subject in subjects.items() if state.ban(subject, 1_000)] == [kind]
    assert [one for one, subject in subjects.items() if subject.has(kind, "x")] == [kind]
    assert not subjects[kind].has("room", "x")
