"""The kind and the size of an image, by its first bytes."""

from __future__ import annotations

import pytest

from service.files.images import SEGMENTS, ImageKind, find_kind
from tests.service.files.uploading import png

EMPTY = b"\xff\xe0\x00\x02"
APP0 = b"\xff\xe0\x00\x04ab"
SOF = b"\xff\xc2\x00\x11\x08" + (480).to_bytes(2) + (640).to_bytes(2)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (png(), ImageKind("image/png", 640, 480)),
        (
            b"GIF89a" + (640).to_bytes(2, "little") + (480).to_bytes(2, "little"),
            ImageKind("image/gif", 640, 480),
        ),
        (b"\xff\xd8" + APP0 + SOF, ImageKind("image/jpeg", 640, 480)),
        (
            b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + bytes([127, 2, 0, 223, 1, 0]),
            ImageKind("image/webp", 640, 480),
        ),
        (
            b"RIFF\0\0\0\0WEBPVP8L" + bytes(4) + b"\x2f" + (639 | 479 << 14).to_bytes(4, "little"),
            ImageKind("image/webp", 640, 480),
        ),
        (
            b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + (640).to_bytes(2, "little") + (480).to_bytes(2, "little"),
            ImageKind("image/webp", 640, 480),
        ),
        (png(0, 480), ImageKind("image/png")),
        (png(70_000, 1), ImageKind("image/png")),
        (b"\xff\xd8\xff\xe0\xff\xff", ImageKind("image/jpeg")),
        (b"\xff\xd8\xff", ImageKind("image/jpeg")),
        (b"\xff\xd8" + EMPTY * (SEGMENTS - 1) + SOF, ImageKind("image/jpeg", 640, 480)),
        (b"\xff\xd8" + EMPTY * SEGMENTS + SOF, ImageKind("image/jpeg")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<html>\x89PNG\r\n\x1a\n", None),
        (b"\x89PNG\r\n\x1a\n<html>", None),
        (b"", None),
    ],
)
def test_the_bytes_say_what_an_image_is(head: bytes, kind: ImageKind | None) -> None:
    assert find_kind(head) == kind


def test_any_cut_of_a_file_is_read_without_an_error() -> None:
    whole = b"\xff\xd8" + APP0 * 3 + SOF
    for end in range(len(whole)):
        found = find_kind(whole[:end])
        assert found is None or found.type == "image/jpeg"
