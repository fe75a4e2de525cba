"""Who is in a room, and who came and went: held against naive models."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from service.presence import Changes, Roster

NAMES = st.sampled_from(["ann", "bob", "eve", "Zoë"])
NODES = st.sampled_from(["n1", "n2"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["arrive", "depart", "come", "go", "forget"]), NODES, NAMES), max_size=40
)


@given(STEPS)
def test_a_user_is_here_while_any_connection_is_on_any_node(taken: list[tuple[str, str, str]]) -> None:
    roster, here, there = Roster(), Counter[str](), dict[str, set[str]]()
    inside = set[str]()
    for kind, node, user in taken:
        users = there.setdefault(node, set())
        if kind == "arrive":
            here[user] += 1
            assert roster.arrive(user) is (here[user] == 1)
        elif kind == "depart" and here[user]:
            here[user] -= 1
            assert roster.depart(user) is (here[user] == 0)
        elif kind == "come":
            users.add(user)
            roster.move(node, [user], [])
        elif kind == "go":
            users.discard(user)
            roster.move(node, [], [user])
        elif kind == "forget":
            users.clear()
            roster.replace(node, set())
        before, inside = inside, {name for name in here if here[name]}.union(*there.values())
        changes, roster.changes = roster.changes, Changes()
        assert (set(changes.joined), set(changes.left)) == (inside - before, before - inside)
        assert (len(roster), roster.page("", 10)) == (len(inside), (sorted(inside), False))
        assert set(roster.here) == {name for name in here if here[name]}
        assert all(roster.there(name) == there[name] for name in there)


@given(st.sets(st.text(max_size=4)), st.text(max_size=2))
def test_those_that_begin_alike_are_found(names: set[str], prefix: str) -> None:
    roster = Roster()
    for name in names:
        roster.arrive(name)
    assert list(roster.beginning(prefix)) == sorted(name for name in names if name.startswith(prefix))


@given(st.sets(st.text(min_size=1, max_size=3)), st.integers(1, 4))
def test_pages_go_through_all_names_once(names: set[str], limit: int) -> None:
    roster, found, more, after = Roster(), list[str](), True, ""
    for name in names:
        roster.arrive(name)
    while more:
        page, more = roster.page(after, limit)
        assert len(page) == limit or not more
        found += page
        after = page[-1] if page else ""
    assert found == sorted(names)


@given(st.lists(NAMES, max_size=30), st.lists(st.booleans(), min_size=30, max_size=30))
def test_changes_tell_the_difference_and_name_nobody_who_did_both(moves: list[str], cuts: list[bool]) -> None:
    inside, told = {"ann", "eve"}, Changes()
    seen, first = set(inside), Changes()
    for user, cut in zip(moves, cuts, strict=False):
        inside ^= {user}
        (first.came if user in inside else first.went)(user)
        if cut:
            # Gathered in portions, as for somebody who lags.
            told.add(first)
            first = Changes()
    told.add(first)
    assert (set(told.joined), set(told.left)) == (inside - seen, seen - inside)
    assert bool(told) is (inside != seen)
