"""After any sequence of network faults, no message is lost, duplicated or out of order."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubbub_client.sans_io import effects
from tests.hubbub_client.simulation import ANN, Simulation

# After this time the server may not know the key: then the message settles it (TL8).
KEY_IS_KNOWN = 240_000

ACTIONS = st.one_of(
    # Actions without faults are more frequent, or no connection would make progress.
    st.sampled_from(["deliver_command", "deliver_event", "say", "other_says"] * 3).map(
        lambda name: (name, ())
    ),
    st.sampled_from(
        ["lose_up", "lose_down", "repeat_down", "swap_down", "break_link", "lose_log", "lose_log_and_link"]
    ).map(lambda name: (name, ())),
    st.tuples(st.just("other_says"), st.tuples(st.integers(1, 3))),
    st.tuples(st.just("trim"), st.tuples(st.integers(0, 4))),
    st.tuples(st.just("rewind"), st.tuples(st.integers(0, 3))),
    st.tuples(st.just("wait"), st.tuples(st.sampled_from([0, 300, 6000, 20000, 60000, KEY_IS_KNOWN]))),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTIONS, max_size=80), st.integers(0, 3))
@example([("other_says", (3,)), ("lose_down", ()), ("other_says", ())], 0)
@example([("say", ()), ("deliver_command", ()), ("break_link", ()), ("lose_log", ())], 0)
@example(
    [
        *(("other_says", (2,)), ("say", ()), ("deliver_command", ()), ("deliver_event", ())),
        *(("deliver_event", ()), ("break_link", ()), ("wait", (KEY_IS_KNOWN,))),
    ],
    0,
)
def test_nothing_is_lost_duplicated_or_out_of_order(
    actions: list[tuple[str, tuple[int, ...]]], chance: int
) -> None:
    sim = Simulation(lambda: chance / 4)
    for name, numbers in actions:
        getattr(sim, name)(*numbers)
        check_the_way(sim)
        check_the_view(sim)
    sim.settle()
    check_the_way(sim)
    check_the_end(sim)


def check_the_way(sim: Simulation) -> None:
    """Check the reported messages: no break in the chain without a gap, no gap without a reason."""
    assert sim.gaps == sim.reasons
    for before, behind in pairwise(sim.chain):
        if before is not None and behind is not None:
            (at, _), (next_at, prev) = before, behind
            assert next_at.epoch == at.epoch
            assert prev == at.offset


def check_the_view(sim: Simulation) -> None:
    """Check that each own message is shown once, and settled by its receipt only."""
    shown = [line.key for line in sim.room.timeline.lines if line is not None and line.user == ANN]
    shown += [own.key for own in sim.room.outbox.messages]
    assert len(set(shown)) == len(shown)
    settled = {effect.key for effect in sim.reported if isinstance(effect, effects.MessageStored)}
    for key in settled - sim.receipts:
        assert sim.now - sim.first_sent[key] >= KEY_IS_KNOWN


def check_the_end(sim: Simulation) -> None:
    assert sim.room.timeline.position is not None
    assert (sim.room.timeline.position.epoch, sim.room.timeline.position.offset) == (
        sim.log.name,
        sim.log.head,
    )
    # The outbox is empty: every stored message has arrived.
    assert [own.key for own in sim.room.outbox] == []
    # Each own message was reported as stored, once, at its position in the log.
    stored = [effect for effect in sim.reported if isinstance(effect, effects.MessageStored)]
    assert sorted(effect.key for effect in stored) == sorted(f"k{n}" for n in range(1, sim.said + 1))
    for effect in stored:
        assert sim.log.history[effect.epoch, effect.offset] == f"own {effect.key[1:]}"
    # No message failed, and the view ends with the kept messages.
    assert not [effect for effect in sim.reported if isinstance(effect, effects.MessageFailed)]
    shown = [line for line in sim.room.timeline.lines if line is not None]
    kept = [message for message in shown if message.offset > sim.log.trimmed and message in sim.log.kept]
    assert kept == sim.log.kept[len(sim.log.kept) - len(kept) :]
    assert kept
    assert len({message.offset for message in kept}) == len(kept)
    assert all(message.user != ANN or message.key.startswith("k") for message in shown)
