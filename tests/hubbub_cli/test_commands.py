"""The names of commands are reserved, and shells complete them."""

import pytest

from hubbub_cli.main import COMMANDS, RESERVED
from tests.hubbub_cli.program import environment, run
from tests.hubbub_cli.server import Server


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_no_room(name: str) -> None:
    done = run(name)
    assert done.returncode == 2
    assert f"There is no command {name!r} in this version. For a room: open {name}" in done.stderr


@pytest.mark.parametrize(("typed", "meant"), [("sned", "send"), ("logn", "login"), ("histroy", "history")])
def test_a_typing_error_suggests_the_command(typed: str, meant: str) -> None:
    done = run(typed)
    assert (done.returncode, f"Did you mean {meant}?" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["login", "directory"])
def test_open_joins_a_room_of_any_name(server: Server, name: str) -> None:
    done = run("open", name, "-s", server.url, given="/who\n")
    assert (done.returncode, f"joined {name} as ann" in done.stderr) == (0, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_HUBBUB_CHAT_COMPLETE" in done.stdout


def test_commands_and_options_are_completed() -> None:
    def completed(*words: str) -> list[str]:
        env = environment(
            _HUBBUB_CHAT_COMPLETE="bash_complete",
            COMP_WORDS=" ".join(("hubbub-chat", *words)),
            COMP_CWORD=str(len(words)),
        )
        return [line.partition(",")[2] for line in run(env=env).stdout.splitlines()]

    assert set(COMMANDS) <= set(completed(""))
    assert completed("tail", "--sin") == ["--since"]
    assert completed("config", "set", "se") == ["server"]


def test_help_lists_every_command() -> None:
    shown = run("--help").stdout
    assert all(f"\n  {name} " in shown for name in COMMANDS)
