"""The error of a command."""

from __future__ import annotations

import pytest

from hubbub_protocol import Code
from service.sessions.errors import CommandError, rate_limited


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("the server is busy", "The server is busy."),
        ("`text` is missing", "`text` is missing."),
        ("Invalid name.", "Invalid name."),
        ("why?", "Why?"),
    ],
)
def test_the_message_is_a_sentence(message: str, shown: str) -> None:
    assert CommandError(Code.INVALID, message).event(None).message == shown


def test_a_rate_limit_names_what_it_limits() -> None:
    assert str(rate_limited("send", 1.26)) == "Send rate limit exceeded: retry after 1.3 s."
