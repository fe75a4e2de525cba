"""The configuration file and its profiles: an option overrides the environment, which overrides the file."""

import json
from pathlib import Path

import pytest

from hubbub_cli.config_file import ConfigFile, read_config, write_value
from hubbub_cli.errors import BadInput
from hubbub_cli.settings import SettingSources, resolved
from tests.hubbub_cli.program import environment, run

CONFIG = """
# The usual server.
server = "ws://usual"
profile = "work"

[profiles.work]
server = "ws://work"
name = "ann.w"
retry = 3
connect_timeout = "2s"

[profiles.home]
color = "never"
"""


def config(tmp_path: Path, text: str = CONFIG) -> ConfigFile:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return read_config(path)


def test_each_source_overrides_the_next_one(tmp_path: Path) -> None:
    file = config(tmp_path)
    work = resolved(SettingSources({}, {}, file))
    assert (work.server, work.name, work.retry, work.connect_timeout) == ("ws://work", "ann.w", 3, 2.0)
    assert resolved(SettingSources({"profile": "home"}, {}, file)).server == "ws://usual"
    environ = {"CHAT_SERVER": "ws://env", "CHAT_PROFILE": "home"}
    there = SettingSources({}, environ, file)
    assert (resolved(there).server, resolved(there).color, resolved(there).name) == ("ws://env", False, None)
    assert resolved(SettingSources({"server": "ws://option"}, environ, file)).server == "ws://option"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("server = ", "invalid configuration"),
        ('sevrer = "x"', "unknown key sevrer"),
        ("server = true", "not a string"),
        ('profiles = "x"', "write profiles as"),
        ('[profiles.a]\nprofile = "b"', "unknown key profiles.a.profile"),
    ],
)
def test_an_invalid_file_is_explained(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        config(tmp_path, text)


def test_an_invalid_value_and_an_unknown_profile_are_explained(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="connect_timeout: 'soon' is not a duration"):
        resolved(SettingSources({}, {}, config(tmp_path, 'connect_timeout = "soon"')))
    with pytest.raises(BadInput, match=r"unknown profile 'x'; .* has: home, work"):
        SettingSources({"profile": "x"}, {}, config(tmp_path))


def test_a_change_keeps_comments(tmp_path: Path) -> None:
    path = config(tmp_path).path
    write_value(path, "server", "ws://new", None)
    write_value(path, "name", None, "work")
    write_value(path, "name", "bob", "new")
    text = path.read_text()
    assert "# The usual server." in text
    changed = read_config(path)
    assert (changed.values["server"], changed.profiles["new"]) == ("ws://new", {"name": "bob"})
    assert "name" not in changed.profiles["work"]


def test_the_command_sets_and_prints_with_origins(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    env = environment(CHAT_CONFIG=str(path), CHAT_NAME="bob")
    assert run("config", "path", env=env).stdout == f"{path}\n"
    assert run("config", "set", "server", "ws://here", env=env).returncode == 0
    assert run("config", "set", "-P", "work", "retry", "forever", env=env).returncode == 0
    assert run("config", "get", "server", env=env).stdout == "ws://here\n"
    shown = run("config", "get", "--show-origin", "-P", "work", env=env).stdout.splitlines()
    assert f"server = ws://here  ({path})" in shown
    assert "name = bob  (CHAT_NAME)" in shown
    assert "retry = forever  (profile work)" in shown
    found = json.loads(run("config", "get", "--json", "name", env=env).stdout)
    assert found == {"name": {"value": "bob", "origin": "CHAT_NAME"}}
    refused = run("config", "set", "retry", "often", env=env)
    assert (refused.returncode, "neither a number nor forever" in refused.stderr) == (2, True)


def test_a_broken_file_ends_every_command_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("server = [")
    done = run("who", "lobby", "--json", env=environment(CHAT_CONFIG=str(path)))
    assert done.returncode == 2
    assert json.loads(done.stderr)["error"] == "config"


def test_an_unknown_profile_ends_a_command_with_a_sentence(tmp_path: Path) -> None:
    done = run("whoami", "-P", "home", env=environment(CHAT_CONFIG=str(tmp_path / "none")))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "unknown profile 'home'; " in done.stderr
