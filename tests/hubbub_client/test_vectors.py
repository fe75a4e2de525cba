"""The state machine produces the effects of the vectors, step by step."""

import msgspec
import pytest

from hubbub_client.sans_io.backoff import backoff
from hubbub_client.sans_io.client_machine import ClientMachine
from tests.hubbub_client.vectors import FOLDER, Case, Step, cases, to_array, to_input, to_status
from tests.hubbub_client.view import view


class Row(msgspec.Struct, forbid_unknown_fields=True):
    attempt: int
    random: float
    retry_after: int | None
    wait: int


class RowFile(msgspec.Struct):
    rows: list[Row]


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.id)
def test_case(case: Case) -> None:
    client = ClientMachine(case.options.options(), case.options.random_source())
    now = 0
    for number, step in enumerate(case.steps, start=1):
        now = now if step.at is None else step.at
        done = [to_array(effect) for effect in client.step(to_input(step.given), now)]
        assert done == step.do, f"step {number}: {step.given}"
        check(client, step, f"step {number}: {step.given}")


def check(client: ClientMachine, step: Step, where: str) -> None:
    if step.deadline is not msgspec.UNSET:
        assert client.deadline == step.deadline, where
    if step.status is not msgspec.UNSET:
        assert to_status(client.status) == step.status, where
    for name in {*step.view, *step.members, *step.typing, *step.topic}:
        room = client.rooms.get(name)
        assert room is not None, where
        if name in step.view:
            assert view(room) == step.view[name], where
        if name in step.members:
            assert msgspec.to_builtins(room.members.members) == step.members[name], where
        if name in step.topic:
            assert room.timeline.topic == step.topic[name], where
        if name in step.typing:
            assert list(room.typing_users.names) == step.typing[name], where


@pytest.mark.parametrize(
    "row", msgspec.json.decode((FOLDER / "backoff.json").read_bytes(), type=RowFile).rows, ids=str
)
def test_backoff(row: Row) -> None:
    assert backoff(row.attempt, row.random, row.retry_after) == row.wait
