"""`docs/data-flow.md` is true: a real message makes the hops that it names, in that order."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from websockets.asyncio.client import ClientConnection, connect

from hubbub_protocol import decode_event, encode, events
from hubbub_protocol.commands import Hello, Join, Send
from service.server import running
from service.settings import load

ROOT = Path(__file__).parents[2]
HOP = re.compile(r"^\| \d+ \| `(?P<file>[\w/]+\.py)` `(?P<function>[\w.]+)`", re.MULTILINE)


def hops() -> list[tuple[str, str]]:
    page = (ROOT / "docs" / "data-flow.md").read_text(encoding="utf-8")
    return [(match["file"], match["function"]) for match in HOP.finditer(page)]


@contextmanager
def watch(names: set[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Note which of these functions are called, in order."""
    seen: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            code = frame.f_code
            for file, function in names:
                if code.co_qualname == function and code.co_filename.endswith(file):
                    seen.append((file, function))

    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)


def test_the_functions_that_the_page_names_in_passing_exist() -> None:
    page = (ROOT / "docs" / "data-flow.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]\w+\.\w+)`", page))
    found = {
        f"{owner.name}.{method.name}"
        for package in ("archive", "brokers", "service")
        for path in (ROOT / package).rglob("*.py")
        for owner in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert named
    assert sorted(named - found) == []


async def until(client: ClientConnection, kind: type[events.Event]) -> None:
    while not isinstance(decode_event(await client.recv()), kind):
        pass


async def test_a_message_makes_the_hops_that_the_page_names() -> None:
    wanted = hops()
    assert len(wanted) >= 14
    async with (
        running(load({"HUBBUB_PORT": "0"})) as here,
        connect(f"ws://127.0.0.1:{here.port}/ws", subprotocols=["hubbub.v1"]) as client,  # type: ignore[list-item]
    ):
        await client.send(encode(Hello(id=1, name="ann")).decode())
        await client.send(encode(Join(id=2, room="lobby")).decode())
        await until(client, events.Joined)
        with watch(set(wanted)) as seen:
            await client.send(encode(Send(id=3, room="lobby", text="hello")).decode())
            await until(client, events.Message)
    first = [hop for index, hop in enumerate(seen) if hop not in seen[:index]]
    assert first == wanted
