"""`tail` prints each message once and in order, and resumes after the last one printed."""

import asyncio
import json
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from hubbub_client import Client
from tests.hubbub_cli.other_users import say
from tests.hubbub_cli.program import COMMAND, LIMIT, environment, run, start
from tests.hubbub_cli.server import ROOT, Server, serving


def texts(output: str) -> list[str]:
    return [json.loads(line).get("text", "(gap)") for line in output.splitlines()]


def read(tail: subprocess.Popen[str], count: int) -> list[str]:
    assert tail.stdout is not None
    return texts("".join(tail.stdout.readline() for _ in range(count)))


def end(tail: subprocess.Popen[str]) -> int:
    """Interrupt it as Ctrl+C does; return the exit code."""
    tail.send_signal(signal.SIGINT)
    tail.communicate(timeout=LIMIT)
    return tail.returncode


def test_the_json_format_is_stable(server: Server, room: str) -> None:
    for number, text in enumerate(("hello", "Grüße\n世界 \x1b[31m\u202e")):
        run("send", room, text, "-s", server.url, "--name", "bob", "--id", f"k{number}")
    lines = run("tail", room, "--json", "--no-follow", "-s", server.url).stdout.splitlines()
    first = json.loads(lines[0])
    varying = {
        "epoch": first["epoch"],
        "at": json.loads(lines[1])["at"],
        "user_id": json.loads(lines[1])["user_id"],
    }
    golden = (
        f'{{"v":1,"type":"message","room":"{room}","epoch":"{varying["epoch"]}","offset":2,"key":"k1","user":"bob",'
        f'"text":"Grüße\\n世界 \\u001b[31m\\u202e","at":{varying["at"]},'
        f'"user_id":"{varying["user_id"]}","kind":"guest"}}'
    )
    assert lines[1] == golden


def test_it_starts_with_the_last_messages(server: Server, room: str) -> None:
    say(server, room, *map(str, range(130)))
    for most in (0, 20, 130):
        done = run("tail", room, "--json", "--no-follow", "-n", str(most), "-s", server.url)
        assert texts(done.stdout) == [str(number) for number in range(130 - most, 130)]


def test_it_follows_and_ends_after_the_count(server: Server, room: str) -> None:
    say(server, room, "one")
    tail = start("tail", room, "--json", "--count", "3", "-s", server.url)
    assert read(tail, 1) == ["one"]
    say(server, room, "two", "three", "four")
    out, _ = tail.communicate(timeout=LIMIT)
    assert texts(out) == ["two", "three"]
    assert tail.returncode == 0


def test_it_ends_after_the_idle_time(server: Server, room: str) -> None:
    assert run("tail", room, "--idle", "50ms", "-s", server.url).returncode == 0


