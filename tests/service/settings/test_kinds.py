"""How one value is read, refused and shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from service.settings import SettingsError, load, show
from service.settings.kinds import plain
from service.settings.row import Row
from service.settings.table import rows

NUMBERS = [row for row in rows() if row.kind.bounds]


def _fault(environ: Mapping[str, str]) -> str:
    with pytest.raises(SettingsError) as refusal:
        load(environ)
    [fault] = refusal.value.faults
    return fault


@pytest.mark.parametrize("row", NUMBERS, ids=[row.variable for row in NUMBERS])
def test_a_number_out_of_bounds_is_refused_with_the_bounds(row: Row) -> None:
    assert row.kind.bounds
    least, most = row.kind.bounds
    for value in (most + 1, least - 1):
        text = plain(value)
        assert (
            _fault({row.variable: text})
            == f"{row.variable}={text!r} is refused. Allowed: {row.kind.allowed}."
        )


@pytest.mark.parametrize("value", ["8k", "1e3", "+5", "1_000", "0x10", "٣", "1.5", "8000 8001", "tcp"])
def test_what_is_not_a_plain_whole_number_is_refused(value: str) -> None:
    fault = _fault({"HUBBUB_PORT": value})
    assert fault == f"HUBBUB_PORT={value!r} is refused. Allowed: a whole number from 0 to 65535."


@pytest.mark.parametrize("value", ["5s", "1e3", "inf", "nan", ".5", "5.", "1,5"])
def test_what_is_not_a_plain_number_is_refused(value: str) -> None:
    assert "Allowed: a number from 0.1 to 14." in _fault({"HUBBUB_BROKER_TIMEOUT": value})


def test_a_word_that_is_no_choice_is_refused_with_the_choices() -> None:
    fault = _fault({"HUBBUB_LOG_FORMAT": "xml"})
    assert fault == "HUBBUB_LOG_FORMAT='xml' is refused. Allowed: auto or text or json."


def test_a_broker_that_is_not_installed_is_refused_with_those_that_are() -> None:
    assert re.search(r"BROKER='kafka' is refused\. Allowed: .*memory", _fault({"BROKER": "kafka"}))


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache:6379/1",
        "rediss://user:pw@cache",
        "unix:///run/redis.sock",
        "redis://[::1]:6379",
        "redis+sentinel://:p,w@a:26379,b,c:1/main/0",
    ],
)
def test_addresses_of_redis_are_taken(url: str) -> None:
    assert load({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "http://cache",
        "redis://",
        "redis://cache:0",
        "redis://cache:x",
        "redis://[::1",
        "redis+sentinel://a:1,b:x/main",
    ],
)
def test_what_is_no_address_of_redis_is_refused(url: str) -> None:
    assert "Allowed: a URL with redis://, rediss://, unix://, redis+sentinel://" in _fault({"REDIS_URL": url})


def test_several_servers_of_nats_are_taken() -> None:
    url = "nats://a:4222,nats://b:4222"
    assert load({"NATS_URL": url}).nats_url == url
    assert "NATS_URL" in _fault({"NATS_URL": "nats://a:4222,http://b"})


@pytest.mark.parametrize(
    ("variable", "url", "shown"),
    [
        ("REDIS_URL", "redis://ann:hunter2@cache:6379/0", "redis://***@cache:6379/0"),
        ("REDIS_URL", "redis://:hunter2@cache", "redis://***@cache"),
        ("REDIS_URL", "redis://:hunt@er2@cache", "redis://***@cache"),
        ("REDIS_URL", "redis://:hunt,er2@cache", "redis://***@cache"),
        ("REDIS_URL", "redis://cache?password=hunter2", "redis://cache?***"),
        ("REDIS_URL", "redis://cache?password=hunt@er2", "redis://***"),
        ("REDIS_URL", "redis://cache/0?a=b&password=hunter2", "redis://cache/0?***"),
        ("REDIS_URL", "redis://u:hunt\ner2@cache", "redis://***@cache"),
        ("REDIS_URL", "redis://u:1/hunter2@cache", "redis://***"),
        ("REDIS_URL", "redis://u:1#hunter2@cache", "redis://***"),
        ("REDIS_URL", "redis:hunter2@cache", "(not shown)"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1", "unix:///run/redis.sock?***"),
        ("NATS_URL", "nats://a:1,nats://hunter2@b", "nats://***,nats://***@b"),
        ("NATS_URL", "nats://hunter2@bus:4222", "nats://***@bus:4222"),
        ("NATS_URL", "nats://a:hunter2@b1,nats://a:hunter2@b2", "nats://***@b1,nats://***@b2"),
    ],
)
def test_passwords_in_addresses_are_never_shown(variable: str, url: str, shown: str) -> None:
    settings = load({variable: url})
    assert f"{variable}={shown}" in show(settings).splitlines()
    assert not re.search("hunt|er2", repr(settings))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "http://ann:hunter2@cache"),
        ("REDIS_URL", "hunter2"),
        ("REDIS_URL", "redis://ann:hunter2@cache:port"),
        ("REDIS_URL", "redis://ann:hunt,er2@cache:port"),
        ("HUBBUB_API_KEY", "hunter2"),
        ("HUBBUB_API_KEY", "hunter2 hunter2 hunter2"),
    ],
)
def test_a_secret_is_not_shown_even_when_it_is_wrong(variable: str, value: str) -> None:
    fault = _fault({variable: value})
    assert fault.startswith(variable)
    assert not re.search("hunt|er2", fault)


def test_origins_are_a_list() -> None:
    text = "https://Chat.example.org, http://localhost:5173 https://[::1]:8443"
    expected = ("https://chat.example.org", "http://localhost:5173", "https://[::1]:8443")
    assert load({"HUBBUB_ORIGINS": text}).origins == expected
    assert load({"HUBBUB_ORIGINS": "*"}).origins == ("*",)
    assert load({}).origins == ()


@pytest.mark.parametrize(
    "origins",
    [
        "chat.example.org",
        "https://chat.example.org/",
        "https://a.org,*",
        ",",
        "https://a.org:99999",
        "https://[x",
    ],
)
def test_what_no_browser_would_send_is_no_origin(origins: str) -> None:
    assert "Allowed: origins like" in _fault({"HUBBUB_ORIGINS": origins})


@pytest.mark.parametrize("prefix", ["a b", "a.b", "a*", "ä", "x" * 33])
def test_a_prefix_is_plain(prefix: str) -> None:
    assert "HUBBUB_PREFIX" in _fault({"HUBBUB_PREFIX": prefix})
