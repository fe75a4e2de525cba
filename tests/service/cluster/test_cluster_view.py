"""The signals between nodes, case by case."""

from __future__ import annotations

from service.cluster.room_presence import NAMES_PER_SIGNAL
from service.cluster.roster import UserState
from tests.service.nodes import BEAT, Network, Node, pair


def test_the_state_of_a_large_room_is_sent_in_parts() -> None:
    network, one, other = pair()
    users = sorted(f"user {number}" for number in range(3 * NAMES_PER_SIGNAL + 1))
    for user in users:
        one.open("lobby").add(user)
    one.turn()
    topic = other.open("lobby")
    other.view.request(["lobby"])
    while network.waiting:
        network.deliver(0)
        one.turn()
    assert topic.roster.page("", 10_000) == (users, False)


def test_a_lost_part_of_a_state_is_requested_again() -> None:
    network, one, other = pair()
    for number in range(3 * NAMES_PER_SIGNAL):
        one.open("lobby").add(f"user {number}")
    one.turn()
    topic = other.open("lobby")
    other.view.request(["lobby"])
    network.deliver(0)
    one.turn()
    del network.waiting[1]
    network.now += BEAT
    network.settle()
    assert len(topic.roster) == 3 * NAMES_PER_SIGNAL


def test_a_user_on_two_nodes_leaves_with_the_last() -> None:
    network, one, other = pair()
    for node in (one, other):
        node.open("lobby").add("ann")
    network.settle()
    one.topics["lobby"].remove("ann")
    network.settle()
    assert [len(node.topics["lobby"].roster) for node in (one, other)] == [1, 1]
    other.topics["lobby"].remove("ann")
    network.settle()
    assert [len(node.topics["lobby"].roster) for node in (one, other)] == [0, 0]


def test_a_node_alone_publishes_nothing_about_its_users() -> None:
    network = Network()
    node = Node(network)
    network.nodes = [node, Node(network)]
    node.open("lobby").add("ann")
    node.turn()
    assert network.waiting == []


def test_an_answer_without_a_pending_request_is_ignored() -> None:
    network, one, other = pair()
    answered: list[str] = []
    one.view.request(["lobby"], done=lambda: answered.append("all"))
    network.deliver(0)
    other.turn()
    network.waiting *= 2
    while network.waiting:
        network.deliver(0)
    assert answered == ["all"]


def test_a_lost_leave_is_detected_when_no_heartbeat_names_the_room() -> None:
    network, one, other = pair()
    one.open("lobby").add("ann")
    topic = other.open("lobby")
    network.settle()
    one.topics["lobby"].remove("ann")
    one.turn()
    assert (len(network.waiting), len(topic.roster)) == (1, 1)
    network.waiting.clear()
    network.settle()
    assert len(topic.roster) == 0


def test_a_duplicate_join_after_the_leave_makes_no_ghost() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    one.open("lobby").add("ann")
    one.turn()
    late = list(network.waiting)
    one.topics["lobby"].remove("ann")
    network.settle()
    network.waiting += late
    network.settle()
    assert len(topic.roster) == 0


def test_a_late_state_changes_nothing() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    one.open("lobby").add("ann")
    one.turn()
    other.view.request(["lobby"])
    network.deliver(1)
    one.turn()
    late = network.waiting.pop(1)
    one.topics["lobby"].add("bob")
    network.settle()
    network.waiting.append(late)
    network.deliver(0)
    assert topic.roster.page("", 10)[0] == ["ann", "bob"]


def test_late_signals_of_a_node_that_left_do_not_bring_it_back() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    one.open("lobby").add("ann")
    network.settle()
    other.view.request(["lobby"])
    network.deliver(0)
    one.turn()
    late = [signal for signal in network.waiting if signal[0] is other]
    network.waiting.clear()
    one.view.send_leaving()
    network.nodes.remove(one)
    network.deliver(0)
    network.waiting += late
    while network.waiting:
        network.deliver(0)
    assert late
    assert not other.view.peers
    assert len(topic.roster) == 0


def test_the_first_requester_receives_all_states_before_the_done_signal() -> None:
    network, one, other = pair()
    third = Node(network)
    network.nodes.append(third)
    rooms = [f"room {number}" for number in range(5)]
    for room in rooms:
        one.open(room).add("ann")
        other.open(room)
    network.settle()
    for asking in (other, third):
        asking.view.resync()
        while network.waiting:
            network.deliver(0)
        # Only one state is sent before another node requests the same.
        one.view.send_states(1)
    while one.view.send_states(1) or network.waiting:
        while network.waiting:
            network.deliver(0)
            assert [len(other.topics[room].roster) for room in rooms] == [1] * 5


def test_a_done_signal_may_overtake_the_states() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    for user in ("ann", "bob"):
        one.open(user).add(user)
        other.open(user)
    one.open("lobby").add("ann")
    network.settle()
    other.view.resync()
    network.deliver(0)
    # The leave in between was lost.
    one.topics["bob"].remove("bob")
    one.view.publish()
    network.waiting.clear()
    one.turn()
    while network.waiting:
        network.deliver(len(network.waiting) - 1)
        assert len(topic.roster) == 1
    network.settle()
    assert [len(other.topics[room].roster) for room in ("lobby", "ann", "bob")] == [1, 1, 0]


def test_a_user_is_away_when_all_connections_on_all_nodes_are() -> None:
    network, one, other = pair()
    one.open("lobby").add("ann", away=True)
    other.open("lobby").add("ann")
    network.settle()
    rosters = [node.topics["lobby"].roster for node in (one, other)]
    assert [roster.state("ann") for roster in rosters] == [UserState.HERE] * 2
    other.topics["lobby"].turn("ann", away=True)
    network.settle()
    assert [roster.state("ann") for roster in rosters] == [UserState.AWAY] * 2
    other.topics["lobby"].add("ann")
    network.settle()
    assert [roster.state("ann") for roster in rosters] == [UserState.HERE] * 2


def test_a_lost_change_of_who_is_away_is_corrected_by_a_heartbeat() -> None:
    network, one, other = pair()
    one.open("lobby").add("ann")
    topic = other.open("lobby")
    network.settle()
    one.topics["lobby"].turn("ann", away=True)
    one.turn()
    assert len(network.waiting) == 1
    network.waiting.clear()
    assert topic.roster.state("ann") is UserState.HERE
    network.settle()
    assert topic.roster.state("ann") is UserState.AWAY


def test_a_node_of_the_last_release_agrees_on_the_members_of_a_newer_one() -> None:
    network, one, older = pair()
    network.seen_by = lambda signal: {k: v for k, v in signal.items() if k not in {"away", "back"}}
    one.open("lobby").add("ann")
    older.open("lobby").add("bob")
    network.settle()
    one.topics["lobby"].turn("ann", away=True)
    one.turn()
    one.topics["lobby"].add("eve", away=True)
    network.settle()
    rosters = [node.topics["lobby"].roster for node in (one, older)]
    assert [roster.page("", 10)[0] for roster in rosters] == [["ann", "bob", "eve"]] * 2
    assert [roster.away(["ann", "bob", "eve"]) for roster in rosters] == [["ann", "eve"], []]
    one.topics["lobby"].remove("ann", away=True)
    network.settle()
    assert [roster.page("", 10)[0] for roster in rosters] == [["bob", "eve"]] * 2
