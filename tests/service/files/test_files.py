"""Files of messages, from the upload to their end, against a running node."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from service.archiving.kept import keeps
from service.runtime.process import CannotStart
from service.settings.tuning import DEFAULTS
from tests.service.files.uploading import HTML, PROGRAM, files_of, png, removed, uploading
from tests.service.serving import serving, until


async def test_a_file_is_uploaded_sent_shown_and_deleted_with_its_message(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        bob, _ = await here.served.joined("Bob")
        ticket = await here.ticket(ann, "a b.png", media="image/png; q=1")
        stored = await here.put(ticket, png())
        described = {
            "id": ticket,
            "name": "a b.png",
            "size": 33,
            "type": "image/png",
            "width": 640,
            "height": 480,
        }
        assert (stored.status_code, stored.json()) == (201, described)
        sent = await here.sent(ann, ticket, key="k1")
        message = await bob.event("message")
        assert (message["text"], message["files"]) == ("", [described])
        again = await here.sent(ann, ticket, key="k1")
        assert (again["offset"], again["duplicate"]) == (sent["offset"], True)
        shown = await here.get(ticket)
        assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, png(), "image/png")
        assert files_of(here).sample()["files_bytes"] == 33
        await ann.ask("delete", room="lobby", target=sent["offset"])
        await removed(here)
        assert (await here.get(ticket)).status_code == 404
        assert await here.stored() == []
        assert files_of(here).sample()["files_bytes"] == 0
        page = await bob.ask("history", room="lobby", before=9)
        assert "files" not in page["messages"][0]


async def test_what_is_no_image_is_never_shown_in_the_page(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        for content, name in ((HTML, "a.png"), (b"<svg onload='alert(1)'/>", "a.svg")):
            file_id = await here.uploaded(ann, content, name)
            got = await here.get(file_id, name)
            assert got.headers["content-type"] == "application/octet-stream"
            assert got.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
            assert got.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
            assert got.headers["x-content-type-options"] == "nosniff"
            assert got.headers["cross-origin-resource-policy"] == "same-origin"
        polyglot = await here.uploaded(ann, png(rest=HTML), 'x".html')
        got = await here.get(polyglot, "x.html")
        assert got.headers["content-type"] == "image/png"
        assert got.headers["content-disposition"] == "inline; filename*=UTF-8''x%22.html"


async def test_a_page_that_is_hosted_elsewhere_may_show_files(tmp_path: Path) -> None:
    async with uploading(tmp_path, origins=("https://chat.example.org",)) as here:
        ann, _ = await here.served.joined("Ann")
        got = await here.get(await here.uploaded(ann))
        assert got.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_a_message_takes_only_files_of_its_author_and_room(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        bob, _ = await here.served.joined("Bob")
        await ann.ask("join", room="other")
        file_id, unfinished = await here.uploaded(ann), await here.ticket(ann)
        assert (await here.sent(bob, file_id))["code"] == "not_kept"
        assert (await here.sent(ann, file_id, room="other"))["code"] == "not_kept"
        assert (await here.sent(ann, unfinished))["code"] == "not_kept"
        assert (await here.sent(ann, "../../etc/passwd"))["code"] == "not_kept"
        assert (await here.sent(ann, file_id, file_id))["code"] == "invalid"
        assert (await here.sent(ann, *("f" * 5)))["code"] == "invalid"
        assert (await here.sent(ann, file_id, text="x" * 5000))["code"] == "too_long"
        assert (await here.sent(ann, file_id, key="k1"))["type"] == "sent"
        assert (await here.sent(ann, file_id, key="k2"))["code"] == "invalid"


async def test_erasing_removes_the_files_of_what_is_erased(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        first, second = await here.uploaded(ann), await here.uploaded(ann)
        offset = (await here.sent(ann, first))["offset"]
        await here.sent(ann, second)
        body = {"room": "lobby", "messages": [offset], "reason": "asked for"}
        assert (await here.http.post("/api/erasures", json=body, headers=PROGRAM)).status_code == 202
        await until(lambda: "erase" not in {task.get_name() for task in asyncio.all_tasks()})
        assert (await here.http.get("/api/erasures", headers=PROGRAM)).json()["state"] == "done"
        assert (await here.get(first)).status_code == 404
        assert (await here.get(second)).status_code == 200
        messages = (await ann.ask("history", room="lobby", before=9))["messages"]
        assert [message["files"][0]["id"] for message in messages] == [second]


async def test_files_that_no_message_has_are_swept(tmp_path: Path) -> None:
    tuning = replace(DEFAULTS, files_unused_seconds=-10.0, files_pause=0.0)
    async with uploading(tmp_path, tuning=tuning, history_entries=3) as here:
        ann, _ = await here.served.joined("Ann")
        kept, unused, trimmed = [await here.uploaded(ann) for _ in range(3)]
        await here.sent(ann, trimmed)
        for _ in range(3):
            await ann.ask("send", room="lobby", text="more")
        await here.sent(ann, kept)
        is_kept = keeps(here.served.node.broker, None)
        assert await files_of(here).sweeper.sweep(is_kept) == 2
        stored = {name.partition(".")[0] for name in await here.stored()}
        assert stored == {kept}, unused


async def test_parts_of_a_file_and_unchanged_files_are_answered(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        content = png(rest=os.urandom(200_000))
        file_id = await here.uploaded(ann, content)
        assert (await here.get(file_id)).content == content
        for asked, start, end in (
            ("bytes=0-9", 0, 10),
            ("bytes=200000-", 200_000, None),
            ("bytes=-5", -5, None),
        ):
            got = await here.get(file_id, Range=asked)
            assert (got.status_code, got.content) == (206, content[start:end])
            assert got.headers["content-range"].endswith(f"/{len(content)}")
        assert (await here.get(file_id, Range="bytes=900000-")).status_code == 416
        assert (await here.get(file_id, Range="bytes=0-1,4-5")).status_code == 200
        etag = (await here.get(file_id)).headers["etag"]
        assert (await here.get(file_id, **{"If-None-Match": etag})).status_code == 304
        head = await here.http.head(f"/files/{file_id}/a.png")
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))


async def test_without_a_storage_there_are_no_uploads() -> None:
    async with serving() as served:
        ann, _ = await served.joined("Ann")
        assert (await ann.ask("upload", room="lobby", name="a", size=1))["code"] == "unknown_type"
        assert (await ann.ask("send", room="lobby", text="", files=["a"]))["code"] == "unknown_type"


async def test_a_storage_that_is_away_is_reported_and_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with uploading(tmp_path, tuning=replace(DEFAULTS, files_first_wait=0.001)) as here:
        ann, _ = await here.served.joined("Ann")
        file_id = await here.uploaded(ann)
        sent = await here.sent(ann, file_id)
        with monkeypatch.context() as patched:

            def fail(*_: object, **__: object) -> None:
                raise PermissionError(13, "Permission denied")

            patched.setattr("service.files.folder._create", fail)
            patched.setattr("service.files.folder._content", fail)
            refused = await ann.ask("upload", room="lobby", name="a", size=1)
            assert (refused["code"], refused["retry"]) == ("unavailable", True)
            assert "Permission denied" in refused["message"]
            assert (await here.get(file_id)).status_code == 503
            assert (await here.sent(ann, file_id))["code"] == "unavailable"
            await ann.ask("delete", room="lobby", target=sent["offset"])
            await until(lambda: files_of(here).attachments.waiting)
        await removed(here)
        assert await here.stored() == []


async def test_a_folder_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(CannotStart, match="Make the storage writable"):
        async with uploading(tmp_path / "a"):
            pass


async def test_what_is_stored_is_counted_when_a_node_starts(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        await here.uploaded(ann)
    async with uploading(tmp_path) as here:
        assert files_of(here).sample()["files_bytes"] == 33
