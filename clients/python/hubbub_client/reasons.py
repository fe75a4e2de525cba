"""Say in words why something was rejected, where there is only a code."""

from typing import Final

from hubbub_protocol import Close, Code

_REASONS: Final[dict[int | str, str]] = {
    Close.NORMAL: "the application closed it",
    Close.PROTOCOL_ERROR: "the server does not speak hubbub.v1",
    Close.NOT_TEXT: "the server received a frame that is not text",
    Close.NOT_UTF8: "the server received text that is not UTF-8",
    Close.POLICY: "a policy of the server or of a proxy forbids it",
    Close.TOO_BIG: "the frame is larger than the server's limit",
    Close.BAD_FRAMES: "the server received too many invalid frames",
    Close.TOKEN_REFUSED: "the token is rejected",
    Close.BAD_ORIGIN: "the server does not allow this origin (HUBBUB_ORIGINS of the server)",
    Close.NO_HELLO: "the server received no hello in time",
    Close.REMOVED: "the operator has banned or removed this user",
    Code.BAD_TOKEN: "the token is rejected",
    Code.BANNED: "the operator has banned this user",
    Code.EMPTY: "the text has no visible character",
    Code.FORBIDDEN: "you have no permission for this",
    Code.INVALID: "the server does not accept a value of the command",
    Code.INVALID_NAME: "the server does not accept this name",
    Code.NAME_TAKEN: "the name is in use",
    Code.NOT_JOINED: "the room is not joined",
    Code.ROOM_CLOSED: "the operator has closed this room to new messages",
    Code.NOT_KEPT: "the message is no longer kept, or was deleted",
    Code.TOKEN_EXPIRED: "the token has expired",
    Code.TOKEN_REQUIRED: "this server requires a token",
    Code.TOO_LONG: "the text is longer than the server's limit",
    Code.TOO_MANY_CHANGES: "the message has as many edits or reactions as the server allows",
    Code.TOO_MANY_ROOMS: "this connection has joined as many rooms as the server allows",
    "no_token": "there is no token, and no way to get one",
    "outbox_full": "too many messages wait to be sent in this room",
    "left": "the room was left",
}


def reason(code: int | str, message: str = "") -> str:
    """Return the server's message, or what the code means; for a code of a newer server, the code."""
    return message or _REASONS.get(code) or f"code {code}"
