"""Run a dialogue step by step, as `clients/protocol/vectors/README.md` specifies."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from tests.dialogue.matching import Json, Mismatch, Names
from tests.dialogue.peer import Closed, Peer
from tests.dialogue.program_peer import ProgramPeer, Unsupported
from tests.dialogue.stage import TOKEN, Stage

REPEAT: Final = "$repeat:"
# In seconds: two intervals of the ping timer, and a margin.
LONGEST_CLOSE: Final = 8.0

# Skipped unless a step expects this type.
_ASIDE: Final = frozenset({"presence", "ping", "typing"})

Step = dict[str, Json]


class Script:
    """One dialogue against one node. With a `command`, each client is a process of that program."""

    def __init__(self, stage: Stage, command: tuple[str, ...] = ()) -> None:
        self._stage = stage
        self._command = command
        self._names = Names()
        self._peers: dict[str, Peer | ProgramPeer] = {}

    async def act(self, steps: list[Step]) -> None:
        try:
            for number, step in enumerate(steps):
                try:
                    await self._step(step)
                except (Mismatch, Closed, TimeoutError) as error:
                    shown = json.dumps(step, ensure_ascii=False)
                    reason = f"step {number}: {shown}\n{type(error).__name__} {error}"
                    raise AssertionError(reason) from None
        finally:
            for peer in self._peers.values():
                await peer.ended()

    async def _step(self, step: Step) -> None:
        if "conn" in step:
            name = str(step["conn"])
            if name not in self._peers:
                self._peers[name] = await self._open(step.get("open", {}))
            await self._act_as(self._peers[name], step)
        elif "broker" in step:
            self._stage.set_broker(str(step["broker"]))
        elif step.get("node") == "index":
            await self._stage.index()
        elif "node" in step:
            self._stage.drain()
        elif "moderate" in step:
            await self._stage.moderate(self._names.fill(step["moderate"]))
        else:
            assert isinstance(step["pause"], int)
            await asyncio.sleep(step["pause"] / 1000)

    async def _open(self, how: Json) -> Peer | ProgramPeer:
        assert isinstance(how, dict)
        if self._command:
            if "query" in how:
                raise Unsupported("the plain codec")
            return await ProgramPeer.open(self._command, self._stage.port)
        if "query" in how:
            return await Peer.open(self._stage.port, query=str(how["query"]), subprotocol=None)
        return await Peer.open(self._stage.port)

    async def _act_as(self, peer: Peer | ProgramPeer, step: Step) -> None:
        if "hello" in step:
            await self._greet(peer, step)
        elif "close" in step:
            assert isinstance(step["close"], int)
            peer.close(step["close"])
        elif "silent" in step:
            peer.silent = True
        elif any(key.startswith("send") for key in step):
            self._send(peer, step)
        elif "open" not in step:
            await self._expect(peer, step)

    async def _greet(self, peer: Peer | ProgramPeer, step: Step) -> None:
        peer.send(json.dumps({"type": "hello", "id": 0, "name": step["hello"]}))
        await self._next(peer, {"type": "welcome"})
        if "join" in step:
            peer.send(json.dumps({"type": "join", "id": 0, "room": step["join"]}))
            await self._next(peer, {"type": "joined"})

    def _send(self, peer: Peer | ProgramPeer, step: Step) -> None:
        times = step.get("times", 1)
        assert isinstance(times, int)
        for _ in range(times):
            if "send" in step:
                peer.send(json.dumps(self._written(self._names.fill(step["send"])), ensure_ascii=False))
            elif "send_text" in step:
                peer.send(str(self._written(step["send_text"])))
            elif "send_bytes" in step:
                peer.send_binary(bytes.fromhex(str(step["send_bytes"])))
            else:
                peer.send(bytes.fromhex(str(step["send_broken"])))

    def _written(self, value: Json) -> Json:
        """Expand the placeholders for tokens and repeated text."""
        if isinstance(value, dict):
            return {key: self._written(item) for key, item in value.items()}
        if isinstance(value, str) and value.startswith(TOKEN):
            return self._stage.token(value)
        if isinstance(value, str) and value.startswith(REPEAT):
            text, times = value.removeprefix(REPEAT).rsplit(":", 1)
            return text * int(times)
        return value

    async def _expect(self, peer: Peer | ProgramPeer, step: Step) -> None:
        if "expect" in step:
            await self._next(peer, step["expect"])
        elif "expect_text" in step:
            self._names.match(json.loads(str(step["expect_text"])), json.loads(await peer.receive()))
        elif "expect_any" in step:
            assert isinstance(step["expect_any"], list)
            await self._all_of(peer, step["expect_any"])
        elif "expect_nothing" in step:
            assert isinstance(step["expect_nothing"], int)
            await self._nothing(peer, step["expect_nothing"] / 1000)
        else:
            await self._closed(peer, step["expect_close"])

    async def _next(self, peer: Peer | ProgramPeer, expected: Json) -> None:
        assert isinstance(expected, dict)
        while True:
            event = await peer.receive_event()
            if event["type"] not in _ASIDE or event["type"] == expected.get("type"):
                self._names.match(expected, event)
                return

    async def _all_of(self, peer: Peer | ProgramPeer, expected: list[Json]) -> None:
        """Wait for these events in any order; each event is matched by the first expectation that fits."""
        left = list(expected)
        while left:
            event = await peer.receive_event()
            if event["type"] in _ASIDE:
                continue
            faults = []
            for candidate in left:
                before = dict(self._names.bound)
                try:
                    self._names.match(candidate, event)
                except Mismatch as error:
                    self._names.bound = before
                    faults.append(str(error))
                else:
                    left.remove(candidate)
                    break
            else:
                raise Mismatch(f"{event} matches none: {faults}")

    async def _nothing(self, peer: Peer | ProgramPeer, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            try:
                event = await peer.receive(left)
            except TimeoutError:
                return
            if json.loads(event)["type"] not in _ASIDE:
                raise Mismatch(f"expected nothing, found {event}")

    async def _closed(self, peer: Peer | ProgramPeer, code: Json) -> None:
        await self._stage.end()
        try:
            while True:
                await peer.receive(LONGEST_CLOSE)
        except Closed as closed:
            if closed.code != code:
                raise Mismatch(f"expected close code {code}, found {closed.code}") from None
