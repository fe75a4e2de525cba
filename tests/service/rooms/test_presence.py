"""Who is in a room, and who came and went: held against naive models."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.cluster.roster import Changes, Roster

NAMES = st.sampled_from(["ann", "bob", "eve", "Zoë"])
NODES = st.sampled_from(["n1", "n2"])


class Viewer:
    """Somebody who was shown who is here, and is told of changes; while it lags they are gathered for it."""

    def __init__(self, inside: set[str]) -> None:
        self.sees = set(inside)
        self.missed: Changes | None = None

    def take(self, changes: Changes) -> None:
        if self.missed is not None:
            self.missed.add(changes)
        else:
            self.sees = (self.sees | set(changes.joined)) - set(changes.left)

    def drain(self) -> None:
        missed, self.missed = self.missed, None
        if missed is not None:
            self.take(missed)


class Gathering:
    """Changes that are gathered, and those who are told."""

    def __init__(self) -> None:
        self.inside: set[str] = set()
        self.viewers: list[Viewer] = []
        self._changes = Changes()

    def move(self, user: str) -> None:
        self.inside ^= {user}
        (self._changes.came if user in self.inside else self._changes.went)(user)

    def show(self) -> None:
        self._changes.show()
        self.viewers.append(Viewer(self.inside))

    def tell(self) -> None:
        changes, self._changes = self._changes, Changes()
        for viewer in self.viewers:
            viewer.take(changes)

    def lag(self) -> None:
        for viewer in self.viewers:
            viewer.missed = viewer.missed or Changes()

    def drain(self) -> None:
        for viewer in self.viewers:
            viewer.drain()


STEPS = st.one_of(
    st.tuples(st.just("move"), NAMES), st.tuples(st.sampled_from(["show", "tell", "lag", "drain"]))
)


@given(st.lists(STEPS, max_size=40))
def test_whoever_is_shown_who_is_here_at_any_moment_sees_the_truth_when_all_is_told(
    steps: list[tuple[str, ...]],
) -> None:
    gathering = Gathering()
    for what, *arguments in [*steps, ("tell",), ("drain",)]:
        getattr(gathering, what)(*arguments)
    assert all(viewer.sees == gathering.inside for viewer in gathering.viewers)


@given(st.lists(st.tuples(st.sampled_from(["arrive", "depart", "move", "look"]), NODES, NAMES), max_size=40))
def test_a_page_is_of_who_is_here_by_alphabet_whenever_it_is_looked_at(
    steps: list[tuple[str, str, str]],
) -> None:
    roster, here, there = Roster(), set[str](), {"n1": set[str](), "n2": set[str]()}
    for what, node, user in [*steps, ("look", "n1", "bob")]:
        inside = sorted(here.union(*there.values()))
        if what == "arrive" and user not in here:
            here.add(user)
            roster.arrive(user)
        elif what == "depart" and user in here:
            here.remove(user)
            roster.depart(user)
        elif what == "move":
            there[node] ^= {user}
            roster.replace(node, frozenset(there[node]))
        elif what == "look":
            behind = [name for name in inside if name > user]
            assert roster.page(user, 2) == (behind[:2], len(behind) > 2)
            assert roster.page("", 2) == (inside[:2], len(inside) > 2)
