"""Load the Lua scripts: each is one `.lua` file, with the files of the functions it calls before it.

What the scripts store. A room's hash: `e` epoch, `o` head offset, `b` payload bytes ever stored, `r` identity
of the server that stored last, `f` and `t` bytes before and time of an entry that was once the oldest. An
entry of its stream has its offset as id and these fields in this order: `p` payload, `t` time in milliseconds
(see `clock.lua`), `b` payload bytes of the room before it, and, only after skipped offsets, `v` the previous
offset. So the bytes from any entry to the end of the room are one subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1
from importlib.resources import files
from typing import Final

# At least this many offsets are skipped after a failover: the lost ones may be among those that clients saw.
SKIPPED_OFFSETS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LuaScript:
    """A script, and the SHA-1 digest that `EVALSHA` calls it by once it is loaded."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha1(self.text.encode(), usedforsecurity=False).hexdigest())


def load_script(*keyspace: str, **constants: int) -> LuaScript:
    """Join constants and files to one script: the functions first, the script that calls them last."""
    definitions = [f"local {name} = {value}\n" for name, value in constants.items()]
    texts = [files(__package__).joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in keyspace]
    return LuaScript("\n".join([*definitions, *texts]))


PUBLISH: Final = load_script("refusal", "clock", "trim", "publish", SKIPPED_OFFSETS=SKIPPED_OFFSETS)
HISTORY: Final = load_script("clock", "trim", "history")
ERASE: Final = load_script("erase")
BEGIN_ROOM: Final = load_script("begin_room")
EVICT_ROOM: Final = load_script("evict_room")
CHECK_PERMISSIONS: Final = load_script("refusal", "check_permissions")
