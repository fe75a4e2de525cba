"""Make users of Redis with the rights that the operations page lists, or with fewer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

NAME: Final = "hubbub"
SECRET: Final = "secret"
_PAGE: Final = Path(__file__).parents[3] / "docs" / "operations.md"


def documented() -> list[str]:
    """Read the permissions that the operations page lists."""
    found = re.search(r"ACL SETUSER hubbub on >secret ([^`]*)", _PAGE.read_text(encoding="utf-8"))
    assert found
    return found[1].split()


async def make_user(admin: Redis, *also: str, but: tuple[str, ...] = ()) -> None:
    """Make the user `hubbub` anew, with the documented rights and others, or without some."""
    rights = [right for right in documented() if right not in but]
    version = (await admin.info("server"))["redis_version"]
    if tuple(map(int, version.split("."))) >= (7, 2):
        rights.append("+client|setinfo")
    if version.startswith("6."):
        rights = list(dict.fromkeys(right.split("|")[0] for right in rights))
    await admin.acl_deluser(NAME)
    await change_user(admin, "on", f">{SECRET}", *rights, *also)


async def change_user(admin: Redis, *rules: str) -> None:
    """Give or take rights; open connections keep the others."""
    await admin.execute_command("ACL", "SETUSER", NAME, *rules)  # type: ignore[no-untyped-call]


def as_user(url: str, secret: str = SECRET) -> str:
    """Put the user into the URL of a socket file."""
    return url.replace("unix://", f"unix://{NAME}:{secret}@")
