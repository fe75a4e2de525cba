"""Who is in a room, and who came and went: held against naive models."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from service.presence import Changes, Roster

NAMES = st.sampled_from(["ann", "bob", "eve", "Zoë"])
NODES = st.sampled_from(["n1", "n2"])


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Draw arrivals, departures and nodes that are forgotten, in any order."""
    step = st.tuples(st.sampled_from(["arrive", "depart", "forget"]), NODES, NAMES)
    return draw(st.lists(step, max_size=40))


@given(steps())
def test_a_user_is_here_while_any_connection_is_on_any_node(taken: list[tuple[str, str, str]]) -> None:
    roster, model = Roster(), Counter[tuple[str, str]]()
    for kind, node, user in taken:
        before = here(model)
        if kind == "arrive":
            model[node, user] += 1
            assert roster.arrive(node, user) is (user not in before)
        elif kind == "depart":
            model[node, user] = max(0, model[node, user] - 1)
            assert roster.depart(node, user) is (user in before - here(model))
        else:
            model = Counter({at: count for at, count in model.items() if at[0] != node})
            assert sorted(roster.forget(node)) == sorted(before - here(model))
        assert len(roster) == len(here(model))
        assert {name for name in ("ann", "bob", "eve", "Zoë") if name in roster} == here(model)
        assert roster.page("", 10) == (sorted(here(model)), False)


def here(model: Counter[tuple[str, str]]) -> set[str]:
    return {user for (_, user), count in model.items() if count}


@given(st.sets(st.text(min_size=1, max_size=3)), st.integers(1, 4))
def test_pages_go_through_all_names_once(names: set[str], limit: int) -> None:
    roster, found, more, after = Roster(), list[str](), True, ""
    for name in names:
        roster.arrive("n", name)
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
