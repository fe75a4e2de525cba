"""The key of the HTTP API."""

from __future__ import annotations

import pytest

from service.identity.authenticator import Authenticator
from service.settings import Settings


@pytest.mark.parametrize("given_key", ["", "wrong", "sixteen characterS", "é", "\udc80"])
def test_only_the_api_key_is_the_api_key(given_key: str) -> None:
    auth = Authenticator(Settings(api_key="sixteen characters"))
    assert auth.is_api_key("sixteen characters")
    assert not auth.is_api_key(given_key)


def test_without_an_api_key_no_key_is_valid() -> None:
    assert not Authenticator(Settings()).is_api_key("")
