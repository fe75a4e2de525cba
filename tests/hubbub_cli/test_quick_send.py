"""`send` without asyncio: the full client does what it can't, and the user sees no difference."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from hubbub_cli import main, sending
from hubbub_cli.commands import send
from hubbub_cli.outgoing import OutgoingMessage
from hubbub_cli.settings import Given, load
from hubbub_cli.uploads import local_file
from tests.hubbub_cli.other_users import history, say
from tests.hubbub_cli.program import environment
from tests.hubbub_cli.proxies import Fault, faulty_proxy
from tests.hubbub_cli.server import Server, serving

# What the client waits for, one after the other.
UPGRADE, HELLO, JOIN, SEND = range(4)
REJECTED = "the message was rejected: "


@dataclass
class Outcome:
    """The exit code of a command, and what it printed."""

    code: int
    out: str = ""
    err: str = ""


class Program:
    """The program in this process. `full` counts the messages that the full client had to send."""

    def __init__(self, capsys: pytest.CaptureFixture[str], server: Server, room: str) -> None:
        self._capsys = capsys
        self.server = server
        self.room = room
        self.quick = True
        self.full = 0

    def send(self, *arguments: str, port: int | None = None) -> Outcome:
        return self.run("send", self.room, *arguments, port=port)

    def run(self, *arguments: str, port: int | None = None) -> Outcome:
        code = main.main([*arguments, "-s", f"ws://127.0.0.1:{port or self.server.port}"])
        printed = self._capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    def stored(self) -> list[str]:
        return history(self.server, self.room)


@pytest.fixture
def program(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    server: Server,
    room: str,
) -> Program:
    variables = environment(XDG_STATE_HOME=str(tmp_path))
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    made = Program(capsys, server, room)
    original = sending.SendRun

    def counted(*arguments: object) -> sending.SendRun:
        made.full += 1
        return original(*arguments)  # type: ignore[arg-type]  # those of the class

    monkeypatch.setattr(sending, "SendRun", counted)
    return made


@pytest.fixture(params=["quick", "full"])
def either(program: Program, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Run the test with the quick path, and without it."""
    if request.param == "full":
        program.quick = False
        monkeypatch.setattr(send, "is_usual", lambda *_: False)
    return program


def test_a_message_is_stored(either: Program) -> None:
    assert either.send("hello", "there") == Outcome(0)
    assert either.stored() == ["hello there"]
    assert either.full == (not either.quick)


def test_a_key_is_deduplicated(either: Program) -> None:
    receipts = [json.loads(either.send("hello", "--json", "--id", "k1").out) for _ in range(2)]
    for receipt, duplicate in zip(receipts, (False, True), strict=True):
        assert list(receipt) == ["v", "type", "room", "key", "epoch", "offset", "duplicate"]
        assert [*receipt.values()][3:] == ["k1", receipt["epoch"], 1, duplicate]
    assert either.send("hello", "--id", "k1", "-v") == Outcome(0, err="-- stored at 1 (duplicate)\n")
    assert either.stored() == ["hello"]
    assert either.full == 3 * (not either.quick)


def test_a_reply_names_its_message(either: Program) -> None:
    say(either.server, either.room, "question")
    either.send("answer", "--reply-to", "1")
    printed = either.run("history", either.room, "--json").out.splitlines()
    assert json.loads(printed[-1])["reply_to"] == 1
    assert either.full == (not either.quick)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([" "], 5, f"{REJECTED}The text is empty, or has no visible character."),
        (["x" * 5000], 5, f"{REJECTED}the text is longer than the server's limit"),
        (["x", "--name", "root"], 5, "the server does not accept this name"),
        (["x", "--name", "used"], 5, "the name used is in use; used2 is free: --name used2"),
        (["\udcff"], 2, "the text is not UTF-8"),
    ],
    ids=["empty", "too long", "reserved name", "name in use", "not UTF-8"],
)
def test_a_rejection_is_reported_by_the_full_client(
    either: Program, arguments: list[str], code: int, message: str
) -> None:
    with connect(f"{either.server.url}/ws", subprotocols=[Subprotocol("hubbub.v1")]) as other:
        other.send('{"type": "hello", "id": 1, "name": "used"}')
        other.recv()
        assert either.send(*arguments) == Outcome(code, err=f"hubbub-chat: {message}\n")
    assert either.full == 1
    assert either.stored() == []


