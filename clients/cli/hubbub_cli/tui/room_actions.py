"""What the user enters: messages, and slash commands."""

from typing import Protocol

from hubbub_cli import slash_commands
from hubbub_cli.sanitize import sanitize
from hubbub_cli.slash_commands import ChatText, InvalidCommand, SlashCommand
from hubbub_cli.tui.chat_backend import ChatBackend
from hubbub_cli.tui.emoji import EMOJI
from hubbub_cli.tui.idleness import Idleness
from hubbub_cli.tui.messages import MessagesFound
from hubbub_cli.tui.pickers import OLDER
from hubbub_cli.tui.room_views import RoomView, RoomViews
from hubbub_cli.tui.status_lines import with_state
from hubbub_client import Message
from hubbub_protocol.emoji import emoji_fault


class RoomScreen(Protocol):
    """What the actions need of the screen."""

    @property
    def views(self) -> RoomViews: ...

    @property
    def backend(self) -> ChatBackend: ...

    @property
    def idleness(self) -> Idleness: ...

    def go_to(self, view: RoomView | None) -> None: ...
    @property
    def selected(self) -> int | None: ...

    def follow(self) -> None: ...
    def put(self, text: str) -> None: ...
    def notify_room(self, text: str) -> None: ...
    def action_help(self) -> None: ...
    def quit(self) -> None: ...
    def exit(self) -> None: ...


