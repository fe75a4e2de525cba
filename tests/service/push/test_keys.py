"""The key of a server: made by a command, and used for signatures."""

from __future__ import annotations

import jwt
import pytest

from archive.base import ArchiveOptions
from archive.sqlite import SqliteArchive
from service.__main__ import main
from service.push.encryption import public_key
from service.push.keys import PushKey, decoded, make_private_key
from service.push.push import BadPushKey, make_push
from service.runtime.metrics import LabelledCounter
from service.runtime.process import USAGE
from service.settings import load
from tests.service.push.pushing import SUBJECT, TUNING
from tests.service.serving import quick


def test_the_command_makes_a_key_that_the_settings_take(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push-key"]) == 0
    private = capsys.readouterr().out.strip()
    settings = load(
        {"HUBBUB_PUSH_PRIVATE_KEY": private, "HUBBUB_PUSH_SUBJECT": SUBJECT, "ARCHIVE_URL": "sqlite:///a"}
    )
    assert len(decoded(PushKey(settings.push_private_key, settings.push_subject).public)) == 65


def test_a_signature_is_made_anew_after_an_hour_and_for_each_push_service() -> None:
    now = [1_000_000.0]
    key = PushKey(make_private_key(), SUBJECT, lambda: now[0])
    first = key.authorization("https://one.example")
    assert key.authorization("https://one.example") == first
    assert key.authorization("https://two.example") != first
    now[0] += 3601
    later = key.authorization("https://one.example").split("t=")[1].split(",")[0]
    claims = jwt.decode(
        later,
        public_key(decoded(key.public)),
        algorithms=["ES256"],
        options={"verify_exp": False, "verify_aud": False},
    )
    assert claims["exp"] == int(now[0]) + 12 * 3600
    for number in range(100):
        key.authorization(f"https://{number}.example")
    assert key.authorization("https://one.example")


def test_a_number_that_is_no_key_ends_the_start_with_a_sentence() -> None:
    settings = quick(push_private_key="_" * 43, push_subject=SUBJECT)
    archive = SqliteArchive(ArchiveOptions(url="sqlite:///a"))
    with pytest.raises(BadPushKey, match="is not a private key: make one with"):
        make_push(settings, TUNING, archive, LabelledCounter("result"))
    assert BadPushKey.exit_code == USAGE
