"""Users who are not here are notified of messages that mention them or reply to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.identity.identity import guest_id, session_digest
from tests.service.peer import Event, Peer
from tests.service.push.push_service import Browser, check_signature
from tests.service.push.pushing import KEY, SUBJECT, TUNING, Pushing, pushing, token
from tests.service.serving import until


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pushing]:
    async with pushing(tmp_path, monkeypatch) as started:
        yield started


async def left(here: Pushing, name: str = "ann", number: int = 0) -> None:
    """Wait until a node knows that a user is gone."""
    await until(lambda: not list(here.node(number).user_names.find(name)))


async def sent(peer: Peer, text: str, **more: object) -> Event:
    answer = await peer.ask("send", room="lobby", text=text, **more)
    assert answer["type"] == "sent", answer
    return answer


async def done(here: Pushing, **counts: int) -> None:
    """Wait until so many pushes have ended so."""
    await until(
        lambda: all(here.count(result) == count for result, count in counts.items()),
        lambda: here.node().metrics.pushes.counts,
    )


async def test_a_user_who_is_not_here_is_notified_of_a_mention(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    browser, _ = await here.absent()
    await left(here)
    await sent(bob, "nothing for her")
    at = await sent(bob, "lunch, @ann?")
    (push,) = await here.service.pushed()
    read = browser.read(push)
    assert (read["room"], read["offset"], read["user"], read["text"]) == (
        "lobby",
        at["offset"],
        "bob",
        "lunch, @ann?",
    )
    assert push.path == "/push/ann"
    check_signature(push, here.service.origin, here.public, SUBJECT)
    kept = {name: push.headers[name] for name in ("TTL", "Urgency", "Content-Encoding", "Host")}
    assert kept == {
        "TTL": "86400",
        "Urgency": "normal",
        "Content-Encoding": "aes128gcm",
        "Host": here.service.host,
    }
    assert len(push.headers["Topic"]) <= 32
    assert b"lunch" not in push.body
    await done(here, sent=1)


async def test_the_topic_is_that_of_the_room(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    await here.absent()
    await left(here)
    await sent(bob, "@ann one")
    await sent(bob, "@ann two")
    first, second = await here.service.pushed(2)
    assert first.headers["Topic"] == second.headers["Topic"]


async def test_the_author_is_notified_of_a_reply_once(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    browser, _ = await here.absent()
    await left(here)
    hers = 1
    await sent(bob, "a reply", reply_to=hers, key="same")
    assert (await sent(bob, "a reply", reply_to=hers, key="same"))["duplicate"] is True
    await sent(bob, "both, @ann", reply_to=hers)
    own = await sent(bob, "mine")
    await sent(bob, "to me", reply_to=own["offset"])
    await sent(bob, "the last one, @ann")
    pushed = [browser.read(push)["text"] for push in await here.service.pushed(3)]
    assert sorted(pushed) == ["a reply", "both, @ann", "the last one, @ann"]
    await done(here, sent=3)


async def test_a_long_text_is_cut(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    browser, _ = await here.absent()
    await left(here)
    await sent(bob, "@ann " + "\U0001f600" * 3_000)
    await sent(bob, "@ann " + "\x01" * 3_000)
    texts = [browser.read(push)["text"] for push in await here.service.pushed(2)]
    assert {text[:5] for text in texts} == {"@ann "}
    assert all(text.endswith("\u2026") and len(text) <= 500 for text in texts)


async def test_messages_of_programs_notify_too(here: Pushing) -> None:
    await here.joined("bob")
    browser, _ = await here.absent()
    await left(here)
    async with here.http() as client:
        posted = await client.post(
            "/api/rooms/lobby/messages",
            json={"text": "@ann, build 7 failed"},
            headers={"Authorization": f"Bearer {KEY}"},
        )
        assert posted.status_code == 201
    (push,) = await here.service.pushed()
    assert browser.read(push)["text"] == "@ann, build 7 failed"


@pytest.mark.parametrize("away", [True, False])
async def test_a_user_who_is_here_is_not_notified(here: Pushing, *, away: bool) -> None:
    bob, _ = await here.joined("bob")
    _, credentials = await here.absent()
    await left(here)
    ann, _ = await here.joined("ann", session=credentials.split()[1], name="ann")
    await sent(bob, "@ann one")
    await until(lambda: not here.node().metrics.sample()["pushes_waiting"])
    if away:
        await ann.ask("away", away=True)
    else:
        ann.disconnect()
        await left(here)
    await sent(bob, "@ann two")
    await done(here, sent=1)
    assert len(here.service.received) == 1


async def test_a_room_that_is_muted_is_not_pushed(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    browser, credentials = await here.absent(muted=["other", "lobby"])
    await left(here)
    await sent(bob, "@ann one")
    await until(lambda: not here.node().metrics.sample()["pushes_waiting"])
    assert (await here.subscribe(browser, credentials, name="ann")).status_code == 200
    await sent(bob, "@ann two")
    (push,) = await here.service.pushed()
    assert browser.read(push)["text"] == "@ann two"


async def test_a_user_with_a_token_is_notified_in_rooms_that_the_token_may_read(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    ann, _ = await here.joined("ann", token=token("ann"))
    await sent(ann, "hello")
    ann.disconnect()
    await left(here)
    browser = here.service.browser()
    for reads, count in ((["lobby"], 1), (["den"], 1), (["l*"], 2)):
        await here.subscribe(browser, f"Bearer {token('ann', **{'rooms.read': reads})}")
        await sent(bob, "@ann")
        await until(lambda: not here.node().metrics.sample()["pushes_waiting"])
        await done(here, sent=count)


async def test_a_banned_user_is_not_notified(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    await here.absent()
    await left(here)
    async with here.http() as client:
        members = await client.get("/api/rooms/lobby/messages", headers={"Authorization": f"Bearer {KEY}"})
        hers = members.json()["messages"][0]["user_id"]
        banned = await client.post(
            "/api/moderation",
            json={"action": "ban", "user": hers, "reason": "spam"},
            headers={"Authorization": f"Bearer {KEY}"},
        )
        assert banned.status_code < 300, banned.text
    await sent(bob, "@ann")
    await until(lambda: not here.node().metrics.sample()["pushes_waiting"])
    assert here.service.received == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_removed(here: Pushing, status: int) -> None:
    bob, _ = await here.joined("bob")
    await here.absent()
    await left(here)
    here.service.answers += [(status, {})]
    await sent(bob, "@ann one")
    await done(here, gone=1)
    await until(lambda: not here.node().metrics.sample()["pushes_waiting"])
    await sent(bob, "@ann two")
    await until(lambda: not here.node().metrics.sample()["pushes_waiting"])
    assert len(here.service.received) == 1


@pytest.mark.parametrize(
    "answer", [(429, {"Retry-After": "99999"}), (503, {}), (500, {"Retry-After": "never"})]
)
async def test_a_push_service_that_is_busy_is_asked_again(
    here: Pushing, answer: tuple[int, dict[str, str]]
) -> None:
    bob, _ = await here.joined("bob")
    await here.absent()
    await left(here)
    here.service.answers += [answer, answer]
    await sent(bob, "@ann")
    await done(here, sent=1)
    assert len(here.service.received) == 3


async def test_a_push_is_tried_three_times(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    await here.absent()
    await left(here)
    here.service.answers += [(500, {})] * 3
    await sent(bob, "@ann")
    await done(here, failed=1)
    assert len(here.service.received) == 3


@pytest.mark.parametrize(
    "answer", [(400, {}), (403, {}), (413, {}), (307, {"Location": "https://127.0.0.1/"})]
)
async def test_a_push_that_is_refused_is_not_repeated_and_no_redirect_is_followed(
    here: Pushing, answer: tuple[int, dict[str, str]]
) -> None:
    bob, _ = await here.joined("bob")
    await here.absent()
    await left(here)
    here.service.answers += [answer]
    await sent(bob, "@ann")
    await done(here, refused=1)
    await until(lambda: not here.node().metrics.sample()["pushes_waiting"])
    assert len(here.service.received) == 1


async def test_addresses_of_private_networks_are_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pushing(tmp_path, monkeypatch, tuning=replace(TUNING, push_private=False)) as here:
        bob, _ = await here.joined("bob")
        await here.absent()
        await left(here)
        await sent(bob, "@ann")
        await done(here, failed=1)
        assert here.service.received == []


async def test_a_host_without_a_certificate_for_its_name_receives_nothing(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    _, credentials = await here.absent()
    other = Browser(f"https://{here.service.other_host}/push")
    assert (await here.subscribe(other, credentials, name="ann")).status_code == 200
    await left(here)
    await sent(bob, "@ann")
    await done(here, sent=1, failed=1)
    assert [push.path for push in here.service.received] == ["/push/ann"]


async def test_so_many_messages_wait_and_the_next_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pushing(tmp_path, monkeypatch, tuning=replace(TUNING, push_waiting=0)) as here:
        bob, _ = await here.joined("bob")
        await here.absent()
        await left(here)
        await sent(bob, "@ann")
        await done(here, dropped=1)


async def test_one_browser_receives_so_many_pushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pushing(tmp_path, monkeypatch, tuning=replace(TUNING, push_burst=2, push_rate=0.001)) as here:
        bob, _ = await here.joined("bob")
        await here.absent()
        await left(here)
        for _ in range(4):
            await sent(bob, "@ann")
        await done(here, sent=2, limited=2)


async def test_an_endpoint_that_is_not_allowed_any_more_is_not_reached(here: Pushing) -> None:
    bob, _ = await here.joined("bob")
    _, credentials = await here.absent()
    await left(here)
    ann = guest_id(session_digest(credentials.split()[1]))
    archiving = here.node().archiving
    assert archiving is not None
    store = archiving.archive.subscriptions
    (stored,) = await store.of([ann], since=0)
    await store.remove(ann, stored.endpoint)
    other = stored._replace(endpoint="https://127.0.0.1:1/push")
    assert await store.add(other, most_per_user=9, most=9, since=0)
    await sent(bob, "@ann")
    await done(here, refused=1)
    assert here.service.received == []
