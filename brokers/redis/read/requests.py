"""Questions about rooms, each to the shard that has the room, and again where that was just moved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from redis.exceptions import AskError, MovedError, TryAgainError

from brokers.errors import Unavailable
from brokers.redis.connection.client import Command, Reply, is_script_missing, pack
from brokers.redis.connection.url import ServerAddress
from brokers.redis.scripts.library import LuaScript
from brokers.redis.topology.shard import Shard
from brokers.redis.topology.shards import Shards

_PAUSE: Final = 0.02  # seconds until a slot that is just being moved is asked for again


class ScriptCall(NamedTuple):
    """What a script is to be called with."""

    slot: int
    keys: Sequence[str]
    arguments: Sequence[str | bytes | float]


class ShardRequests:
    """The read side's way to all shards."""

    def __init__(self, shards: Shards, timeout: float) -> None:
        self._shards = shards
        self._timeout = timeout

    async def ask(self, asked: Sequence[tuple[int, Command]]) -> list[Reply]:
        """Send each command to the shard that has its slot: one round trip for each shard, at the same time.

        Raises:
            Unavailable: not all replies came.
        """
        replies: list[Reply] = [None] * len(asked)
        left = list(range(len(asked)))
        try:
            async with asyncio.timeout(self._timeout):
                while left:
                    await self._round(asked, left, replies)
                    left = [place for place in left if await self._retry(asked[place], place, replies)]
        except TimeoutError:
            raise Unavailable(f"Redis did not answer within {self._timeout:.3g} s") from None
        return replies

    async def call_each(self, script: LuaScript, calls: Sequence[ScriptCall]) -> list[Reply]:
        """Run a script many times, and load it where Redis has lost it."""
        replies = await self.ask([(one.slot, _command("EVALSHA", script.digest, one)) for one in calls])
        again = [place for place, reply in enumerate(replies) if is_script_missing(reply)]
        if again:
            found = await self.ask(
                [(calls[place].slot, _command("EVAL", script.text, calls[place])) for place in again]
            )
            for place, reply in zip(again, found, strict=True):
                replies[place] = reply
        return replies

    async def _round(
        self, asked: Sequence[tuple[int, Command]], left: Iterable[int], replies: list[Reply]
    ) -> None:
        shares: dict[Shard, list[int]] = {}
        for place in left:
            shares.setdefault(self._shards.of(asked[place][0]), []).append(place)
        answers = await asyncio.gather(
            *(shard.link.ask(*(asked[place][1] for place in share)) for shard, share in shares.items()),
            return_exceptions=True,
        )
        for share, answer in zip(shares.values(), answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            for place, reply in zip(share, answer, strict=True):
                replies[place] = reply

    async def _retry(self, asked: tuple[int, Command], place: int, replies: list[Reply]) -> bool:
        """Follow a slot that is elsewhere; tell whether its command has to be sent again."""
        reply = replies[place]
        if isinstance(reply, AskError):
            shard = self._shards.at(ServerAddress(reply.host, reply.port))
            _, replies[place] = await shard.link.ask(pack("ASKING"), asked[1])
            reply = replies[place]
        elif isinstance(reply, MovedError):
            self._shards.follow_redirect(reply)
            return True
        if isinstance(reply, TryAgainError | MovedError):
            await asyncio.sleep(_PAUSE)
            return True
        return False


def _command(verb: str, script: str, one: ScriptCall) -> Command:
    return pack(verb, script, len(one.keys), *one.keys, *one.arguments)
