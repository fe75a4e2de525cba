"""The roster of a room and its changes, compared with naive models."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.cluster.roster import Changes, Move, Roster, UserState

NAMES = st.sampled_from(["ann", "bob", "eve", "Zoë"])
NODES = st.sampled_from(["n1", "n2"])
STATES = st.sampled_from(list(UserState))


class Viewer:
    """A client with a snapshot that receives changes; while it is slow they are merged for it."""

    def __init__(self, inside: set[str], away: set[str]) -> None:
        self.names = set(inside)
        self.away = set(away)
        self.missed: Changes | None = None

    def receive(self, changes: Changes) -> None:
        if self.missed is not None:
            self.missed.add(changes)
        else:
            self.names = (self.names | set(changes.joined)) - set(changes.left)
            self.away = (self.away | set(changes.away)) - set(changes.back)

    def drain(self) -> None:
        missed, self.missed = self.missed, None
        if missed is not None:
            self.receive(missed)


class Broadcasts:
    """Gathered changes, and the clients that receive them."""

    def __init__(self) -> None:
        self.inside: set[str] = set()
        self.away: set[str] = set()
        self.viewers: list[Viewer] = []
        self._changes = Changes()

    def move(self, user: str, state: UserState) -> None:
        before = UserState.AWAY if user in self.away else UserState(user in self.inside)
        if before is not state:
            self._changes.record(user, Move(before, state))
        (self.inside.discard if state is UserState.ABSENT else self.inside.add)(user)
        (self.away.add if state is UserState.AWAY else self.away.discard)(user)

    def snapshot(self) -> None:
        self._changes.mark_snapshot()
        self.viewers.append(Viewer(self.inside, self.away))

    def broadcast(self) -> None:
        changes, self._changes = self._changes, Changes()
        for viewer in self.viewers:
            viewer.receive(changes)

    def lag(self) -> None:
        for viewer in self.viewers:
            viewer.missed = viewer.missed or Changes()

    def drain(self) -> None:
        for viewer in self.viewers:
            viewer.drain()


STEPS = st.one_of(
    st.tuples(st.just("move"), NAMES, STATES),
    st.tuples(st.sampled_from(["snapshot", "broadcast", "lag", "drain"])),
)


@given(st.lists(STEPS, max_size=40))
def test_every_snapshot_ends_up_correct_when_all_changes_are_broadcast(
    steps: list[tuple[str, ...]],
) -> None:
    broadcasts = Broadcasts()
    for what, *arguments in [*steps, ("broadcast",), ("drain",)]:
        getattr(broadcasts, what)(*arguments)
    for viewer in broadcasts.viewers:
        assert (viewer.names, viewer.away) == (broadcasts.inside, broadcasts.away)


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "move", "look"]), NODES, NAMES), max_size=40))
def test_a_page_lists_the_users_in_alphabetical_order_at_any_time(
    steps: list[tuple[str, str, str]],
) -> None:
    roster, here, there = Roster(), set[str](), {"n1": set[str](), "n2": set[str]()}
    for what, node, user in [*steps, ("look", "n1", "bob")]:
        inside = sorted(here.union(*there.values()))
        if what == "add" and user not in here:
            here.add(user)
            roster.add(user)
        elif what == "remove" and user in here:
            here.remove(user)
            roster.remove(user)
        elif what == "move":
            there[node] ^= {user}
            roster.replace(node, frozenset(there[node]))
        elif what == "look":
            after = [name for name in inside if name > user]
            assert roster.page(user, 2) == (after[:2], len(after) > 2)
            assert roster.page("", 2) == (inside[:2], len(inside) > 2)
