"""Two users in two real terminals, run by tmux."""

import sys
from pathlib import Path

import pytest

from tests.hubbub_cli.other_users import history
from tests.hubbub_cli.program import COMMAND, run
from tests.hubbub_cli.server import Server
from tests.hubbub_cli.terminals import Terminals, wait_until


def test_two_users_chat_in_their_terminals(server: Server, room: str, terminals: Terminals) -> None:
    assert COMMAND[0] == sys.executable
    for name in ("ann", "bob"):
        terminals.open(name, *COMMAND, room, "-s", server.url, "--name", name)
    terminals.wait_for("ann", "online as ann", "2 here: ann, bob")
    terminals.wait_for("bob", "online as bob", "2 here: bob, ann")
    terminals.type("ann", "-l", "hello bob")
    terminals.wait_for("bob", "ann is typing")
    terminals.type("ann", "Enter")
    terminals.wait_for("bob", "ann hello bob")
    terminals.type("bob", "-l", "hello ann")
    terminals.type("bob", "Enter")
    terminals.wait_for("ann", "bob hello ann")
    terminals.type("ann", "F1")
    terminals.wait_for("ann", "this help", "online as ann")
    terminals.type("ann", "Escape")
    terminals.type("bob", "C-c")
    terminals.wait_for("bob", "ended with 0")
    terminals.wait_for("ann", "1 here: ann")


def test_alt_and_a_digit_switch_rooms(server: Server, room: str, terminals: Terminals) -> None:
    other = f"{room}-b"
    for name, text in ((room, "in the first"), (other, "in the second")):
        assert run("send", name, text, "-s", server.url).returncode == 0
    terminals.open("bob", *COMMAND, room, other, "-s", server.url, "--name", "bob")
    terminals.wait_for("bob", "online as bob", "in the first")
    terminals.type("bob", "M-2")
    assert "Write a message" in terminals.wait_for("bob", "in the second")
    terminals.type("bob", "M-1")
    assert "Write a message" in terminals.wait_for("bob", "in the first")
    assert run("send", other, "once more", "-s", server.url).returncode == 0
    wait_until(lambda: terminals.title("bob") == f"(1) {room} - hubbub")
    terminals.type("bob", "M-S-Down")
    terminals.wait_for("bob", "once more")
    # What is on the screen stays when the terminal changes its size.
    terminals.resize("bob", 40, 12)
    small = terminals.wait_for("bob", "in the second", "once more", gone="Ctrl+C quit")
    assert small.splitlines()[0].split() == [room, other]
    terminals.resize("bob", 120, 40)
    terminals.wait_for("bob", f"2 {other}", "in the second", "once more", "Ctrl+C quit")


def test_pasted_lines_are_one_message_with_line_breaks(
    server: Server, room: str, terminals: Terminals
) -> None:
    terminals.open("ann", *COMMAND, room, "-s", server.url, "--name", "ann")
    terminals.wait_for("ann", "online as ann")
    # tmux pastes as terminals do: each line end becomes a carriage return.
    terminals.paste("ann", "one\ntwo\nthree\rfour\n")
    terminals.wait_for("ann", " one\n", " two\n", " three\n", " four\n")
    terminals.type("ann", "Enter")
    terminals.wait_for("ann", "ann one")
    assert history(server, room) == ["one\ntwo\nthree\nfour"]


SIZES = pytest.mark.parametrize(("columns", "rows"), [(40, 12), (80, 24), (120, 40), (200, 50)])


@SIZES
def test_the_keys_of_rooms_work_at_each_size(
    server: Server, room: str, terminals: Terminals, columns: int, rows: int
) -> None:
    names = [room, f"{room}-b", f"{room}-c"]
    for name in names:
        run("send", name, f"hello in {name}.", "-s", server.url, "--name", "bob")
    terminals.open("ann", *COMMAND, *names, "-s", server.url, "--name", "ann", columns=columns, rows=rows)
    terminals.wait_for("ann", "online as ann", f"{room}  1 here")
    terminals.type("ann", "M-3")
    terminals.wait_for("ann", f"{names[2]}  1 here")
    terminals.type("ann", "C-n")
    terminals.wait_for("ann", f"{room}  1 here")
    run("send", names[1], "@ann look", "-s", server.url, "--name", "bob")
    terminals.wait_for("ann", "@1")
    terminals.type("ann", "M-a")
    terminals.wait_for("ann", f"{names[1]}  1 here", "new messages", "@ann look")
    terminals.type("ann", "C-k")
    terminals.wait_for("ann", "Go to a room, or join one")
    terminals.type("ann", "-l", names[2])
    terminals.type("ann", "Enter")
    terminals.wait_for("ann", f"{names[2]}  1 here")
    terminals.type("ann", "C-c")
    terminals.wait_for("ann", "ended with 0")


