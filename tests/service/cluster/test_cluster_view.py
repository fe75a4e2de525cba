"""What nodes tell each other, case by case."""

from __future__ import annotations

from service.cluster.room_presence import NAMES_AT_ONCE
from tests.service.nodes import BEAT, Network, Node, pair


def test_a_large_room_is_told_in_parts() -> None:
    network, one, other = pair()
    users = sorted(f"user {number}" for number in range(3 * NAMES_AT_ONCE + 1))
    for user in users:
        one.open("lobby").arrive(user)
    one.turn()
    topic = other.open("lobby")
    other.view.ask(["lobby"])
    while network.waiting:
        network.deliver(0)
        one.turn()
    assert topic.roster.page("", 10_000) == (users, False)


def test_a_part_that_is_lost_is_asked_for_again() -> None:
    network, one, other = pair()
    for number in range(3 * NAMES_AT_ONCE):
        one.open("lobby").arrive(f"user {number}")
    one.turn()
    topic = other.open("lobby")
    other.view.ask(["lobby"])
    network.deliver(0)
    one.turn()
    del network.waiting[1]
    network.now += BEAT
    network.settle()
    assert len(topic.roster) == 3 * NAMES_AT_ONCE


def test_who_is_on_two_nodes_leaves_with_the_last() -> None:
    network, one, other = pair()
    for node in (one, other):
        node.open("lobby").arrive("ann")
    network.settle()
    one.topics["lobby"].depart("ann")
    network.settle()
    assert [len(node.topics["lobby"].roster) for node in (one, other)] == [1, 1]
    other.topics["lobby"].depart("ann")
    network.settle()
    assert [len(node.topics["lobby"].roster) for node in (one, other)] == [0, 0]


def test_a_node_alone_says_nothing_of_its_users() -> None:
    network = Network()
    node = Node(network)
    network.nodes = [node, Node(network)]
    node.open("lobby").arrive("ann")
    node.turn()
    assert network.waiting == []


def test_an_answer_that_nobody_waits_for_is_no_fault() -> None:
    network, one, other = pair()
    answered: list[str] = []
    one.view.ask(["lobby"], answered=lambda: answered.append("all"))
    network.deliver(0)
    other.turn()
    network.waiting *= 2
    while network.waiting:
        network.deliver(0)
    assert answered == ["all"]


def test_a_lost_departure_is_noticed_though_nobody_names_the_room_any_more() -> None:
    network, one, other = pair()
    one.open("lobby").arrive("ann")
    topic = other.open("lobby")
    network.settle()
    one.topics["lobby"].depart("ann")
    one.turn()
    assert (len(network.waiting), len(topic.roster)) == (1, 1)
    network.waiting.clear()
    network.settle()
    assert len(topic.roster) == 0


def test_an_arrival_that_comes_again_when_the_user_has_left_makes_no_ghost() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    one.open("lobby").arrive("ann")
    one.turn()
    late = list(network.waiting)
    one.topics["lobby"].depart("ann")
    network.settle()
    network.waiting += late
    network.settle()
    assert len(topic.roster) == 0


def test_a_state_that_comes_late_changes_nothing() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    one.open("lobby").arrive("ann")
    one.turn()
    other.view.ask(["lobby"])
    network.deliver(1)
    one.turn()
    late = network.waiting.pop(1)
    one.topics["lobby"].arrive("bob")
    network.settle()
    network.waiting.append(late)
    network.deliver(0)
    assert topic.roster.page("", 10)[0] == ["ann", "bob"]


def test_what_a_node_said_ahead_of_its_goodbye_does_not_bring_it_back() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    one.open("lobby").arrive("ann")
    network.settle()
    other.view.ask(["lobby"])
    network.deliver(0)
    one.turn()
    late = [signal for signal in network.waiting if signal[0] is other]
    network.waiting.clear()
    one.view.bye()
    network.nodes.remove(one)
    network.deliver(0)
    network.waiting += late
    while network.waiting:
        network.deliver(0)
    assert late
    assert not other.view.peers
    assert len(topic.roster) == 0


def test_who_asked_first_is_told_all_before_it_is_told_that_this_was_all() -> None:
    network, one, other = pair()
    third = Node(network)
    network.nodes.append(third)
    rooms = [f"room {number}" for number in range(5)]
    for room in rooms:
        one.open(room).arrive("ann")
        other.open(room)
    network.settle()
    for asking in (other, third):
        asking.view.start_anew()
        while network.waiting:
            network.deliver(0)
        # There is no time for more, and then somebody else asks for the same.
        one.view.answer(1)
    while one.view.answer(1) or network.waiting:
        while network.waiting:
            network.deliver(0)
            assert [len(other.topics[room].roster) for room in rooms] == [1] * 5


def test_the_word_that_all_was_told_may_overtake_what_it_is_about() -> None:
    network, one, other = pair()
    topic = other.open("lobby")
    for user in ("ann", "bob"):
        one.open(user).arrive(user)
        other.open(user)
    one.open("lobby").arrive("ann")
    network.settle()
    other.view.start_anew()
    network.deliver(0)
    # Who left meanwhile was not heard.
    one.topics["bob"].depart("bob")
    one.view.gather()
    network.waiting.clear()
    one.turn()
    while network.waiting:
        network.deliver(len(network.waiting) - 1)
        assert len(topic.roster) == 1
    network.settle()
    assert [len(other.topics[room].roster) for room in ("lobby", "ann", "bob")] == [1, 1, 0]
