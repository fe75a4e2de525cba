"""An option overrides the environment, which overrides the default."""

import pytest

from hubbub_cli.settings import Given, load


def test_an_option_overrides_the_environment() -> None:
    environ = {"CHAT_SERVER": "ws://there", "CHAT_NAME": "bob", "CHAT_TOKEN": "secret", "USER": "ann"}
    assert load({}, environ).server == "ws://there"
    assert load({}, environ).name == "bob"
    given: Given = {"server": "ws://here", "name": "cem"}
    assert load(given, environ).server == "ws://here"
    assert load(given, environ).name == "cem"


def test_empty_variables_count_as_unset() -> None:
    empty = load({}, {"CHAT_SERVER": "", "CHAT_NAME": "", "CHAT_TOKEN": "", "USER": ""})
    assert empty.server == "ws://localhost:8000"
    assert (empty.name, empty.token, empty.login) == (None, None, None)


def test_a_token_is_not_in_the_repr() -> None:
    assert "secret" not in repr(load({}, {"CHAT_TOKEN": "secret"}))


@pytest.mark.parametrize(
    ("option", "environ", "color"),
    [
        ("auto", {}, None),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"CLICOLOR_FORCE": "0"}, None),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_follow_the_option_then_the_environment(
    option: str, environ: dict[str, str], color: object
) -> None:
    assert load({"color": option}, environ).color is color