@SIZES
def test_the_keys_of_the_input_work_at_each_size(
    server: Server, room: str, terminals: Terminals, columns: int, rows: int
) -> None:
    terminals.open("ann", *COMMAND, room, "-s", server.url, "--name", "ann", columns=columns, rows=rows)
    terminals.wait_for("ann", "online as ann", f"{room}  1 here")
    terminals.type("ann", "F2")
    terminals.wait_for("ann", "Commands")
    terminals.type("ann", "Escape")
    terminals.wait_for("ann", gone="Commands")
    terminals.type("ann", "F1")
    terminals.wait_for("ann", "─ hubbub ─")
    terminals.type("ann", "NPage")
    terminals.type("ann", "Escape")
    terminals.wait_for("ann", "Write a message", gone="─ hubbub ─")
    terminals.type("ann", "M-x", "M-p", "M-n")
    terminals.type("ann", "-l", "half")
    terminals.type("ann", "C-j")
    terminals.type("ann", "-l", ":rocke")
    terminals.type("ann", "Tab")
    terminals.wait_for("ann", "half", "🚀")
    terminals.type("ann", "Enter")
    terminals.wait_for("ann", "ann half" if columns >= 60 else " ann  ")
    wait_until(lambda: history(server, room) == ["half\n🚀 "])
    terminals.type("ann", "Up")
    terminals.wait_for("ann", " half\n", "🚀")
    terminals.type("ann", "C-c", "C-c")
    terminals.wait_for("ann", "ended with 0")


