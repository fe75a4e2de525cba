"""`send` ends when the message is stored, or reports why it is not."""

import json
import os
import signal
import subprocess
from pathlib import Path

import jwt
import pytest

from hubbub_cli.identity import account
from tests.hubbub_cli.other_users import history
from tests.hubbub_cli.program import COMMAND, LIMIT, environment, run, start
from tests.hubbub_cli.server import ROOT, Server, serving


def test_the_arguments_are_stored_as_one_message(server: Server, room: str) -> None:
    done = run("send", room, "hello", "there", "-s", server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert history(server, room) == ["hello there"]


def test_the_receipt_has_the_position(server: Server, room: str) -> None:
    done = run("send", room, "hello", "-s", server.url, "--json", "--id", "k1")
    receipt = json.loads(done.stdout)
    assert receipt.pop("epoch")
    assert receipt == {"v": 1, "type": "sent", "room": room, "key": "k1", "offset": 1, "duplicate": False}


def test_the_same_key_by_the_same_user_is_stored_once(server: Server, room: str, tmp_path: Path) -> None:
    ours = environment(XDG_STATE_HOME=str(tmp_path))
    done = [run("send", room, "hello", "-s", server.url, "--json", "--id", "k1", env=ours) for _ in range(2)]
    assert [json.loads(one.stdout)["duplicate"] for one in done] == [False, True]
    assert history(server, room) == ["hello"]
    assert (tmp_path / "hubbub" / "secret").stat().st_mode & 0o077 == 0


def test_a_key_is_deduplicated_without_a_login_name(server: Server, room: str, tmp_path: Path) -> None:
    """As in a container, or from cron: no variable says who runs the command."""
    named = environment(XDG_STATE_HOME=str(tmp_path))
    bare = {name: value for name, value in named.items() if name != "USER"}
    done = [run("send", room, "hello", "-s", server.url, "--json", "--id", "k1", env=bare) for _ in range(2)]
    assert [json.loads(one.stdout)["duplicate"] for one in done] == [False, True]
    assert history(server, room) == ["hello"]


def test_a_key_that_cannot_be_deduplicated_is_reported(server: Server, room: str) -> None:
    done = run("send", room, "hello", "-s", server.url, "--id", "k1")
    assert done.returncode == 0
    assert done.stderr.startswith("-- --id cannot deduplicate: no secret can be stored")


def test_an_account_without_an_entry_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 12345)
    assert account() == "user-12345"
    for unusable in ("x" * 33, "root"):
        monkeypatch.setattr("getpass.getuser", lambda name=unusable: name)
        assert account() == "user-12345"


@pytest.mark.parametrize("words", [[], ["-"]])
def test_standard_input_is_one_message(server: Server, room: str, words: list[str]) -> None:
    assert run("send", room, *words, "-s", server.url, given="one\ntwo\n").returncode == 0
    assert history(server, room) == ["one\ntwo"]


@pytest.mark.parametrize("arguments", [["one\r\ntwo\rthree"], []])
def test_line_ends_of_other_systems_are_normalised(server: Server, room: str, arguments: list[str]) -> None:
    assert run("send", room, *arguments, "-s", server.url, given="one\r\ntwo\rthree\r").returncode == 0
    assert history(server, room) == ["one\ntwo\nthree"]


def test_a_carriage_return_ends_a_line_also_at_the_end_of_a_chunk(server: Server, room: str) -> None:
    # The first read ends between \\r and \\n.
    given = "first" + "\n" * (65536 - 6) + "\r\nlast\rone\r"
    assert run("send", room, "--send-on", "line", "-s", server.url, given=given).returncode == 0
    assert history(server, room) == ["first", "last", "one"]


def test_each_line_is_a_message_also_the_last_one_without_a_line_end(server: Server, room: str) -> None:
    assert (
        run("send", room, "--send-on", "line", "-s", server.url, given="one\n\ntwo\r\nthree").returncode == 0
    )
    assert history(server, room) == ["one", "two", "three"]


def test_a_thousand_lines_are_delivered_in_order_once(server: Server, room: str) -> None:
    lines = [str(number) for number in range(1000)]
    assert run("send", room, "--send-on", "line", "-s", server.url, given="\n".join(lines)).returncode == 0
    assert history(server, room) == lines


def test_empty_input_is_no_error(server: Server, room: str) -> None:
    assert run("send", room, "--send-on", "line", "-s", server.url, given="\n\n").returncode == 0
    assert history(server, room) == []


def test_a_rejected_line_is_reported_and_the_others_are_sent(server: Server, room: str) -> None:
    done = run("send", room, "--send-on", "line", "-s", server.url, given=f"one\n{'x' * 5000}\nthree\n")
    assert done.returncode == 5
    assert done.stderr.startswith("hubbub-chat: line 2: the message was rejected: ")
    assert history(server, room) == ["one", "three"]


