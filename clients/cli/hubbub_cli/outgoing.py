"""A message to send, and where it goes."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from hubbub_cli.uploads import LocalFile


class SendTarget(Struct, frozen=True, kw_only=True):
    """A room, the offset of the message that is replied to, and the timeout of a message in seconds."""

    room: str
    reply_to: int | None
    timeout: float


class OutgoingMessage(Struct, frozen=True):
    """A message to send, with its idempotency key. `line` is its line number if each line is one."""

    text: str
    key: str
    line: int | None = None
    files: "tuple[LocalFile, ...]" = ()
