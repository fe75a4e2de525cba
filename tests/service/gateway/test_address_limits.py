"""The clients of one address share limits: sockets, handshakes, connections, names and new rooms."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest

from tests.service.peer import Ended, Peer
from tests.service.serving import Served, until

OTHER = "127.0.0.2"


async def _welcomed(served: Served, address: str = "127.0.0.1", name: str | None = None) -> Peer:
    peer = await served.peer(address=address)
    await peer.upgrade()
    answer = await peer.ask("hello", **({} if name is None else {"name": name}))
    assert answer["type"] == "welcome", answer
    return peer


async def _refused(served: Served, address: str = "127.0.0.1") -> int:
    peer = await served.peer(address=address)
    await peer.upgrade()
    return await peer.closed()


@pytest.mark.settings(connections_per_address=2)
async def test_an_address_has_so_many_connections_and_others_are_not_affected(served: Served) -> None:
    first = await _welcomed(served)
    await _welcomed(served)
    assert await _refused(served) == 4001
    await _welcomed(served, OTHER)
    assert served.node.metrics.address_limited.counts == {"connections": 1}
    first.disconnect()
    await until(lambda: len(served.node.connections) == 2)
    await _welcomed(served)


@pytest.mark.settings(admissions_per_address=0.5)
async def test_an_address_opens_so_many_connections_a_second(served: Served) -> None:
    for _ in range(2):
        await _welcomed(served)
    late = await served.peer()
    await late.upgrade()
    drain = await late.event("drain")
    assert 0 < drain["delay"] <= 2000
    assert "booked" not in drain, "no slot is reserved for it"
    assert await late.closed() == 4001
    with pytest.raises(Ended, match=r"503 .*\r\nRetry-After: [12]\r\n"):
        await (await served.peer()).upgrade(protocol=None)
    await _welcomed(served, OTHER)
    assert served.node.metrics.address_limited.counts == {"admissions": 2}


@pytest.mark.tuning(sockets_per_address=2)
async def test_an_address_has_so_many_sockets_without_a_session(served: Served) -> None:
    silent = [await served.peer() for _ in range(2)]
    extra = await served.peer()
    assert await extra.rest() == b""
    other = await served.peer(address=OTHER)
    await other.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await other.head()).startswith("HTTP/1.1 200")
    # One of them becomes a session, the other one speaks HTTP.
    await silent[0].upgrade()
    await silent[1].write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await silent[1].head()).startswith("HTTP/1.1 200")
    await _welcomed(served)
    silent[1].disconnect()
    for _ in range(5):
        await _welcomed(served)
    assert served.node.metrics.address_limited.counts == {"sockets": 1}


@pytest.mark.settings(names_per_address=2)
async def test_the_guests_of_an_address_have_so_many_names(served: Served) -> None:
    ann = await _welcomed(served, name="ann")
    await _welcomed(served, name="bob")
    late = await served.peer()
    await late.upgrade()
    refused = await late.ask("hello", name="cid")
    assert (refused["code"], refused["retry"], refused["retry_after"]) == ("too_many_names", True, 10_000)
    assert "HUBBUB_NAMES_PER_ADDRESS" in str(refused["message"])
    await _welcomed(served, OTHER, name="cid")
    plain = await served.plain("?name=dan")
    assert await plain.closed() == 4001
    ann.disconnect()
    await until(lambda: len(served.node.connections) == 3)
    assert (await late.ask("hello", name="eve"))["type"] == "welcome"


@pytest.mark.settings(names_per_address=1)
async def test_tabs_of_one_guest_have_one_name(served: Served) -> None:
    peer = await served.peer()
    await peer.upgrade()
    welcome = await peer.ask("hello", name="ann")
    tab = await served.peer()
    await tab.upgrade()
    again = await tab.ask("hello", name="ann", session=welcome["session"])
    assert again["type"] == "welcome"


@pytest.mark.settings(connections=3)
async def test_a_full_node_closes_the_oldest_guest_without_a_room(served: Served) -> None:
    busy = await _welcomed(served)
    await busy.ask("join", room="lobby")
    oldest, younger = await _welcomed(served), await _welcomed(served)
    await _welcomed(served, OTHER)
    assert await oldest.closed() == 4001
    await younger.ask("join", room="lobby")
    await busy.ask("leave", room="lobby")
    newcomer = await _welcomed(served, OTHER)
    assert (await newcomer.ask("join", room="lobby"))["type"] == "joined"
    assert (await younger.ask("who", room="lobby"))["count"] == 2
    assert served.node.metrics.idle_guests_closed == 2


@pytest.mark.settings(connections=1)
async def test_a_full_node_keeps_those_who_are_in_a_room(served: Served) -> None:
    peer = await _welcomed(served)
    await peer.ask("join", room="lobby")
    assert await _refused(served, OTHER) == 4001
    assert (await peer.ask("who", room="lobby"))["count"] == 1


@pytest.mark.settings(new_rooms_per_hour=2.0)
async def test_the_guests_of_an_address_begin_so_many_rooms(served: Served) -> None:
    peer = await _welcomed(served)
    answers = []
    for room in ("one", "two", "two", "three", "one"):
        await peer.ask("join", room=room)
        answers.append(await peer.ask("send", room=room, text="text"))
        await peer.ask("leave", room=room)
    assert [answer["type"] for answer in answers] == ["sent", "sent", "sent", "error", "sent"]
    refused = answers[3]
    assert (refused["code"], refused["retry"]) == ("too_many_new_rooms", True)
    assert 1_700_000 < refused["retry_after"] <= 1_800_000
    other = await _welcomed(served, OTHER)
    await other.ask("join", room="three")
    assert (await other.ask("send", room="three", text="text"))["type"] == "sent"
    assert served.node.metrics.address_limited.counts == {"new_rooms": 1}


@pytest.mark.settings(new_rooms_per_hour=1.0)
async def test_sends_that_begin_one_room_take_one_place(served: Served) -> None:
    peer = await _welcomed(served)
    await peer.ask("join", room="one")
    for number in range(3):
        await peer.command("send", room="one", text=f"{number}")
    assert [(await peer.event("sent", "error"))["type"] for _ in range(3)] == ["sent"] * 3


@pytest.mark.settings(new_rooms_per_hour=1.0)
async def test_a_plain_client_that_begins_too_many_rooms_is_closed_with_the_reason(served: Served) -> None:
    first = await served.plain("?room=one&name=ann")
    await first.text("text")
    assert await first.next_text() == '"text"'
    second = await served.plain("?room=two&name=bob")
    await second.text("text")
    assert await second.closed() == 1008


@pytest.mark.settings(connections_per_address=1, trusted_proxies=(ip_network("127.0.0.0/30"),))
async def test_clients_behind_a_trusted_proxy_have_their_own_limits(served: Served) -> None:
    async def behind(client: str, protocol: str | None = "hubbub.v1") -> Peer:
        peer = await served.peer()
        await peer.write(Peer.handshake(protocol=protocol, headers={"X-Forwarded-For": client}))
        assert (await peer.head()).startswith("HTTP/1.1 101")
        return peer

    for protocol in ("hubbub.v1", None):
        await behind(f"198.51.100.{1 if protocol else 2}", protocol)
        late = await behind(f"198.51.100.{1 if protocol else 2}", protocol)
        assert await late.closed() == 4001
    await behind("198.51.100.3")
    assert sorted(connection.address for connection in served.node.connections) == [
        "198.51.100.1", "198.51.100.2", "198.51.100.3"
    ]  # fmt: skip


@pytest.mark.settings(connections=100, connections_per_address=200)
async def test_a_newcomer_is_served_at_once_while_one_address_fills_the_node(served: Served) -> None:
    idle = [await _welcomed(served) for _ in range(100)]
    async with asyncio.timeout(2):
        newcomer = await _welcomed(served, OTHER)
        assert (await newcomer.ask("join", room="lobby"))["type"] == "joined"
    assert await idle[0].closed() == 4001


@pytest.mark.settings(admissions_per_second=1.0, admissions_burst=1, admissions_per_address=25.0)
async def test_an_address_may_claim_so_many_booked_slots(served: Served) -> None:
    claims = served.node.address_limits
    assert [claims.claim_slot("192.0.2.1", 0.0) for _ in range(21)] == [True] * 20 + [False]
    assert claims.claim_slot("192.0.2.1", 0.2)
    assert not claims.claim_slot("192.0.2.1", 0.2)
    assert claims.claim_slot("192.0.2.2", 0.2)


@pytest.mark.settings(requests_per_address=2)
async def test_an_address_opens_so_many_rooms_and_further_joins_wait(served: Served) -> None:
    ann, other = await _welcomed(served), await _welcomed(served, OTHER)
    for number in range(8):
        assert (await ann.ask("join", room=f"room {number}"))["type"] == "joined"
    counts = served.node.metrics.address_limited.counts
    await ann.command("join", room="late")
    assert (await other.ask("join", room="of others"))["type"] == "joined"
    bob = await _welcomed(served)
    # It is open already.
    assert (await bob.ask("join", room="room 1"))["type"] == "joined"
    assert served.node.rooms.get("late") is None
    assert (await ann.event("joined"))["room"] == "late"
    assert counts == {"opened_rooms": 1}


@pytest.mark.settings(requests_per_address=0.5)
@pytest.mark.parametrize(
    ("target", "status"), [(b"/health/live", "HTTP/1.1 200"), (b"/\x1b", "HTTP/1.1 400")]
)
async def test_http_requests_of_an_address_above_its_rate_wait(
    served: Served, target: bytes, status: str
) -> None:
    async def get(address: str) -> Peer:
        peer = await served.peer(address=address)
        await peer.write(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target)
        return peer

    assert [(await (await get("127.0.0.1")).head())[:12] for _ in range(2)] == [status] * 2
    late = await get("127.0.0.1")
    assert (await (await get(OTHER)).head()).startswith(status)
    assert (await late.head()).startswith(status)
    assert served.node.metrics.address_limited.counts["requests"] >= 1
