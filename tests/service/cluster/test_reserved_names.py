"""Names that no guest may have."""

from __future__ import annotations

import pytest

from service.cluster.name_errors import InvalidName, UserNameTaken
from service.cluster.user_names import UserNames


@pytest.mark.parametrize("name", ["admin", "ADMIN", "adm\u0131n", "a.d.m.i.n", "System"])
def test_a_reserved_name_and_what_looks_like_it_is_refused(name: str) -> None:
    guests = UserNames(reserved=["admin", "system"])
    with pytest.raises(InvalidName, match="is reserved"):
        guests.acquire_guest(name)


def test_no_reserved_name_is_suggested() -> None:
    guests = UserNames(reserved=["ann2", "ann4"])
    guests.acquire_guest("ann")
    with pytest.raises(UserNameTaken) as rejection:
        guests.acquire_guest("ann")
    assert rejection.value.suggestion == "ann3"
