"""Uploads: what is taken, what is refused, and their limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.files.folder import FolderStore
from service.settings.tuning import DEFAULTS
from tests.service.files.uploading import HTML, PROGRAM, files_of, png, removed, uploading
from tests.service.serving import until


async def test_a_ticket_is_used_once_and_a_failed_upload_may_be_repeated(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        ticket = await here.ticket(ann)
        for content, reason in (
            (png()[:-1], "33 were announced"),
            (png() + b"!", "larger than the 33 bytes"),
        ):
            answer = await here.put(ticket, content)
            assert answer.status_code == 400
            assert reason in answer.json()["message"]
        answers = await asyncio.gather(*(here.put(ticket, png()) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [201, 400, 400]
        answer = await here.put(ticket, png())
        assert "uploaded already" in answer.json()["message"]
        assert len(await here.stored()) == 2


@pytest.mark.parametrize("path", ["..%2f..%2fetc%2fpasswd", "0" * 32, "..", "a" * 500, "%00"])
async def test_a_ticket_that_was_never_given_is_refused(tmp_path: Path, path: str) -> None:
    async with uploading(tmp_path) as here:
        answer = await here.http.put(f"/api/files/{path}", content=b"x")
        assert answer.status_code == 404
        assert (await here.http.get(f"/files/{path}/passwd")).status_code == 404
        assert await here.stored() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "../a"}, "invalid"),
        ({"name": "a\\b"}, "invalid"),
        ({"name": ".."}, "invalid"),
        ({"name": "a\nb"}, "invalid"),
        ({"name": "a\u202egnp.exe"}, "invalid"),
        ({"name": "x" * 151}, "invalid"),
        ({"name": ""}, "invalid"),
        ({"size": 0}, "invalid"),
        ({"size": 1025}, "too_long"),
        ({"media": "text/html"}, "forbidden"),
        ({"media": "nonsense"}, "forbidden"),
        ({"room": "other"}, "not_joined"),
    ],
)
async def test_a_file_that_is_not_allowed_gets_no_ticket(
    tmp_path: Path, fields: dict[str, object], code: str
) -> None:
    async with uploading(tmp_path, file_bytes=1024, file_types=("image/*",)) as here:
        ann, _ = await here.served.joined("Ann")
        asked = {"room": "lobby", "name": "a.png", "size": 33, "media": "image/png"} | fields
        assert (await ann.ask("upload", **asked))["code"] == code
        assert await here.stored() == []


async def test_a_type_that_only_the_bytes_show_must_be_allowed_too(tmp_path: Path) -> None:
    async with uploading(tmp_path, file_types=("image/png",)) as here:
        ann, _ = await here.served.joined("Ann")
        ticket = await here.ticket(ann, size=len(HTML), media="image/png")
        answer = await here.put(ticket, HTML)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert await here.stored() == []


async def test_programs_upload_with_their_key(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        path = "/api/rooms/lobby/files?name=log.txt&user=ci"
        stored = await here.http.post(
            path, content=b"hello", headers=PROGRAM | {"Content-Type": "text/plain"}
        )
        assert stored.status_code == 201
        posted = await here.http.post(
            "/api/rooms/lobby/messages", json={"user": "ci", "files": [stored.json()["id"]]}, headers=PROGRAM
        )
        assert posted.status_code == 201, posted.text
        _, joined = await here.served.joined("Ann")
        assert joined["messages"][0]["files"][0]["type"] == "text/plain"
        assert (await here.http.post(path, content=b"x")).status_code == 401
        chunked = await here.http.post(path, content=_chunks(), headers=PROGRAM)
        assert (chunked.status_code, chunked.json()["message"]) == (
            400,
            "No size: send the header Content-Length.",
        )
        delete = f"/api/rooms/lobby/messages/{posted.json()['offset']}?user=ci"
        assert (await here.http.delete(delete, headers=PROGRAM)).status_code == 201
        await removed(here)
        assert await here.stored() == []


async def _chunks() -> AsyncIterator[bytes]:
    yield b"x"


async def test_uploads_and_bytes_are_limited(tmp_path: Path) -> None:
    async with uploading(tmp_path, file_bytes_per_hour=1024 * 1024, files_bytes=1024 * 1024) as here:
        ann, _ = await here.served.joined("Ann")
        assert (await ann.ask("upload", room="lobby", name="a", size=1024 * 1024))["type"] == "ticket"
        refused = await ann.ask("upload", room="lobby", name="a", size=1)
        assert (refused["code"], refused["retry"]) == ("rate_limited", True)
        assert refused["retry_after"] > 0
        path = "/api/rooms/lobby/files?name=log.txt"
        assert (await here.http.post(path, content=b"x", headers=PROGRAM)).status_code == 201
        full = await here.http.post(path, content=bytes(1024 * 1024), headers=PROGRAM)
        assert (full.status_code, full.json()["code"]) == (507, "files_full")
        assert here.served.node.metrics.files_refused.counts == {"rate_limited": 1, "files_full": 1}


async def test_so_many_uploads_run_at_a_time_and_a_stalled_one_ends(tmp_path: Path) -> None:
    tuning = replace(DEFAULTS, uploads_per_user=1, upload_stall_seconds=0.2)
    async with uploading(tmp_path, tuning=tuning) as here:
        ann, _ = await here.served.joined("Ann")
        slow, other = await here.ticket(ann), await here.ticket(ann)
        peer = await here.served.peer()
        head = f"PUT /api/files/{slow} HTTP/1.1\r\nHost: here\r\nContent-Length: 33\r\n\r\n".encode()
        await peer.write(head + png()[:5])
        await until(lambda: files_of(here).uploads.running)
        refused = await here.put(other, png())
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert (await peer.head()).startswith("HTTP/1.1 400 ")
        await until(lambda: not files_of(here).uploads.running)
        assert (await here.put(other, png())).status_code == 201
        assert len(await here.stored()) == 3


async def test_the_guests_of_an_address_leave_places_for_uploads_to_others(tmp_path: Path) -> None:
    tuning = replace(DEFAULTS, uploads=3, uploads_per_address=2)
    async with uploading(tmp_path, tuning=tuning) as here:
        guests = [(await here.served.joined(name))[0] for name in ("Ann", "Bob", "Cid")]
        tickets = [await here.ticket(guest) for guest in guests]
        for count, ticket in enumerate(tickets[:2], 1):
            peer = await here.served.peer()
            await peer.write(
                f"PUT /api/files/{ticket} HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\n\r\n".encode()
            )
            await until(lambda count=count: files_of(here).uploads.running == count)  # type: ignore[misc]
        assert (await here.put(tickets[2], png())).status_code == 429
        path = "/api/rooms/lobby/files?name=log.txt"
        assert (await here.http.post(path, content=b"x", headers=PROGRAM)).status_code == 201


async def test_bytes_that_arrive_one_by_one_are_written_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, write = list[bytes](), FolderStore.write

    async def recorded(self: FolderStore, name: str, parts: AsyncIterator[bytes]) -> bool:
        async def seen() -> AsyncIterator[bytes]:
            async for part in parts:
                written.append(part)
                yield part

        return await write(self, name, seen())

    monkeypatch.setattr(FolderStore, "write", recorded)
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        ticket = await here.ticket(ann)
        peer = await here.served.peer()
        head = f"PUT /api/files/{ticket} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        await peer.write(head + b"".join(b"1\r\n%c\r\n" % byte for byte in png()) + b"0\r\n\r\n")
        assert (await peer.head()).startswith("HTTP/1.1 201 ")
    assert written == [png()]


async def test_a_client_that_disconnects_leaves_no_part(tmp_path: Path) -> None:
    async with uploading(tmp_path) as here:
        ann, _ = await here.served.joined("Ann")
        ticket = await here.ticket(ann)
        peer = await here.served.peer()
        head = f"PUT /api/files/{ticket} HTTP/1.1\r\nHost: here\r\nContent-Length: 33\r\n\r\n".encode()
        await peer.write(head + png()[:5])
        await until(lambda: files_of(here).uploads.running)
        peer.disconnect()
        await until(lambda: not files_of(here).uploads.running)
        assert await here.stored() == [f"{ticket}.record"]


async def test_a_ticket_expires(tmp_path: Path) -> None:
    async with uploading(tmp_path, tuning=replace(DEFAULTS, upload_ticket_seconds=-1.0)) as here:
        ann, _ = await here.served.joined("Ann")
        answer = await here.put(await here.ticket(ann), png())
        assert (answer.status_code, answer.json()["code"]) == (404, "not_kept")


async def test_an_upload_that_takes_too_long_is_aborted(tmp_path: Path) -> None:
    tuning = replace(DEFAULTS, request_seconds=0.1, upload_bytes_per_second=1_000_000)
    async with uploading(tmp_path, tuning=tuning) as here:
        ann, _ = await here.served.joined("Ann")
        ticket = await here.ticket(ann)
        peer = await here.served.peer()
        head = f"PUT /api/files/{ticket} HTTP/1.1\r\nHost: here\r\nContent-Length: 33\r\n\r\n".encode()
        await peer.write(head + png()[:5])
        await until(lambda: here.served.node.metrics.http_requests_timed_out)
        await until(lambda: not files_of(here).uploads.running)
        assert await here.stored() == [f"{ticket}.record"]
