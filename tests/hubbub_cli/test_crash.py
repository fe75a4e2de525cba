"""Whatever goes wrong, the user gets one sentence and an exit code, never a traceback."""

import subprocess
from pathlib import Path

import pytest
from textual.events import Resize
from typing_extensions import override

from hubbub_cli import main as program
from hubbub_cli.errors import NoReply
from hubbub_cli.settings import load
from hubbub_cli.tui.app import ChatApp
from hubbub_cli.tui.conversation import Conversation
from tests.hubbub_cli.other_users import say
from tests.hubbub_cli.program import COMMAND, LIMIT, environment
from tests.hubbub_cli.server import ROOT, Server


def raising(error: Exception) -> object:
    def fails(*_: object) -> int:
        raise error

    return fails


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ZeroDivisionError("a\nb"), "unexpected error: ZeroDivisionError: a b (-v prints where)"),
        (
            ExceptionGroup("", [ExceptionGroup("", [KeyError("x")])]),
            "unexpected error: KeyError: 'x' (-v prints where)",
        ),
    ],
)
def test_an_unexpected_error_is_one_sentence(
    error: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "_run", raising(error))
    assert program.main([]) == 1
    assert capsys.readouterr().err == f"hubbub-chat: {sentence}\n"


def test_an_error_of_this_program_in_a_group_keeps_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_run", raising(ExceptionGroup("", [NoReply("late", code="timeout")])))
    assert program.main([]) == 6


@pytest.mark.parametrize("command", ["--help", "tail", "history", "doctor"])
def test_a_full_disk_is_reported(server: Server, room: str, command: str) -> None:
    rooms = [room] if command in {"tail", "history"} else []
    if rooms:
        say(server, room, "hello")

    with Path("/dev/full").open("w", encoding="ascii") as full:
        done = subprocess.run(
            [*COMMAND, command, *rooms, "-s", server.url],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(),
            timeout=LIMIT,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "hubbub-chat: cannot write the output: No space left on device\n"


class BrokenScreen(ChatApp):
    """Fails in a handler of Textual."""

    @override
    def on_resize(self, event: Resize) -> None:
        raise ZeroDivisionError


def test_a_fault_of_the_screen_prints_no_traceback(
    server: Server, room: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = BrokenScreen(Conversation(load({"server": server.url}, {})), [room])
    app.run(headless=True)
    assert isinstance(app.failure, ZeroDivisionError)
    assert "Traceback" not in capsys.readouterr().err


class BrokenConversation(Conversation):
    """Fails in a task of the connection."""

    @property
    @override
    def me(self) -> str:
        raise ZeroDivisionError


def test_a_fault_of_the_conversation_prints_no_traceback(
    server: Server, room: str, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation = BrokenConversation(load({"server": server.url}, {}))
    app = ChatApp(conversation, [room])
    app.run(headless=True)
    assert isinstance(conversation.error or app.failure, ZeroDivisionError)
    assert "Traceback" not in capsys.readouterr().err