@SIZES
def test_the_keys_that_scroll_work_at_each_size(
    server: Server, room: str, terminals: Terminals, columns: int, rows: int
) -> None:
    # Each has two lines at least.
    between = [f"more {number}. {'word ' * 30}" for number in range(rows // 2 + 5)]
    texts = "\n".join(["first of all", "@ann one", *between, "@ann two", "the end"])
    run("send", room, "--send-on", "line", "-s", server.url, "--name", "bob", given=texts)
    terminals.open("ann", *COMMAND, room, "-s", server.url, "--name", "ann", columns=columns, rows=rows)
    terminals.wait_for("ann", "online as ann", "the end")
    terminals.type("ann", "M-p", "M-p")
    terminals.wait_for("ann", "@ann one", gone="the end")
    terminals.type("ann", "M-n")
    terminals.wait_for("ann", "@ann two")
    terminals.type("ann", *["PPage"] * 20)
    terminals.wait_for("ann", "first of all", gone="the end")
    terminals.type("ann", "NPage")
    terminals.wait_for("ann", "more", gone="first of all")
    terminals.type("ann", "Escape")
    terminals.wait_for("ann", "the end", gone="first of all")


@SIZES
def test_the_keys_of_messages_work_at_each_size(
    server: Server, room: str, terminals: Terminals, columns: int, rows: int
) -> None:
    other = f"{room}-b"
    for name, text in ((room, "lunch?"), (room, "aside"), (other, "elsewhere.")):
        run("send", name, text, "-s", server.url, "--name", "bob")
    terminals.open(
        "ann", *COMMAND, room, other, "-s", server.url, "--name", "ann", columns=columns, rows=rows
    )
    terminals.wait_for("ann", "online as ann", "aside")
    terminals.type("ann", "M-Up", "M-Up", "M-Up", "M-Down", "M-Up")
    terminals.type("ann", "-l", "/reply at twelve")
    terminals.type("ann", "Enter")
    terminals.wait_for("ann", "at twelve", "1 reply")
    terminals.type("ann", "M-t")
    terminals.wait_for("ann", "thread of", "lunch?", "at twelve", gone="aside")
    terminals.type("ann", "Escape")
    terminals.wait_for("ann", f"{room}  1 here", "aside", gone="thread of")
    terminals.type("ann", "C-p")
    terminals.wait_for("ann", f"{other}  1 here")
    run("send", room, "news.", "-s", server.url, "--name", "bob")
    wait_until(lambda: terminals.title("ann") == f"(1) {other} - hubbub")
    terminals.type("ann", "M-S-Up")
    terminals.wait_for("ann", f"{room}  1 here", "news.")
    terminals.type("ann", "-l", "two")
    terminals.type("ann", "M-Enter")
    terminals.type("ann", "-l", "lines")
    terminals.type("ann", "Enter")
    wait_until(lambda: history(server, room)[-1] == "two\nlines")


def test_the_editor_writes_the_message(
    server: Server, room: str, terminals: Terminals, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'from the\\neditor' > \"$1\"\n")
    editor.chmod(0o755)
    command = ("env", f"EDITOR={editor}", *COMMAND, room, "-s", server.url, "--name", "ann")
    terminals.open("ann", *command)
    terminals.wait_for("ann", "online as ann")
    terminals.type("ann", "C-x", "C-e")
    terminals.wait_for("ann", " from the\n", " editor\n")
    terminals.type("ann", "Enter")
    terminals.wait_for("ann", "ann from the")
    terminals.type("ann", "F4")
    terminals.wait_for("ann", " from the\n", " editor\n", "online as ann")


def test_the_wheel_loads_history_and_the_place_is_held(
    server: Server, room: str, terminals: Terminals
) -> None:
    for start in (0, 60):
        numbers = "\n".join(f"number {number}." for number in range(start, start + 60))
        run("send", room, "--send-on", "line", "-s", server.url, "--name", "bob", given=numbers)
    terminals.open("ann", *COMMAND, room, "-s", server.url, "--name", "ann")
    terminals.wait_for("ann", "online as ann", "number 119.")
    # The wheel, as a terminal reports it: SGR mouse mode, button 64, at column 30 of line 10.
    screen = ""
    while "number 60." not in screen:
        terminals.type("ann", "-l", "\x1b[<64;30;10M")
        # A letter comes and goes: the turn of the wheel before it is processed, so none are queued.
        terminals.type("ann", "x")
        terminals.wait_for("ann", "online as ann", gone="Write a message")
        terminals.type("ann", "BSpace")
        screen = terminals.wait_for("ann", "Write a message")
    top = screen.splitlines()[1]
    run("send", room, "something new", "-s", server.url, "--name", "bob")
    assert top in terminals.wait_for("ann", "1 new message below")
    terminals.type("ann", "C-End")
    terminals.wait_for("ann", "something new")


def test_keys_that_come_at_once_keep_their_order(server: Server, room: str, terminals: Terminals) -> None:
    other = f"{room}-b"
    terminals.open("ann", *COMMAND, room, other, "-s", server.url, "--name", "ann")
    terminals.wait_for("ann", "online as ann", f"{room}  1 here")
    # One write of the terminal: a line, the beginning of another one, and a line for the other room.
    terminals.type("ann", *"one", "Enter", *"two", "M-2", *"three", "Enter")
    terminals.wait_for("ann", f"{other}  1 here", "ann three")
    terminals.type("ann", "M-1")
    terminals.wait_for("ann", f"{room}  1 here", "ann one", " two\n")
    assert (history(server, room), history(server, other)) == (["one"], ["three"])


def test_the_title_counts_and_a_mention_is_a_notification(
    server: Server, room: str, terminals: Terminals, tmp_path: Path
) -> None:
    other, output = f"{room}-b", tmp_path / "output"
    terminals.open("ann", *COMMAND, room, other, "-s", server.url, "--name", "ann")
    terminals.wait_for("ann", "online as ann")
    assert terminals.title("ann") == f"{room} - hubbub"
    terminals.record("ann", output)
    run("send", other, "ann: look", "-s", server.url, "--name", "bob")
    terminals.wait_for("ann", f"2 {other}")
    wait_until(lambda: terminals.title("ann") == f"(1) {room} - hubbub")
    wait_until(lambda: f"\x1b]9;bob mentioned you in {other}\x07" in output.read_text(encoding="utf-8"))
    terminals.type("ann", "M-2")
    wait_until(lambda: terminals.title("ann") == f"{other} - hubbub")
