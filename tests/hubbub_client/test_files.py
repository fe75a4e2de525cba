"""Tickets and the files of messages: against a scripted server, and against a node."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from hubbub_client import Client, File, UploadRefused, UploadTicket, file_path, upload_path
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE, joined
from tests.hubbub_client.server import Server
from tests.service.files.uploading import png, uploading


async def test_two_files_that_look_the_same_have_two_tickets(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await joined(server, chat)
        asking = [asyncio.ensure_future(room.ticket("a.png", 3, "image/png")) for _ in range(3)]
        asked = [await talk.receive() for _ in asking]
        assert {type(one) for one in asked} == {commands.Upload}
        for number, one in enumerate(asked[:2]):
            assert isinstance(one, commands.Upload)
            await talk.say(events.Ticket(id=one.id, file=f"f{number}", expires=900_000))
        refused = asked[2]
        assert isinstance(refused, commands.Upload)
        await talk.say(events.Error(id=refused.id, code="files_full", message="no space", retry=False))
        *tickets, refusal = await asyncio.gather(*asking, return_exceptions=True)
        assert tickets == [UploadTicket("f0", 900_000), UploadTicket("f1", 900_000)]
        assert isinstance(refusal, UploadRefused)
        assert (refusal.code, str(refusal)) == ("files_full", "the file 'a.png' was not taken: no space")


async def test_a_server_without_files_is_named(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await joined(server, chat)
        asking = asyncio.ensure_future(room.ticket("a.png", 3))
        asked = await talk.receive()
        assert isinstance(asked, commands.Upload)
        await talk.say(events.Error(id=asked.id, code="unknown_type", message="?", retry=False))
        with pytest.raises(UploadRefused, match="this server takes no files"):
            await asking


async def test_an_uploaded_file_is_sent_with_a_message(tmp_path: Path) -> None:
    async with (
        uploading(tmp_path) as here,
        Client(f"ws://127.0.0.1:{here.served.port}/ws", name="ann") as chat,
    ):
        room = await chat.join("lobby")
        ticket = await room.ticket("a b.png", 33, "image/png")
        stored = await here.http.put(f"/{upload_path(ticket.file)}", content=png())
        await room.send("", files=[msgspec.json.decode(stored.content, type=File)])
        page = await room.thread(1)
        assert page is not None
        [file] = page.messages[-1].files
        assert (file.name, file.width) == ("a b.png", 640)
        assert (await here.http.get(f"/{file_path(file)}")).content == png()
