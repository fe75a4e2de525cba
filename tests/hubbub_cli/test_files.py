"""The files of a message in the terminal: their name, size and address."""

from __future__ import annotations

import json

from hubbub_cli.message_lines import message_json, message_line
from hubbub_cli.paint import Paint
from hubbub_cli.tui.colours import Colours
from hubbub_cli.tui.row_rendering import render
from hubbub_cli.tui.rows import MessageRow
from hubbub_client import Changed, File, Message, Position, fold
from tests.hubbub_cli.test_ndjson import VALIDATOR

FILE = File("f1", "a b\n.png", 12_345, "image/png", 640, 480)
MESSAGE = Message(
    room="lobby", position=Position("e", 1), key="k", user="ann", text="", at=0, files=(FILE, FILE)
)


def test_a_file_is_a_line_of_its_message_and_no_name_forges_another_one() -> None:
    lines = message_line(MESSAGE, Paint(False), room=False, date=False).split("\n")  # noqa: FBT003
    assert len(lines) == 4
    assert lines[0].endswith("ann: [a b")
    assert lines[1].strip() == ".png, 12,345 bytes: files/f1/a%20b%0A.png]"


def test_the_screen_links_a_file_to_its_address() -> None:
    colours = Colours(dark=True, files_at="https://chat.example.org")
    strips = render(MessageRow(1, "ann", "", 0, source=MESSAGE), 80, colours)
    words = [segment for strip in strips for segment in strip if "12,345" in segment.text]
    assert [segment.text for segment in words] == ["[a b .png, 12,345 bytes]"] * 2
    link = "https://chat.example.org/files/f1/a%20b%0A.png"
    assert all(segment.style and segment.style.link == link for segment in words)
    # No address becomes a control sequence.
    assert colours.file("files/\x1b[2J").link is None


def test_a_program_reads_the_files_of_a_message() -> None:
    record = json.loads(message_json(MESSAGE))
    VALIDATOR.validate(record)
    assert record["files"][0] == {
        "id": "f1",
        "name": "a b\n.png",
        "size": 12_345,
        "type": "image/png",
        "path": "files/f1/a%20b%0A.png",
    }


def test_a_deleted_message_has_no_files() -> None:
    at = Position("e", 2)
    deletion = Changed(
        room="lobby", position=at, target=MESSAGE.position, change="delete", key="d", user="ann", at=1
    )
    assert fold(MESSAGE, [deletion]).files == ()
    edit = Changed(
        room="lobby", position=at, target=MESSAGE.position, change="edit", key="d", user="ann", at=1, text="x"
    )
    assert fold(MESSAGE, [edit]).files == MESSAGE.files
