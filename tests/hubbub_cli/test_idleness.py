"""When a user of the full screen is away, and how others see it."""

from hubbub_cli.tui.idleness import IDLE_AFTER, Idleness
from hubbub_client import Client, Presence
from tests.hubbub_cli.screen import chat, enter, until
from tests.hubbub_cli.server import Server


def test_a_user_without_a_key_for_ten_minutes_is_away_until_the_next_one() -> None:
    now = 0.0
    reported: list[bool] = []
    idleness = Idleness(reported.append, lambda: now)
    now = IDLE_AFTER - 1
    idleness.input()
    now += IDLE_AFTER - 1
    idleness.look()
    assert reported == []
    now += 1
    idleness.look()
    idleness.look()
    assert reported == [True]
    idleness.input()
    assert reported == [True, False]


def test_a_user_who_states_to_be_away_is_until_the_opposite_is_stated() -> None:
    reported: list[bool] = []
    idleness = Idleness(reported.append)
    idleness.state(away=True)
    idleness.input()
    assert reported == [True]
    idleness.state(away=False)
    assert reported == [True, False]


async def test_a_user_is_away_and_back_for_others(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(80, 24)) as pilot:
        there = await bob.join(room)
        await until(pilot, lambda screen: "2 here: ann, bob" in screen)
        bob.away(away=True)
        await until(pilot, lambda screen: "2 here: ann, bob (away)" in screen)
        await enter(pilot, "/away")
        await until(pilot, lambda screen: "2 here: ann (away), bob (away)" in screen)
        assert there.members.away == {"ann", "bob"}
        await enter(pilot, "/back")
        await until(pilot, lambda screen: "2 here: ann, bob (away)" in screen)
        async for event in there:
            if isinstance(event, Presence) and event.back:
                assert event.back == ("ann",)
                break
