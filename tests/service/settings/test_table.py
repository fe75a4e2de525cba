"""The one table of settings."""

from __future__ import annotations

from brokers.base import BrokerOptions, Retention
from service.settings import Settings, load
from service.settings.table import rows

SECRET = "a secret of more than thirty-two bytes"
TOKENS = {"HUBBUB_AUTH": "tokens", "HUBBUB_TOKEN_KEY": SECRET}
ROWS = tuple(rows())


def test_every_default_is_allowed() -> None:
    for row in ROWS:
        if row.default not in {"", ()}:
            assert row.kind.read(row.kind.show(row.default)) == row.default


def test_every_setting_says_what_it_means() -> None:
    assert all(row.meaning.endswith(".") for row in ROWS)
    assert len({row.variable for row in ROWS}) == len(ROWS)


def test_all_variables_but_those_of_the_broker_and_the_archive_begin_with_our_name() -> None:
    others = {row.variable for row in ROWS if not row.variable.startswith("HUBBUB_")}
    redis, nats = {"REDIS_URL", "REDIS_USER", "REDIS_PASSWORD"}, {"NATS_URL", "NATS_USER", "NATS_PASSWORD"}
    archive = {"ARCHIVE_URL", "ARCHIVE_USER", "ARCHIVE_PASSWORD"}
    assert others == {"BROKER", *archive, *redis, *nats, "NATS_TOKEN"}


def test_a_secret_is_not_in_the_repr() -> None:
    assert SECRET not in repr(load(TOKENS))


def test_user_and_password_of_redis_are_taken_as_they_are_and_shown_nowhere() -> None:
    nasty = " s:e/s@a?m#e %41 "
    settings = load({"BROKER": "redis", "REDIS_USER": nasty, "REDIS_PASSWORD": f"{nasty}\n"})
    assert (settings.broker_options.user, settings.broker_options.password) == (nasty, nasty)
    assert nasty not in repr(settings) + repr(settings.broker_options)
    assert load({"REDIS_PASSWORD": nasty}).broker_options.password == "", "only for Redis"


def test_the_broker_is_made_from_the_settings() -> None:
    settings = Settings(broker="nats", nats_url="nats://bus", history_entries=7, prefix="x", key_seconds=60.0)
    expected = BrokerOptions(
        url="nats://bus", retention=Retention(entries=7), key_window=60.0, timeout=5.0, prefix="x"
    )
    assert settings.broker_options == expected
    memory = Retention(total=Settings().memory_bytes)
    assert Settings().broker_options == BrokerOptions(retention=memory)
    assert Settings(broker="theirs", broker_url="theirs://x").broker_options.url == "theirs://x"
    assert Settings(broker="redis").broker_options.url == "redis://localhost:6379/0"
