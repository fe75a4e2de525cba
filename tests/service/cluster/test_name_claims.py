"""Users are found by the names that they have."""

from __future__ import annotations

from service.cluster.user_names import UserNames
from service.identity.identity import guest


def test_users_are_found_by_the_names_that_they_have_now() -> None:
    names = UserNames()
    taken = names.acquire_guest("Ann Bee")
    names.acquire_verified("Bob", user_id="sub of\nbob")
    names.acquire_verified("cem")
    assert list(names.find("ann bee")) == [("Ann Bee", guest("Ann Bee", taken.session).id)]
    assert list(names.find("AnnBee")) == [], "a name that looks alike is another one"
    assert list(names.find("BOB")) == [("Bob", "sub of\nbob")]
    assert list(names.find("cem")) == [], "a node of an older version sends no id"
    names.release_verified("Bob", user_id="sub of\nbob")
    assert list(names.find("bob")) == []
