"""Crashes of the program and of the server: nothing is lost, and nothing is out of order."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.brokers.certificates import Authority
from tests.e2e.backbones import NAMES, backbone
from tests.hubbub_cli.other_users import history, say, wait_for_messages
from tests.hubbub_cli.program import COMMAND, LIMIT, run, start
from tests.hubbub_cli.proxies import tls_proxy
from tests.hubbub_cli.server import Server, serving
from tests.hubbub_cli.terminals import Terminals

KILLS = 6


def texts(lines: list[str]) -> list[str]:
    return [json.loads(line)["text"] for line in lines]


def killed(tail: subprocess.Popen[str], after: int) -> list[str]:
    """Kill it after some lines; return the texts of all whole lines."""
    with tail:
        assert tail.stdout is not None
        lines = [tail.stdout.readline() for _ in range(after)]
        tail.kill()
        lines += tail.stdout.readlines()
    return texts([line for line in lines if line.endswith("\n")])


def test_a_killed_tail_loses_nothing_and_repeats_at_most_the_last_line(
    server: Server, room: str, tmp_path: Path
) -> None:
    tail = ("tail", room, "-n", "5", "--json", "--state", str(tmp_path / "state"), "-s", server.url)
    say(server, room, *("before" for _ in range(3)), *(f"first {number}" for number in range(5)))
    # Also the very first one: where it begins is recorded before it prints.
    printed = killed(start(*tail), after=1)

    def add(part: list[str]) -> None:
        # Killed after it had printed a line, and before it recorded that.
        printed.extend(part[1:] if part[:1] == printed[-1:] else part)

    for batch in range(KILLS):
        say(server, room, *(str(number) for number in range(20 * batch, 20 * batch + 20)))
        add(killed(start(*tail), after=batch + 1))
    add(texts(run(*tail, "--no-follow").stdout.splitlines()))
    assert printed == [*(f"first {number}" for number in range(5)), *map(str, range(20 * KILLS))]


def test_a_pipe_is_stored_once_and_in_order_through_a_restart(room: str, tmp_path: Path) -> None:
    lines = [f"y {number}" for number in range(1000)]
    with serving(ARCHIVE_URL="sqlite:///archive.sqlite", HUBBUB_DATA=str(tmp_path)) as server:
        command = ("send", room, "--send-on", "line", "--timeout", "60s", "-s", server.url)
        with start(*command, stdin=subprocess.PIPE) as send:
            assert send.stdin is not None
            assert send.stderr is not None
            send.stdin.write("\n".join(lines[:500]) + "\n")
            send.stdin.flush()
            wait_for_messages(server, room, 20)
            server.restart()
            send.stdin.write("\n".join(lines[500:]))
            send.stdin.close()
            assert (send.wait(3 * LIMIT), send.stderr.read()) == (0, "")
        assert history(server, room) == lines


@pytest.mark.parametrize("broker", NAMES)
def test_nothing_is_lost_over_tls_through_a_restart_and_a_cut(
    broker: str, room: str, authority: Authority
) -> None:
    lines = [f"line {number}" for number in range(200)]
    with (
        backbone(broker) as (_, settings),
        serving(**settings) as server,
        tls_proxy(authority.issue("node"), server.port) as proxy,
    ):
        tls = ("-s", f"wss://127.0.0.1:{proxy.port}", "--ca-file", str(authority.file))
        send = start("send", room, "--send-on", "line", "--timeout", "60s", *tls, stdin=subprocess.PIPE)
        # With all earlier ones: it may join after many were sent, and prints the last 20 otherwise.
        tail_all = ("tail", room, "-n", "200", "--json", "--count", "200", *tls)
        with send, start(*tail_all) as tail:
            assert send.stdin is not None
            assert tail.stdout is not None
            send.stdin.write("\n".join(lines[:50]) + "\n")
            send.stdin.flush()
            printed = [tail.stdout.readline()]
            server.restart()
            send.stdin.write("\n".join(lines[50:100]) + "\n")
            send.stdin.flush()
            printed += [tail.stdout.readline() for _ in range(60)]
            proxy.cut()
            send.stdin.write("\n".join(lines[100:]))
            send.stdin.close()
            printed += tail.stdout.readlines()
            assert (send.wait(3 * LIMIT), tail.wait(LIMIT)) == (0, 0)
        assert texts(printed) == lines
        assert history(server, room) == lines


@pytest.mark.parametrize("broker", NAMES)
def test_the_screen_keeps_every_message_over_tls_through_a_restart_and_a_cut(
    broker: str, room: str, authority: Authority, terminals: Terminals
) -> None:
    with (
        backbone(broker) as (_, settings),
        serving(**settings) as server,
        tls_proxy(authority.issue("node"), server.port) as proxy,
    ):
        tls = ("-s", f"wss://127.0.0.1:{proxy.port}", "--ca-file", str(authority.file))
        terminals.open("ann", *COMMAND, room, *tls, "--name", "ann", columns=80, rows=50)
        terminals.wait_for("ann", "online as ann", "1 here")
        say(server, room, *(f"line {number}." for number in range(10)))
        terminals.wait_for("ann", "line 9.")
        server.kill()
        terminals.wait_for("ann", gone="online as ann")
        terminals.type("ann", *"typed", "Space", *"offline", "Enter")
        terminals.wait_for("ann", "typed offline", "line 0.")
        server.start()
        say(server, room, *(f"line {number}." for number in range(10, 20)))
        terminals.wait_for("ann", "online as ann", "line 19.", gone="sending")
        proxy.cut()
        say(server, room, *(f"line {number}." for number in range(20, 30)))
        terminals.type("ann", *"the", "Space", *"end", "Enter")
        screen = terminals.wait_for("ann", "line 29.", "the end", gone="sending")
        stored = history(server, room)
    shown = re.findall(r"line \d+\.|typed offline|the end", screen)
    assert shown == stored
    assert sorted(shown) == sorted([*(f"line {number}." for number in range(30)), "typed offline", "the end"])
