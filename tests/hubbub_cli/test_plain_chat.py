"""Line mode: lines are sent, messages are printed, and the last lines of the input are not lost."""

import subprocess

from tests.hubbub_cli.other_users import history
from tests.hubbub_cli.program import LIMIT, environment, run, start
from tests.hubbub_cli.server import Server


def test_two_users_chat(server: Server, room: str) -> None:
    bob = start(room, "-s", server.url, "--name", "bob", stdin=subprocess.PIPE)
    assert bob.stdout is not None
    assert bob.stderr is not None
    assert bob.stderr.readline() == f"-- joined {room} as bob; 1 here: bob\n"
    ann = start(room, "-s", server.url, "--name", "ann", stdin=subprocess.PIPE)
    assert bob.stderr.readline() == "-- ann joined\n"
    _, errors = ann.communicate("hello\n/me waves\n//etc\n/dance\n", timeout=LIMIT)
    assert ann.returncode == 0
    assert "Unknown command /dance" in errors
    assert [bob.stdout.readline().split(maxsplit=1)[1] for _ in range(3)] == [
        "ann: hello\n",
        "* ann waves\n",
        "ann: /etc\n",
    ]
    assert bob.stderr.readline() == "-- ann left\n"
    bob.communicate("/quit\n", timeout=LIMIT)
    assert bob.returncode == 0


def test_the_end_of_the_input_waits_for_queued_messages(server: Server, room: str) -> None:
    lines = "".join(f"{number}\n" for number in range(100))
    assert run(room, "-s", server.url, given=lines).returncode == 0
    assert history(server, room) == [str(number) for number in range(100)]


def test_carriage_returns_are_line_ends(server: Server, room: str) -> None:
    assert run(room, "-s", server.url, given="one\r\ntwo\rthree\n").returncode == 0
    assert history(server, room) == ["one", "two", "three"]


def test_rooms_can_be_changed(server: Server, room: str) -> None:
    other = f"{room}-b"
    done = run(
        room,
        "-s",
        server.url,
        given=f"/join {other}\nthere\n/leave\nhere\n/leave\nnowhere\n/help\n/who\n/nick\n",
    )
    assert done.returncode == 0
    assert "You are in no room" in done.stderr
    assert (history(server, room), history(server, other)) == (["here"], ["there"])


def test_a_rejected_line_sets_the_exit_code(server: Server, room: str) -> None:
    done = run(room, "-s", server.url, given=f"{'x' * 5000}\nfine\n")
    assert done.returncode == 5
    assert "the message was rejected" in done.stderr


def test_a_dumb_terminal_gets_no_escape_sequences(server: Server, room: str) -> None:
    done = run(room, "-s", server.url, given="hello\n", env=environment(TERM="dumb"))
    assert "\x1b" not in done.stdout + done.stderr
