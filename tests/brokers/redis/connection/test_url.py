"""A Redis URL is parsed, and options that the broker relies on can't be switched off."""

from __future__ import annotations

import pytest

from brokers.errors import Misconfigured
from brokers.redis.connection.url import parse_url


@pytest.mark.parametrize(
    ("url", "db"),
    [("redis://h", 0), ("redis://h/3", 3), ("unix:///s?db=2", 2), ("redis+sentinel://a:1,b/name/4", 4)],
)
async def test_the_database_of_an_address_is_known(url: str, db: int) -> None:
    assert parse_url(url, 1.0).database == db


async def test_an_address_cannot_switch_off_what_the_broker_relies_on() -> None:
    url = "redis://h?decode_responses=true&protocol=3&socket_timeout=9"
    pool = parse_url(url, 1.0).open(None)
    kept = {name: pool.connection_kwargs[name] for name in ("decode_responses", "protocol", "socket_timeout")}
    assert kept == {"decode_responses": False, "protocol": 2, "socket_timeout": None}


@pytest.mark.parametrize(
    "url", ["", "http://h", "redis+cluster://h/1", "redis://h:x", "redis+sentinel:///name"]
)
async def test_no_address_of_redis_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        parse_url(url, 1.0).open(None)


async def test_the_broker_has_parameters_of_its_own() -> None:
    settings = parse_url("redis://h?replicas=1&idle=20", 1.0).settings
    assert (settings.replicas, settings.idle) == (1, 20)


@pytest.mark.parametrize("name", ["replicas", "idle"])
async def test_a_parameter_that_is_no_number_is_named(name: str) -> None:
    with pytest.raises(Misconfigured, match=f"{name}=some is not a number"):
        parse_url(f"redis://h?{name}=some", 1.0)
