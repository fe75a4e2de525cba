"""From the environment to settings, or to the list of everything that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.settings import Settings, SettingsError, load, unused
from service.settings.table import rows

ROWS = tuple(rows())


def _faults(environ: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        load(environ)
    return refusal.value.faults


def _fault(environ: Mapping[str, str]) -> str:
    [fault] = _faults(environ)
    return fault


def test_with_nothing_set_the_defaults_hold() -> None:
    assert load({}) == Settings()


def test_values_are_read() -> None:
    settings = load(
        {
            "HUBBUB_PORT": "0",
            "HUBBUB_SENDS_PER_SECOND": "0.5",
            "HUBBUB_HOST": "::",
            "HUBBUB_LOG_FORMAT": "json",
            "PATH": "/bin",
        }
    )
    assert (settings.port, settings.sends_per_second, settings.host, settings.log_format) == (
        0,
        0.5,
        "::",
        "json",
    )


def test_the_environment_of_the_process_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_PORT", "8123")
    assert load().port == 8123


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_is_not_set(value: str) -> None:
    assert load({"HUBBUB_PORT": value, "HUBBUB_TOKEN_KEY": value}) == Settings()


def test_space_around_a_value_is_ignored() -> None:
    assert load({"HUBBUB_PORT": " 80\n"}).port == 80


def test_all_faults_are_reported_at_once() -> None:
    faults = _faults({"HUBBUB_PORT": "x", "HUBBUB_NOPE": "1", "HUBBUB_WORKERS": "2", "HUBBUB_AUTH": "both"})
    assert [fault.split("=")[0].split()[0] for fault in faults] == [
        "HUBBUB_NOPE",
        "HUBBUB_PORT",
        "HUBBUB_WORKERS",
        "HUBBUB_AUTH",
    ]


def test_the_error_has_a_line_for_each_fault() -> None:
    with pytest.raises(SettingsError) as refusal:
        load({"HUBBUB_PORT": "x", "HUBBUB_NOPE": "1"})
    assert str(refusal.value).splitlines()[0] == "2 settings are wrong:"
    assert len(str(refusal.value).splitlines()) == 3


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    assert _fault({"HUBBUB_PROT": "1"}) == "HUBBUB_PROT is not a setting. Did you mean HUBBUB_PORT?"
    assert _fault({"HUBBUB_ZZZZZZZZ": "1"}) == "HUBBUB_ZZZZZZZZ is not a setting."


def test_a_setting_that_begins_with_what_was_written_is_meant_first() -> None:
    assert _fault({"HUBBUB_DRAIN": "5"}).endswith("Did you mean HUBBUB_DRAIN_SECONDS?")


def test_the_address_of_a_broker_that_is_not_chosen_is_reported() -> None:
    environ = {"REDIS_URL": "redis://here", "NATS_URL": "nats://here", "BROKER": "nats"}
    [warning] = unused(load(environ), environ)
    assert warning == "REDIS_URL is set, but BROKER=nats doesn't use it. Set BROKER=redis?"


def test_the_value_of_an_unknown_name_is_not_shown() -> None:
    assert "hunter2" not in _fault({"HUBBUB_TOKEN_KEYS": "hunter2"})


def test_names_of_others_are_none_of_our_business() -> None:
    assert load({"HUBBUBBLE": "1", "hubbub_port": "x", "PORT": "x"}) == Settings()


@pytest.mark.parametrize("name", ["HUBBUB_SERVICE_HOST", "HUBBUB_PORT_8000_TCP_ADDR"])
def test_what_kubernetes_adds_is_distinguished_from_a_typo(name: str) -> None:
    assert "enableServiceLinks" in _fault({name: "10.0.0.1"})


def test_a_port_that_kubernetes_set_is_distinguished_from_a_typo() -> None:
    assert "enableServiceLinks" in _fault({"HUBBUB_PORT": "tcp://10.0.0.1:8000"})


@given(st.dictionaries(st.sampled_from([row.variable for row in ROWS]), st.text(max_size=20), max_size=5))
def test_any_environment_is_taken_or_refused_with_reasons(environ: dict[str, str]) -> None:
    try:
        settings = load(environ)
    except SettingsError:
        assert _faults(environ)
    else:
        assert load(environ) == settings


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_may_be_in_a_file(tmp_path: Path, end: str) -> None:
    password, key = tmp_path / "password", tmp_path / "key"
    password.write_bytes(f"a secret: with spaces {end}".encode())
    key.write_bytes(f"the-key-of-the-programs{end}".encode())
    settings = load({"REDIS_PASSWORD_FILE": str(password), "HUBBUB_API_KEY_FILE": str(key)})
    assert settings.redis_password == "a secret: with spaces "
    assert settings.api_key == "the-key-of-the-programs"


def test_a_file_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    for environ, words in (
        ({"REDIS_PASSWORD_FILE": str(tmp_path / "none")}, "can't be read: No such file or directory."),
        ({"REDIS_PASSWORD_FILE": str(tmp_path / "binary")}, "can't be read: it is not UTF-8."),
        ({"REDIS_PASSWORD_FILE": "x", "REDIS_PASSWORD": "secret"}, "are both set: remove one of them."),
        ({"HUBBUB_WORKERS_FILE": "x"}, "HUBBUB_WORKERS_FILE is not a setting."),
    ):
        [fault] = _faults(environ)
        assert words in fault
        assert "secret" not in fault
