"""Send requests to the shards that have the rooms, and follow redirects."""

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

_PAUSE: Final = 0.02  # seconds before a command for a migrating slot is retried


class ScriptCall(NamedTuple):
    """The slot, keys and arguments of one script call."""

    slot: int
    keys: Sequence[str]
    arguments: Sequence[str | bytes | float]


class ShardRequests:
    """Sends requests to all shards."""

    def __init__(self, shards: Shards, timeout: float) -> None:
        self._shards = shards
        self._timeout = timeout

    async def ask(self, asked: Sequence[tuple[int, Command]]) -> list[Reply]:
        """Send each command to the shard that has its slot: one round trip per shard, all at the same time.

        Raises:
            Unavailable: a reply is missing.
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
        """Call a script many times with EVALSHA; where Redis does not have it, send it with EVAL."""
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
            *(shard.client.ask(*(asked[place][1] for place in share)) for shard, share in shares.items()),
            return_exceptions=True,
        )
        for share, answer in zip(shares.values(), answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            for place, reply in zip(share, answer, strict=True):
                replies[place] = reply

    async def _retry(self, asked: tuple[int, Command], place: int, replies: list[Reply]) -> bool:
        """Follow a redirect; return whether the command has to be sent again."""
        reply = replies[place]
        if isinstance(reply, AskError):
            shard = self._shards.at(ServerAddress(reply.host, reply.port))
            _, replies[place] = await shard.client.ask(pack("ASKING"), asked[1])
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