class RoomActions:
    """Executes what the user enters in the visible room."""

    def __init__(self, screen: RoomScreen) -> None:
        self._screen = screen

    def enter(self, line: str) -> None:
        """Send a line, or execute it."""
        view = self._screen.views.active
        meant = slash_commands.parse(line)
        match meant:
            case ChatText() if view is not None:
                self._say(view, meant.text)
            case SlashCommand() if view is not None:
                self._run(view, meant)
            case InvalidCommand():
                self._screen.notify_room(meant.why)

    def join(self, room: str) -> None:
        """Join a room, or show it."""
        views = self._screen.views
        view = views.get(room) or views.add(room)
        self._screen.backend.join(view)
        self._screen.go_to(view)

    def join_chosen(self, room: str | None) -> None:
        """Join the room that was chosen from a list, if there is one."""
        if room is not None:
            self.join(room)

    def edit_last(self) -> bool:
        """Put the last own message into the input to be edited; return whether there is one."""
        view = self._screen.views.active
        message = None if view is None else self._last(view, own=True)
        if message is not None:
            self._screen.put(f"/edit {message.text}")
        return message is not None

    def show_found(self, event: MessagesFound, chosen: str | None) -> None:
        """Show the chosen result in its room, or the next page of results."""
        if chosen == OLDER:
            self._screen.backend.search(event.view, event.query, event.page.more or "")
        elif chosen is not None:
            event.view.thread = None
            self._screen.backend.show(event.view, event.page.messages[int(chosen)])

    def toggle_thread(self) -> None:
        """Open the thread of the selected message, or of the last one in a thread; leave an open one."""
        view = self._screen.views.active
        if view is None or self.leave_thread():
            return
        rows = [row for row in view.transcript.messages() if row.source]
        selected = [row.source for row in rows if row.id == self._screen.selected]
        last = [row.source for row in rows if row.source and (row.source.thread or row.source.replies)]
        message = next(iter(selected), None) or (last[-1] if last else None)
        if message is None:
            self._screen.notify_room("No message here has replies: select one with Alt+Up.")
        else:
            self._screen.backend.open_thread(view, message.thread or message.position)
            self._screen.follow()

    def leave_thread(self) -> bool:
        """Show the room again; return whether a thread was shown."""
        view = self._screen.views.active
        if view is None or view.thread is None:
            return False
        view.thread = None
        self._screen.follow()
        return True

    def _say(self, view: RoomView, text: str) -> None:
        if view.thread is None:
            self._screen.backend.say(view, text)
        else:
            self._screen.backend.reply(view, view.thread.root, text)
        view.transcript.mark_read()
        self._screen.follow()

    def _run(self, view: RoomView, command: SlashCommand) -> None:
        match command.name:
            case "join":
                self.join(command.argument)
            case "leave":
                self._leave(self._screen.views.get(command.argument) if command.argument else view)
            case "me":
                self._say(view, f"* {self._screen.backend.me} {command.argument}")
            case "reply" | "react" | "edit" | "delete":
                self._change(view, command)
            case "thread" | "search" | "rooms" | "topic" | "file" | "download":
                self._run_for_room(view, command)
            case "retry" | "discard":
                self._settle(view, command.name)
            case "away" | "back":
                self._turn(away=command.name == "away")
            case _:
                self._answer(view, command)

    def _turn(self, *, away: bool) -> None:
        self._screen.idleness.state(away=away)
        self._screen.notify_room("You are shown as away, until /back." if away else "You are shown as here.")

    def _run_for_room(self, view: RoomView, command: SlashCommand) -> None:
        match command.name:
            case "thread":
                self.toggle_thread()
            case "search":
                self._screen.backend.search(view, command.argument)
            case "rooms":
                self._screen.backend.list_rooms(view, command.argument)
                self._screen.follow()
            case "topic" if not command.argument:
                topic = sanitize(view.topic or "")
                self._screen.notify_room(f"Topic: {topic}" if topic else "This room has no topic.")
            case "topic":
                self._screen.backend.set_topic(view, "" if command.argument == "-" else command.argument)
            case "file":
                self._screen.backend.send_file(view, command.argument)
            case _:
                self._download(view, command.argument or ".")

    def _download(self, view: RoomView, folder: str) -> None:
        """Save the files of the selected message, or of the last one that has some."""
        with_files = [row.source for row in view.shown.messages() if row.source and row.source.files]
        message = self._selected(view) or (with_files[-1] if with_files else None)
        if message is None or not message.files:
            self._screen.notify_room(
                "This message has no files." if message else "No message here has files."
            )
        else:
            self._screen.backend.download(view, message, folder)

    def _answer(self, view: RoomView, command: SlashCommand) -> None:
        """Execute a command that is about this program."""
        match command.name:
            case "help":
                self._screen.action_help()
            case "quit":
                self._screen.quit()
            case _:
                self._screen.notify_room(_answer(view, command))

    def _change(self, view: RoomView, command: SlashCommand) -> None:
        """Change the selected message, or the last one that the command may be meant for."""
        own = command.name in {"edit", "delete"}
        message = self._chosen(view, own=own)
        if message is None:
            self._screen.notify_room(f"There is no message {'of yours ' * own}to {command.name} here.")
            return
        match command.name:
            case "reply":
                self._screen.backend.reply(view, message.position, command.argument)
                self._screen.follow()
            case "react":
                self._react(view, message, command.argument)
            case "edit" if not command.argument:
                self._screen.put(f"/edit {message.text}")
            case "edit":
                self._screen.backend.edit(view, message, command.argument)
            case _:
                self._screen.backend.delete(view, message)

    def _react(self, view: RoomView, message: Message, typed: str) -> None:
        emoji = EMOJI.get(typed.strip(":"), typed)
        if fault := emoji_fault(emoji):
            self._screen.notify_room(f"{sanitize(typed)!r} {fault}.")
        else:
            self._screen.backend.react(view, message, emoji)

    def _chosen(self, view: RoomView, *, own: bool) -> Message | None:
        selected = self._selected(view)
        return selected if selected and not selected.deleted else self._last(view, own=own)

    def _selected(self, view: RoomView) -> Message | None:
        return next((row.source for row in view.shown.messages() if row.id == self._screen.selected), None)

    @staticmethod
    def _last(view: RoomView, *, own: bool) -> Message | None:
        rows = reversed([row for row in view.shown.messages() if row.own == own])
        return next((row.source for row in rows if row.source and not row.source.deleted), None)

    def _settle(self, view: RoomView, name: str) -> None:
        if not view.failed:
            self._screen.notify_room("No message of yours was rejected here.")
        elif name == "retry":
            self._screen.backend.retry(view)
        else:
            self._screen.backend.discard(view)

    def _leave(self, view: RoomView | None) -> None:
        if view is None:
            self._screen.notify_room("You have not joined this room.")
            return
        views = self._screen.views
        self._screen.backend.leave(view)
        if len(views) == 1:
            self._screen.exit()
        elif view is views.active:
            self._screen.go_to(views.step(1))
        views.close(view)


def _answer(view: RoomView, command: SlashCommand) -> str:
    """Return the answer of a command that only prints."""
    if command.name == "who":
        members = view.members
        names = (with_state(name, members.away) for name in sorted(members.names, key=str.casefold))
        return f"{members.count} here: {', '.join(names)}"
    if command.name == "mute":
        view.muted = not view.muted
        return "This room is muted: it is not counted." if view.muted else "This room is counted again."
    return slash_commands.NICK