def test_a_guest_who_may_only_read_gets_a_sentence(program: Program) -> None:
    secret = {"HUBBUB_TOKEN_KEY": "a-secret-of-32-bytes-for-the-tests"}
    with serving(HUBBUB_AUTH="both", HUBBUB_GUEST_READ="*", **secret) as strict:
        done = program.send("hello", "--name", "ann", port=strict.port)
    assert done == Outcome(
        5, err="hubbub-chat: the message was rejected: No write permission for this room.\n"
    )
    assert program.full == 1


@pytest.mark.parametrize("requests", [UPGRADE, HELLO, JOIN, SEND])
def test_after_a_lost_connection_the_full_client_sends(program: Program, requests: int) -> None:
    with faulty_proxy(program.server.port, requests, Fault.LOST) as proxy:
        assert program.send("hello", "-v", port=proxy.port) == Outcome(0, err="-- stored at 1\n")
        assert (proxy.connections, program.full) == (2, 1)
    assert program.stored() == ["hello"]


@pytest.mark.parametrize("named", [True, False])
def test_a_message_whose_receipt_is_lost_is_stored_once(
    either: Program, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    """Also by a guest without a name, and where no secret can be stored."""
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    if not named:
        monkeypatch.delenv("USER")
    with faulty_proxy(either.server.port, SEND, Fault.REPLY_LOST) as proxy:
        assert either.send("hello", "-v", port=proxy.port) == Outcome(0, err="-- stored at 1 (duplicate)\n")
        assert (proxy.connections, either.full) == (2, 1)
    assert either.stored() == ["hello"]


@pytest.mark.parametrize("requests", [UPGRADE, HELLO])
def test_the_connect_timeout_counts_for_both_attempts(either: Program, requests: int) -> None:
    with faulty_proxy(either.server.port, requests, Fault.STALLED) as proxy:
        done = either.send("hello", "--connect-timeout", "200ms", port=proxy.port)
    url = f"ws://127.0.0.1:{proxy.port}/ws"
    message = f"cannot connect to {url}: no reply within 0.2 s (try: hubbub-chat doctor)"
    assert done == Outcome(3, err=f"hubbub-chat: {message}\n")


@pytest.mark.parametrize(("requests", "call"), [(JOIN, "joining"), (SEND, "sending to")])
def test_the_timeout_counts_for_both_attempts(either: Program, requests: int, call: str) -> None:
    with faulty_proxy(either.server.port, requests, Fault.STALLED) as proxy:
        done = either.send("hello", "--timeout", "200ms", port=proxy.port)
    message = f"no reply in time: {call} {either.room!r} took longer than 0.2 s"
    assert done == Outcome(6, err=f"hubbub-chat: {message}\n")
    assert either.stored() == []


def test_a_server_that_is_gone_once_it_had_the_message_is_a_missing_reply(either: Program) -> None:
    """A client that was online reconnects until the time is over: that is no failure to connect."""
    with faulty_proxy(either.server.port, SEND, Fault.REPLY_LOST, later=1) as proxy:
        done = either.send("hello", "--timeout", "300ms", port=proxy.port)
    message = f"no reply in time: sending to {either.room!r} took longer than 0.3 s"
    assert done == Outcome(6, err=f"hubbub-chat: {message}\n")
    assert either.stored() == ["hello"]


@pytest.mark.parametrize(
    ("given", "variables", "usual"),
    [
        ({"server": "ws://example.org/ws"}, {}, True),
        ({"server": "wss://example.org/ws"}, {}, False),
        ({"server": "ws://example.org/ws", "retry": "0"}, {}, False),
        ({"server": "ws://example.org/ws"}, {"HTTP_PROXY": "http://127.0.0.1:9"}, False),
        ({"server": "ws://example.org/ws"}, {"all_proxy": "socks5://127.0.0.1:9"}, False),
    ],
)
@pytest.mark.usefixtures("program")
def test_tls_proxies_retries_and_files_need_the_full_client(
    monkeypatch: pytest.MonkeyPatch, given: Given, variables: dict[str, str], *, usual: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert send.is_usual(load(given), OutgoingMessage("hello", "k1")) is usual
    files = (local_file(Path(__file__)),)
    assert not send.is_usual(load(given), OutgoingMessage("hello", "k1", files=files))