def test_a_message_that_is_too_long_is_rejected(server: Server, room: str) -> None:
    for length in (5_000, 100_000):
        done = run("send", room, "-s", server.url, "--json", given="x" * length)
        assert done.returncode == 5
        assert json.loads(done.stderr)["error"] in {"too_long", "1009"}


def test_an_invalid_name_is_reported(server: Server, room: str) -> None:
    done = run("send", room, "hello", "-s", server.url, "--name", "x" * 33)
    assert (done.returncode, done.stderr) == (5, "hubbub-chat: the server does not accept this name\n")


def test_without_text_on_a_terminal_it_reports_an_error(server: Server, room: str) -> None:
    ours, theirs = os.openpty()
    done = subprocess.run(
        [*COMMAND, "send", room, "-s", server.url],
        stdin=theirs,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=LIMIT,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert "No text." in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["send"],
        ["send", "lobby", "x", "--id", "no good"],
        ["send", "lobby", "x", "--timeout", "soon"],
        ["sned", "x"],
    ],
)
def test_wrong_usage_is_reported(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: hubbub-chat")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["history", "lobby", "-n", "x"], "'-n': 'x' is not an integer. Example: 20."),
        (["history", "lobby", "-n", "0"], "'-n': 0 is too small; the minimum is 1."),
        (["tail", "lobby", "-n", "-1"], "'-n': -1 is too small; the minimum is 0."),
        (["tail", "lobby", "--count", "1.5"], "'--count': '1.5' is not an integer. Example: 20."),
    ],
)
def test_an_invalid_number_is_reported(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"Error: Invalid value for {message}"


def test_input_that_is_not_utf8_is_rejected(server: Server, room: str) -> None:
    done = run("send", room, "-s", server.url, given=b"\xff\xfe")
    assert (done.returncode, done.stderr) == (2, "hubbub-chat: the input is not UTF-8\n")
    lines = run("send", room, "--send-on", "line", "-s", server.url, given=b"one\n\xff\nthree\n")
    assert (lines.returncode, lines.stderr) == (2, "hubbub-chat: line 2: the input is not UTF-8\n")
    assert history(server, room) == ["one"]


@pytest.mark.parametrize(
    "arguments",
    [("topic", "lobby", "\udcff"), ("directory", "\udcff"), ("send", "lobby", "x", "--name", "\udcff")],
)
def test_arguments_that_are_not_utf8_are_rejected(server: Server, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, "-s", server.url)
    assert (done.returncode, done.stderr.startswith("hubbub-chat: not UTF-8: ")) == (2, True), done.stderr


def test_a_refused_connection_is_reported_at_once() -> None:
    done = run("send", "lobby", "hello", "-s", "ws://127.0.0.1:1")
    assert done.returncode == 3
    assert done.stderr == (
        "hubbub-chat: cannot connect to ws://127.0.0.1:1/ws: connection refused (try: hubbub-chat doctor)\n"
    )


def test_a_missing_reply_times_out(room: str) -> None:
    with serving() as server:
        send = start(
            "send",
            room,
            "--send-on",
            "line",
            "--json",
            "--timeout",
            "300ms",
            "-s",
            server.url,
            stdin=subprocess.PIPE,
        )
        assert send.stdin is not None
        assert send.stdout is not None
        send.stdin.write("one\n")
        send.stdin.flush()
        assert json.loads(send.stdout.readline())["offset"] == 1
        server.signal(signal.SIGSTOP)
        _, errors = send.communicate("two\n", timeout=LIMIT)
    assert send.returncode == 6
    assert json.loads(errors)["error"] == "timeout"
    assert json.loads(errors)["message"].startswith("line 2: ")


def test_a_token_signs_in_and_a_rejected_one_is_reported(room: str, tmp_path: Path) -> None:
    secret = "a secret of more than 32 bytes, for tests"
    token = jwt.encode({"sub": "ann", "exp": 4_000_000_000}, secret, algorithm="HS256")
    kept = tmp_path / "token"
    kept.write_text(f"{token}\n")
    with serving(HUBBUB_AUTH="tokens", HUBBUB_TOKEN_KEY=secret) as strict:
        given = ("send", room, "hello", "-s", strict.url)
        by_variable = run(*given, env=environment(CHAT_TOKEN=token))
        by_file = run(*given, "--token-file", str(kept))
        without = run(*given)
        wrong = run(*given, env=environment(CHAT_TOKEN="nonsense"))
    assert (by_variable.returncode, by_file.returncode) == (0, 0), by_variable.stderr + by_file.stderr
    assert (without.returncode, wrong.returncode) == (4, 4)
    assert "this server requires a token" in without.stderr
    assert "the token is rejected" in wrong.stderr
    assert "nonsense" not in wrong.stderr


def test_a_missing_or_empty_token_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, why in (("missing", "No such file"), ("empty", "is empty")):
        done = run("send", "lobby", "hello", "--token-file", str(tmp_path / name))
        assert done.returncode == 2
        assert why in done.stderr
