"""What two settings must be to each other."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import pytest

from service.settings import Settings, SettingsError, load
from service.settings.checks import contradictions

SECRET = "a secret of more than thirty-two bytes"
PEM = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
TOKENS = {"HUBBUB_AUTH": "tokens", "HUBBUB_TOKEN_KEY": SECRET}


def _fault(environ: Mapping[str, str]) -> str:
    with pytest.raises(SettingsError) as refusal:
        load(environ)
    [fault] = refusal.value.faults
    return fault


def _contradictions(**values: object) -> list[str]:
    return list(contradictions(Settings(**values)))  # type: ignore[arg-type]


def test_several_workers_on_memory_are_refused_with_the_reason() -> None:
    fault = _fault({"HUBBUB_WORKERS": "2"})
    assert "HUBBUB_WORKERS=2 is refused with BROKER=memory" in fault
    assert "would not see each other" in fault
    assert "Set HUBBUB_WORKERS=1, or BROKER to redis or nats" in fault


@pytest.mark.parametrize("broker", ["redis", "nats"])
def test_several_workers_are_joined_by_a_broker_of_their_own(broker: str) -> None:
    assert load({"HUBBUB_WORKERS": "4", "BROKER": broker}).workers == 4


def test_several_workers_need_a_system_that_lets_them_share_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    assert "can't share a port between processes" in _fault({"HUBBUB_WORKERS": "2", "BROKER": "redis"})


def test_a_broker_that_can_not_be_loaded_is_reported_in_the_same_way() -> None:
    [fault] = _contradictions(broker="unknown", workers=2)
    assert fault.startswith("HUBBUB_WORKERS=2 is refused: no broker named 'unknown' is installed.")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"HUBBUB_AUTH": "tokens"}, "needs HUBBUB_TOKEN_KEY"),
        ({"HUBBUB_AUTH": "both"}, "needs HUBBUB_TOKEN_KEY"),
        ({**TOKENS, "HUBBUB_GUEST_READ": "lobby"}, "HUBBUB_AUTH=tokens allows no guests"),
        ({**TOKENS, "HUBBUB_GUEST_WRITE": "none"}, "HUBBUB_AUTH=tokens allows no guests"),
        ({"HUBBUB_TOKEN_KEY": SECRET}, "HUBBUB_AUTH=guests accepts no tokens"),
        ({**TOKENS, "HUBBUB_TOKEN_KEY": "short"}, "too short"),
        ({**TOKENS, "HUBBUB_TOKEN_KEY": PEM}, "Set RS256 or EdDSA"),
        ({**TOKENS, "HUBBUB_TOKEN_ALGORITHM": "RS256"}, "PEM of a public key"),
        ({"HUBBUB_FRAME_BYTES": "1024"}, "can't hold a message"),
        ({"HUBBUB_LOG_BYTES": "4096"}, "can't keep even one message"),
        ({"HUBBUB_HISTORY_BYTES": "4096"}, "can't keep even one message"),
        ({"HUBBUB_PUSH_HOSTS": "*"}, "HUBBUB_PUSH_HOSTS=* is refused"),
        ({"HUBBUB_PUSH_PRIVATE_KEY": "k" * 43, "ARCHIVE_URL": "sqlite:///a"}, "needs HUBBUB_PUSH_SUBJECT"),
        (
            {"HUBBUB_PUSH_PRIVATE_KEY": "k" * 43, "HUBBUB_PUSH_SUBJECT": "mailto:a@b.example"},
            "needs an archive",
        ),
        ({"HUBBUB_FILES_URL": "s3://host"}, "s3://host/bucket/prefix"),
        ({"HUBBUB_FILES_URL": "s3://key:secret@host/bucket"}, "HUBBUB_FILES_KEY_ID and HUBBUB_FILES_SECRET"),
        ({"HUBBUB_FILES_URL": "s3://host/bucket?zone=a"}, "region=name may follow"),
        ({"HUBBUB_FILES_URL": "s3://host/bucket", "HUBBUB_FILES_KEY_ID": "k"}, "needs HUBBUB_FILES_KEY_ID"),
    ],
)
def test_settings_must_fit_together(environ: dict[str, str], words: str) -> None:
    fault = _fault(environ)
    assert words in fault
    assert SECRET not in fault


def test_keys_are_remembered_for_longer_than_calls_are_tried_again() -> None:
    assert _contradictions(key_seconds=10.0, broker_timeout=5.0)


@pytest.mark.parametrize(
    "environ",
    [
        TOKENS,
        {**TOKENS, "HUBBUB_AUTH": "both"},
        {**TOKENS, "HUBBUB_TOKEN_ALGORITHM": "EdDSA", "HUBBUB_TOKEN_KEY": PEM},
    ],
)
def test_tokens_with_a_key_that_fits_are_taken(environ: dict[str, str]) -> None:
    settings = load(environ)
    assert settings.takes_tokens
    assert settings.takes_guests is (settings.auth == "both")
