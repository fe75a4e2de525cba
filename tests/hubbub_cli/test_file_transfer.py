"""Files are sent with messages, and saved from them: from scripts, line by line, and on the screen."""

from __future__ import annotations

import filecmp
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubbub_cli.downloads import local_name
from hubbub_cli.errors import BadInput
from hubbub_cli.uploads import local_file, typed_path
from hubbub_client import Client
from tests.brokers.certificates import Authority
from tests.hubbub_cli.program import run
from tests.hubbub_cli.proxies import tls_proxy
from tests.hubbub_cli.screen import chat, enter, until
from tests.hubbub_cli.server import Server, serving
from tests.hubbub_cli.test_ndjson import VALIDATOR

MOST = 200_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that takes small files of text."""
    folder = tmp_path_factory.mktemp("files")
    with serving(
        HUBBUB_FILES_URL=f"file:///{folder}", HUBBUB_FILE_BYTES=str(MOST), HUBBUB_FILE_TYPES="text/*"
    ) as started:
        yield started


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a log.txt"
    path.write_bytes(b"all is well\n" * 10_000)
    return path


def test_files_are_sent_with_a_text_and_saved_again(
    files: Server, room: str, log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "b.txt"
    other.write_text("b")
    here = ("-s", files.url)
    sent = run("send", room, "both", "--file", str(log), "--file", str(other), *here, "--json")
    receipt = json.loads(sent.stdout)
    VALIDATOR.validate(receipt)
    assert [file["name"] for file in receipt["files"]] == ["a log.txt", "b.txt"]
    saved = run("download", room, "1", "-o", str(tmp_path), *here)
    # None is overwritten.
    expected = [tmp_path / "a log (1).txt", tmp_path / "b (1).txt"]
    assert (saved.stdout.splitlines(), saved.stderr) == ([str(path) for path in expected], "")
    assert expected[0].read_bytes() == log.read_bytes()
    assert "both" in run("history", room, *here).stdout
    several = run("download", room, "1", "-o", "-", *here)
    assert (several.returncode, "choose a folder" in several.stderr) == (2, True)


def test_a_file_needs_no_text_and_is_written_where_the_user_says(
    files: Server, room: str, log: Path, tmp_path: Path
) -> None:
    here = ("-s", files.url)
    run("send", room, "before", *here)
    assert run("send", room, "--file", str(log), "--reply-to", "1", *here, given="not read").returncode == 0
    assert run("download", room, "2", "-o", "-", *here).stdout == log.read_text()
    new = tmp_path / "new"
    record = json.loads(run("download", room, "2", "-o", str(new), *here, "--json").stdout)
    VALIDATOR.validate(record)
    assert (record["path"], new.read_bytes()) == (str(new), log.read_bytes())
    for what, code, words in (
        (("2", "-o", str(new)), 2, "exists: remove it, or choose another name"),
        (("2", "-o", str(tmp_path / "none" / "x")), 2, "No such file or directory"),
        (("1",), 5, "has no files"),
        (("9",), 5, "is no longer kept, or is no message"),
    ):
        done = run("download", room, *what, *here)
        assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_files_are_sent_and_saved_over_tls(files: Server, room: str, log: Path, authority: Authority) -> None:
    with tls_proxy(authority.issue("node"), files.port) as proxy:
        url = f"wss://127.0.0.1:{proxy.port}"
        trusted = ("-s", url, "--ca-file", str(authority.file))
        assert run("send", room, "--file", str(log), *trusted).returncode == 0
        assert run("download", room, "1", "-o", "-", *trusted).stdout == log.read_text()


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("big.txt", MOST + 1, f"from 1 to {MOST} are allowed"),
        ("page.pdf", 10, "Files of the type application/pdf are not allowed here: text/* are."),
        ("log.txt.gz", 10, "Files of the type application/octet-stream are not allowed here"),
    ],
)
def test_what_the_server_does_not_take_is_explained(
    files: Server, tmp_path: Path, name: str, size: int, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"x" * size)
    done = run("send", "lobby", "--file", str(path), "-s", files.url)
    assert (done.returncode, words in done.stderr) == (5, True), done.stderr


def test_a_server_without_files_is_named(server: Server, room: str, log: Path) -> None:
    done = run("send", room, "--file", str(log), "-s", server.url, "--json")
    error = json.loads(done.stderr)
    assert (done.returncode, error["error"]) == (5, "unknown_type")
    assert error["message"] == "the file 'a log.txt' was not taken: this server takes no files"


def test_what_cannot_be_read_is_explained_before_it_connects(tmp_path: Path) -> None:
    done = run("send", "lobby", "--file", str(tmp_path / "none"), "-s", "ws://127.0.0.1:1")
    assert (done.returncode, "cannot read the file" in done.stderr) == (2, True)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "a\nb").write_text("x")
    for name, words in (
        ("pipe", "is not a regular file"),
        ("empty", "is empty"),
        ("a\nb", "invalid file name 'a b': it contains a control character"),
    ):
        with pytest.raises(BadInput, match=words):
            local_file(tmp_path / name)
    with pytest.raises(BadInput, match="no home folder"):
        typed_path("~no-such-user/x")


@pytest.mark.parametrize("more", [("--send-on", "line"), ("--file", "x") * 4])
def test_files_belong_to_one_message(more: tuple[str, ...]) -> None:
    done = run("send", "lobby", "--file", "x", *more)
    assert (done.returncode, "A message has at most 4 files" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "file"),
        (".bashrc", "bashrc"),
        ("C:\\x\x1b[2J", "C__x[2J"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
    ],
)
def test_no_name_of_a_server_leaves_the_folder(name: str, here: str) -> None:
    assert local_name(name) == here


def test_a_file_is_sent_line_by_line(files: Server, room: str, log: Path) -> None:
    given = f"/file {log}\n/file {log}x\n/topic\n/topic tea\n/download\n"
    done = run(room, "-s", files.url, given=given)
    assert done.returncode == 2
    assert "cannot read the file" in done.stderr
    assert "-- the room has no topic" in done.stderr
    assert "only its moderators may set it" in done.stderr
    assert "/download works in full screen only" in done.stderr
    assert "[a log.txt, 120,000 bytes: files/" in run("history", room, "-s", files.url).stdout


async def test_a_file_is_sent_and_saved_on_the_screen(
    files: Server, room: str, log: Path, tmp_path: Path
) -> None:
    app, _ = chat(files, room)
    saved = tmp_path / "a log (1).txt"
    async with Client(files.url, name="bob") as bob, app.run_test(size=(100, 24)) as pilot:
        await bob.join(room)
        await until(pilot, lambda screen: "2 here" in screen)
        await enter(pilot, "/download")
        await until(pilot, lambda screen: "No message here has files." in screen)
        await enter(pilot, f"/file {log}x")
        await until(pilot, lambda screen: "Not sent: cannot read the file" in screen)
        await enter(pilot, f"/file {log}")
        await until(pilot, lambda screen: "[a log.txt, 120,000 bytes" in screen)
        await enter(pilot, f"/download {tmp_path}")
        await until(pilot, lambda screen: "Saved" in screen)
        await enter(pilot, f"/download {log}")
        await until(pilot, lambda screen: "Not saved:" in screen)
    assert filecmp.cmp(saved, log, shallow=False)
