"""Chat line by line: for pipes, dumb terminals and screen readers. No line is redrawn."""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import datetime
from typing import Final

from hubbub_cli import slash_commands, stdin, stdin_lines
from hubbub_cli.closed_pipe import pipe_closed
from hubbub_cli.connection import connected, enter, explained, watch
from hubbub_cli.errors import BadInput, CannotConnect, NoReply, RejectedByServer
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.found_messages import search, summary
from hubbub_cli.line_sender import SENDING, LineSender
from hubbub_cli.message_lines import message_line
from hubbub_cli.output import PROGRAM, TerminalOutput
from hubbub_cli.race import race
from hubbub_cli.recent_messages import HistoryStart, recent_messages
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_cli.slash_commands import ChatText, InvalidCommand, SlashCommand
from hubbub_cli.times import moment
from hubbub_cli.uploads import local_file, typed_path, upload
from hubbub_client import Client, Event, Gap, Message, Presence, Room, new_key

_BEGIN_WITH: Final = 20
_NO_ROOM: Final = "You are in no room. Join one first: /join ROOM"


class PlainChat:
    """Prints the messages of the rooms, and sends each line of standard input to the current room."""

    def __init__(self, settings: CliSettings, output: TerminalOutput) -> None:
        self._settings = settings
        self._output = output
        self._me = ""
        self._rooms: dict[str, Room] = {}
        self._here: Room | None = None
        self._typed = stdin.is_terminal()
        self._said: set[str] = set()
        self._sender = LineSender(settings)
        self._code = ExitCode.OK

    async def run(self, rooms: Iterable[str]) -> ExitCode:
        """Chat until the input ends, or the user quits."""
        async with connected(self._settings, speaks=True, listener=False) as chat:
            await race(
                self._chat(chat, rooms), pipe_closed(), watch(chat, self._output, self._settings.retry)
            )
        return self._code

    async def _chat(self, chat: Client, rooms: Iterable[str]) -> None:
        self._me = chat.user or ""
        async with asyncio.TaskGroup() as readers:
            for name in rooms:
                await self._join(chat, name, readers)
            async for line in stdin_lines.lines():
                if not await self._process(chat, line, readers):
                    break
            await self._sender.finish(self._rooms)
            for room in self._rooms.values():
                room.leave()

    # Input

    async def _process(self, chat: Client, line: str, readers: asyncio.TaskGroup) -> bool:
        """Process a line of input; False to quit."""
        match slash_commands.parse(line):
            case ChatText(text):
                await self._say(text)
            case SlashCommand("quit"):
                return False
            case SlashCommand("join", name):
                await self._guard(self._join(chat, name, readers))
            case SlashCommand(name, argument):
                await self._run_command(name, argument)
            case InvalidCommand(why):
                self._output.error(why)
        return True

    async def _run_command(self, name: str, argument: str) -> None:
        match name:
            case "leave":
                self._leave(argument)
            case "me":
                await self._say(f"* {self._me} {argument}")
            case "nick":
                self._output.notice(slash_commands.NICK)
            case "help":
                for line in slash_commands.table():
                    self._output.notice(line)
            case _ if self._here is None:
                self._output.error(_NO_ROOM)
            case _:
                await self._run_in(self._here, name, argument)

    async def _run_in(self, room: Room, name: str, argument: str) -> None:
        """Run a command that is about a room."""
        match name:
            case "who":
                self._output.notice(_who(room))
            case "search":
                await self._guard(self._search(room, argument))
            case "topic":
                await self._guard(self._topic(room, argument))
            case "file":
                await self._guard(self._send_file(room, argument))
            case _:
                self._output.error(f"/{name} works in full screen only. Other programs: {PROGRAM} --help")

    async def _topic(self, room: Room, text: str) -> None:
        if text:
            with explained(self._settings):
                await room.set_topic("" if text == "-" else text, within=SENDING)
        else:
            topic = sanitize(room.topic or "")
            self._output.notice(f"topic: {topic}" if topic else "the room has no topic")

    async def _send_file(self, room: Room, path: str) -> None:
        file = await upload(self._settings, room, local_file(typed_path(path)))
        with explained(self._settings):
            await room.send("", files=[file], within=SENDING)

    async def _join(self, chat: Client, name: str, readers: asyncio.TaskGroup) -> None:
        known = self._rooms.get(name)
        if known is not None:
            self._here = known
            self._output.notice(f"current room: {sanitize(name)}")
            return
        room = self._here = self._rooms[name] = await enter(chat, name, self._settings.connect_timeout)
        self._output.notice(f"joined {sanitize(name)} as {sanitize(self._me)}; {_who(room)}")
        for message in await recent_messages(room, HistoryStart(most=_BEGIN_WITH)):
            self._print(message)
        readers.create_task(self._read(room))

    def _leave(self, name: str) -> None:
        room = self._rooms.get(name) if name else self._here
        if room is None:
            self._output.error("You have not joined this room.")
            return
        room.leave()
        del self._rooms[room.name]
        self._here = next(reversed(self._rooms.values()), None)
        where = f"current room: {sanitize(self._here.name)}" if self._here else "no room left; /join ROOM"
        self._output.notice(f"left {sanitize(room.name)}; {where}")

    async def _say(self, text: str) -> None:
        room = self._here
        if room is None:
            self._output.error(_NO_ROOM)
            return
        await self._guard(self._send(room, text, new_key()))

    async def _send(self, room: Room, text: str, key: str) -> None:
        if self._typed:
            self._said.add(key)
        await self._sender.send(room, text, key)

    async def _search(self, room: Room, query: str) -> None:
        """Print what is found, the newest message last, as in the room."""
        with explained(self._settings):
            page = await search(room, query)
        if isinstance(page, str):
            self._output.notice(page)
        else:
            for message in reversed(page.messages):
                self._output.notice(" ".join(summary(message)))

    async def _guard(self, doing: Awaitable[None]) -> None:
        """Report a rejection and continue; a message that timed out stays queued."""
        try:
            await doing
        except NoReply:
            self._output.notice("not sent yet; it will be sent when the connection is back")
        except (BadInput, CannotConnect, RejectedByServer) as error:
            self._output.error(str(error))
            self._code = self._code or error.exit_code

    # Events

    async def _read(self, room: Room) -> None:
        async for event in room:
            self._on_event(event)

    def _on_event(self, event: Event) -> None:
        match event:
            case Message():
                self._print(event)
            case Gap():
                self._output.notice(f"messages in {sanitize(event.room)} are lost")
            case Presence():
                for names, verb in ((event.joined, "joined"), (event.left, "left")):
                    others = [name for name in names if name != self._me]
                    if others:
                        self._output.notice(f"{sanitize(', '.join(others))} {verb}")
            case _:
                pass

    def _print(self, message: Message) -> None:
        if self._typed and message.key in self._said:
            self._said.discard(message.key)
            return  # the terminal shows it already, as typed input
        today = datetime.now().astimezone().date()
        date = moment(message.at).date() != today
        paint = self._output.data_paint
        self._output.data(message_line(message, paint, room=len(self._rooms) > 1, date=date))


def _who(room: Room) -> str:
    members = room.members
    more = " and others" if members.more else ""
    return f"{members.count} here: {sanitize(', '.join(members.names))}{more}"
