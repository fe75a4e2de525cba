"""The frames that are not on the fast path: the rest of RFC 6455, by `websockets.ServerProtocol`.

The input is cut at the ends of frames. So the share of a connection in a turn of the loop is counted in
frames, and the fast path can continue after each message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from service.transport.frame_parser import frame_size

# A reason and the code share one control frame (RFC 6455, 5.5).
_MAX_REASON_BYTES: Final = 123
# The parser receives so much at a time. Between two slices the session may pause the input (bytes).
SLICE_BYTES: Final = 16 * 1024


class FullProtocol:
    """A `ServerProtocol`, with the message whose fragments are incomplete."""

    __slots__ = ("_left", "_message", "_protocol")

    def __init__(self, max_size: int) -> None:
        self._protocol = ServerProtocol(max_size=max_size, state=State.OPEN)
        # One buffer and not a list of fragments: a fragment may be smaller than a Python object.
        self._message: bytearray | None = None
        # Bytes of the current frame that were not passed to the parser yet.
        self._left = 0

    @property
    def between_messages(self) -> bool:
        """Whether the next frame may take the fast path."""
        return not self._left and self._message is None and self._protocol.state is State.OPEN

    def cut(self, data: bytearray, *, ended: bool) -> bytes:
        """Cut the next slice off the input, at most to the end of a frame. Empty: its header is incomplete.

        If the input has `ended`, the slice is all that is left.
        """
        if not self._left:
            self._left = frame_size(data)
        size = len(data) if ended else min(self._left, SLICE_BYTES)
        slice_ = bytes(data[:size])
        del data[:size]
        self._left = max(0, self._left - len(slice_))
        return slice_

    def process_slice(self, data: bytearray, on_text: Callable[[str], None], *, ended: bool) -> int | None:
        """Cut a slice off the input and process it. Return its tokens; None if more must arrive first.

        It has a token for each frame, or large part of one.
        """
        slice_ = self.cut(data, ended=ended)
        if not slice_:
            return None
        self.receive(slice_, on_text)
        return 1 if len(slice_) >= SLICE_BYTES or not self._left else 0

    def begin_close(self, code: int, reason: str) -> None:
        """Queue a close frame, unless there was one."""
        if self._protocol.state is State.OPEN:
            truncated = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
            self._protocol.send_close(CloseCode(code) if code in set(CloseCode) else code, truncated)

    @property
    def close_code(self) -> int | None:
        """The code of the first close frame, the peer's or ours; None without one."""
        close = self._protocol.close_rcvd or self._protocol.close_sent
        return close.code if close else None

    def output(self) -> list[bytes]:
        """Take the queued pongs and close frames; an empty one means the end of the TCP connection."""
        return self._protocol.data_to_send()

    def end(self) -> None:
        """Process the end of the input."""
        self._protocol.receive_eof()

    def receive(self, data: bytes, on_text: Callable[[str], None]) -> None:
        """Process a slice: pass a whole text to `on_text`, answer pings, and reject what is invalid."""
        protocol = self._protocol
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if type(frame) is Frame and not self._process(frame, on_text):
                return

    def release(self) -> None:
        """Break all reference cycles: the parser and its exception refer to the protocol."""
        self._protocol.parser.close()
        self._protocol.parser_exc = None

    def _process(self, frame: Frame, on_text: Callable[[str], None]) -> bool:
        """Join fragments and pass a whole text on; return whether to continue."""
        if frame.opcode is Opcode.BINARY:
            self._protocol.fail(
                CloseCode.UNSUPPORTED_DATA, "binary frames are not supported: send text frames"
            )
            return False
        if frame.opcode is not Opcode.TEXT and frame.opcode is not Opcode.CONT:
            return True
        if self._message is None:
            self._message = bytearray()
        self._message += frame.data
        if not frame.fin:
            return True
        message, self._message = self._message, None
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "invalid text frame: not UTF-8")
            return False
        on_text(text)
        return True