def test_it_ends_when_the_pipe_is_closed(server: Server, room: str) -> None:
    say(server, room, "one", "two")
    done = subprocess.run(
        ["sh", "-c", f"{shlex.join(COMMAND)} tail {room} --json -s {server.url} | head -1"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    assert texts(done.stdout) == ["one"]
    assert done.stderr == ""


def test_it_detects_a_closed_pipe_without_a_message(server: Server, room: str) -> None:
    say(server, room, "one")
    tail = start("tail", room, "--json", "-s", server.url)
    assert read(tail, 1) == ["one"]
    assert tail.stdout is not None
    tail.stdout.close()
    assert tail.wait(LIMIT) == 141
    assert tail.stderr is not None
    assert tail.stderr.read() == ""
    tail.stderr.close()


def test_an_interrupt_is_no_error(server: Server, room: str) -> None:
    say(server, room, "one")
    tail = start("tail", room, "--json", "-s", server.url)
    read(tail, 1)
    assert end(tail) == 130


def test_the_state_file_resumes_after_the_last_line(server: Server, room: str, tmp_path: Path) -> None:
    state = ["--state", str(tmp_path / "state")]
    say(server, room, *map(str, range(5)))
    following = ["tail", room, "--json", "-s", server.url, *state]
    assert texts(run(*following, "--count", "3").stdout) == ["0", "1", "2"]
    say(server, room, *map(str, range(5, 200)))
    assert texts(run(*following, "--count", "197").stdout) == [str(number) for number in range(3, 200)]
    assert run(*following, "--no-follow").stdout == ""


def test_a_killed_server_causes_a_gap_and_no_duplicates(room: str, tmp_path: Path) -> None:
    arguments = ["tail", room, "--json", "--state", str(tmp_path / "state")]
    with serving() as server:
        say(server, room, "one", "two")
        tail = start(*arguments, "-s", server.url)
        assert read(tail, 2) == ["one", "two"]
        server.restart()
        say(server, room, "three", "four")
        assert read(tail, 3) == ["(gap)", "three", "four"]
        assert end(tail) == 130
        say(server, room, "five")
        assert texts(run(*arguments, "--no-follow", "-s", server.url).stdout) == ["five"]


def test_strict_tail_ends_at_a_gap(room: str, tmp_path: Path) -> None:
    arguments = ["tail", room, "--state", str(tmp_path / "state"), "--no-follow", "--strict"]
    with serving() as server:
        say(server, room, "one")
        assert run(*arguments, "-s", server.url).returncode == 0
        server.restart()
        done = run(*arguments, "-s", server.url)
        assert run(*arguments, "-s", server.url).returncode == 0
    assert (done.returncode, done.stderr) == (7, f"hubbub-chat: messages in {room} are lost\n")


def test_an_invalid_state_file_is_rejected_and_not_changed(server: Server, room: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("{}")
    done = run("tail", room, "--state", str(precious), "-s", server.url)
    assert done.returncode == 2
    assert "invalid state file" in done.stderr
    assert precious.read_text() == "{}"


def test_several_rooms_are_labelled(server: Server, room: str) -> None:
    other = f"{room}-b"
    say(server, room, "here")
    say(server, other, "there")
    lines = run("tail", room, other, "--no-follow", "-s", server.url).stdout.splitlines()
    assert sorted(line.split(maxsplit=2)[2] for line in lines) == [
        f"[{other}] bob: there",
        f"[{room}] bob: here",
    ]


@pytest.mark.parametrize("setting", ["NO_COLOR", "--color=never"])
def test_hostile_text_is_sanitized_without_colours(server: Server, room: str, setting: str) -> None:
    run(
        "send",
        room,
        "\x1b]0;owned\x07\x1b[2J\n99:99 bob: forged\u202e",
        "-s",
        server.url,
        "--name",
        "eve\u0301",
    )
    options = [setting] if setting.startswith("--") else []
    more = {} if options else {setting: "1", "FORCE_COLOR": "1"}
    done = run("tail", room, "--no-follow", "-s", server.url, *options, env=environment(**more))
    assert "\x1b" not in done.stdout + done.stderr
    first, second = done.stdout.splitlines()
    assert first.endswith("eve\u0301: ]0;owned[2J")
    assert second == " " * 17 + "99:99 bob: forged"


def test_colours_can_be_forced(server: Server, room: str) -> None:
    say(server, room, "one")
    done = run("tail", room, "--no-follow", "-s", server.url, "--color", "always")
    assert "\x1b[" in done.stdout


def test_since_is_an_offset_a_duration_or_a_time(server: Server, room: str) -> None:
    say(server, room, *map(str, range(120)))
    tail = ("tail", room, "--json", "--no-follow", "-s", server.url)
    assert texts(run(*tail, "--since", "2").stdout) == [str(number) for number in range(2, 120)]
    assert len(texts(run(*tail, "--since", "10m").stdout)) == 120
    assert texts(run(*tail, "--since", "10m", "-n", "1").stdout) == ["119"]
    assert texts(run(*tail, "--since", "2999-01-01T00:00:00Z").stdout) == []
    assert texts(run("history", room, "--json", "--since", "118", "-s", server.url).stdout) == ["118", "119"]
    refused = run(*tail, "--since", "yesterday")
    assert (refused.returncode, "'yesterday' is no duration (10m)" in refused.stderr) == (2, True)


def test_a_format_has_the_fields_of_a_message(server: Server, room: str) -> None:
    run("send", room, "two\nlines \x1b[31m", "-s", server.url, "--name", "bob", "--id", "k1")
    tail = ("tail", room, "--no-follow", "-s", server.url)
    done = run(*tail, "--format", "{offset} {key} [{room}] <{user}> {text} {{}}")
    assert done.stdout == f"1 k1 [{room}] <bob> two lines [31m {{}}\n"
    for invalid in ("{name}", "{", "{text.__class__}", "{}", "{offset!x}"):
        refused = run(*tail, "--format", invalid)
        assert (refused.returncode, "The fields are: {time}" in refused.stderr) == (2, True)


async def test_only_selects_what_is_printed(server: Server, room: str) -> None:
    await asyncio.to_thread(say, server, room, "one")
    tail = start("tail", room, "--json", "--only", "message,presence", "-s", server.url)
    assert await asyncio.to_thread(read, tail, 1) == ["one"]
    async with Client(server.url, name="cem") as chat:
        await chat.join(room)
        assert tail.stdout is not None
        assert json.loads(await asyncio.to_thread(tail.stdout.readline))["joined"] == ["cem"]
    await asyncio.to_thread(end, tail)


def test_only_rejects_an_unknown_kind(server: Server, room: str) -> None:
    say(server, room, "one")
    assert not run("tail", room, "--only", "presence", "--no-follow", "-s", server.url).stdout
    assert run("tail", room, "--only", "gap,noise", "-s", server.url).returncode == 2


def test_an_action_is_one(server: Server, room: str) -> None:
    say(server, room, "* bob waves", "* cem waves")
    printed = run("tail", room, "--no-follow", "--format", "{text}", "-s", server.url).stdout
    assert printed == "* bob waves\n* cem waves\n"
    lines = run("tail", room, "--no-follow", "-s", server.url).stdout.splitlines()
    assert [line[17:] for line in lines] == ["* bob waves", "bob: * cem waves"]


def test_retry_limits_the_attempts(room: str) -> None:
    with serving() as server:
        tail = start("tail", room, "--retry", "1", "-s", server.url)
        say(server, room, "one")
        assert tail.stdout is not None
        tail.stdout.readline()
        server.kill()
        _, errors = tail.communicate(timeout=LIMIT)
        assert (tail.returncode, "connection refused" in errors) == (3, True)
        waiting = start("send", room, "at last", "--retry", "forever", "-s", server.url)
        server.start()
        assert waiting.wait(LIMIT) == 0
        waiting.communicate()
        assert texts(run("history", room, "--json", "-s", server.url).stdout) == ["at last"]
