"""A20 push subscriptions."""

from __future__ import annotations

from archive.base import Archive
from archive.subscriptions import PushSubscription
from archive.testing.promises import promise
from archive.testing.storage import Storage

AT = 1_700_000_000_000


def subscription(
    endpoint: str, user: str = "ann", *, details: bytes = b"\x00keys", at: int = AT
) -> PushSubscription:
    return PushSubscription(user, endpoint, details, at)


async def add(
    archive: Archive, *added: PushSubscription, most_per_user: int = 9, most: int = 99, since: int = 0
) -> list[bool]:
    """Add subscriptions, one after another."""
    limits = {"most_per_user": most_per_user, "most": most, "since": since}
    return [await archive.subscriptions.add(each, **limits) for each in added]


async def endpoints(archive: Archive, *users: str, since: int = 0) -> list[str]:
    return sorted(each.endpoint for each in await archive.subscriptions.of(users, since=since))


@promise("A20", "A8")
async def test_subscriptions_are_read_by_user(archive: Archive) -> None:
    first, second = subscription("https://push.example/\x00\u00e9"), subscription("b", "\x00bob")
    assert await add(archive, first, second, subscription("c", "cem")) == [True, True, True]
    found = await archive.subscriptions.of(["ann", "\x00bob", "ann", "dan"], since=0)
    assert sorted(found) == sorted([first, second])
    assert await archive.subscriptions.of(map(str, range(600)), since=0) == []
    assert await archive.subscriptions.of([], since=0) == []


@promise("A20")
async def test_an_endpoint_belongs_to_the_user_who_stored_it_last(archive: Archive) -> None:
    later = subscription("a", "bob", details=b"other", at=AT + 1)
    assert await add(archive, subscription("a"), later, most=1) == [True, True]
    assert await archive.subscriptions.of(["ann", "bob"], since=0) == [later]
    await archive.subscriptions.remove("ann", "a")
    assert await endpoints(archive, "bob") == ["a"]


@promise("A20")
async def test_the_subscriptions_of_a_user_that_were_stored_last_are_kept(archive: Archive) -> None:
    added = [subscription(name, at=AT + number) for number, name in enumerate("abcd")]
    await add(archive, *added, subscription("other", "bob"), most_per_user=2)
    assert await endpoints(archive, "ann", "bob") == ["c", "d", "other"]
    await add(archive, subscription("c", at=AT + 9), subscription("e", at=AT + 9), most_per_user=2)
    assert await endpoints(archive, "ann") == ["c", "e"]


@promise("A20")
async def test_a_new_one_is_refused_if_so_many_are_stored(archive: Archive) -> None:
    added = [subscription(name, name) for name in "abc"]
    assert await add(archive, *added, most=2) == [True, True, False]
    assert await add(archive, subscription("b", "b", at=AT + 1), most=2) == [True]
    assert await endpoints(archive, "a", "b", "c") == ["a", "b"]


@promise("A20")
async def test_those_that_are_too_old_leave(archive: Archive) -> None:
    await add(archive, subscription("old"), subscription("new", at=AT + 5), most=2)
    assert await endpoints(archive, "ann", since=AT + 5) == ["new"]
    assert await add(archive, subscription("next", "bob", at=AT + 6), most=2, since=AT + 5) == [True]
    assert await endpoints(archive, "ann", "bob") == ["new", "next"]


@promise("A20")
async def test_subscriptions_are_removed_by_endpoint_and_by_user(archive: Archive) -> None:
    await add(archive, *map(subscription, "abc"), subscription("other", "bob"))
    await archive.subscriptions.remove("ann", "b")
    await archive.subscriptions.remove("ann", "unknown")
    assert await endpoints(archive, "ann") == ["a", "c"]
    await archive.subscriptions.forget("ann")
    assert await endpoints(archive, "ann", "bob") == ["other"]


@promise("A20", "A2", needs="crash")
async def test_subscriptions_outlive_a_killed_process(archive: Archive, storage: Storage) -> None:
    await add(archive, subscription("a"))
    storage.crash()
    again = storage.archive()
    await again.start()
    assert await again.subscriptions.of(["ann"], since=0) == [subscription("a")]
    await again.close()
