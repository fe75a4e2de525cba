"""What kind of image the first bytes of a file are, and its size: plain functions."""

from __future__ import annotations

from typing import Final, NamedTuple


class ImageKind(NamedTuple):
    """The media type of an image, and its pixels, if they were found."""

    type: str
    width: int | None = None
    height: int | None = None


# The only types that are served as what they are. SVG is a document, and may have scripts.
INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# The largest image side that is believed: others have no size.
_MOST: Final = 65_535
# JPEG: segments that have the size (SOF), but not DHT, JPG and DAC.
_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER: Final = 0xFF
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# Segments ahead of the size: cameras write a few dozen.
SEGMENTS: Final = 500


def find_kind(head: bytes) -> ImageKind | None:
    """Return the kind of image that a file with this beginning is; None if it is no image that is known."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return _sized("image/png", int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))
    if head.startswith((b"GIF87a", b"GIF89a")):
        return _sized("image/gif", int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little"))
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _sized("image/webp", *_webp(head))
    if head.startswith(b"\xff\xd8\xff"):
        return _sized("image/jpeg", *_jpeg(head))
    return None


def _sized(kind: str, width: int, height: int) -> ImageKind:
    if 0 < width <= _MOST and 0 < height <= _MOST:
        return ImageKind(kind, width, height)
    return ImageKind(kind)


def _webp(head: bytes) -> tuple[int, int]:
    form, data = head[12:16], head[20:30]
    if form == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if form == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


def _jpeg(head: bytes) -> tuple[int, int]:
    """Follow the segments up to the one with the size."""
    at = 2
    for _ in range(SEGMENTS):
        if at + 9 > len(head) or head[at] != _MARKER:
            break
        marker = head[at + 1]
        if marker in _SIZES:
            return int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7])
        at += 2 if marker in _STANDALONE else 2 + int.from_bytes(head[at + 2 : at + 4])
    return 0, 0
