"""Send files of this machine from the screen, and save those of messages."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace
from textual.message import Message as TextualMessage

from hubbub_cli.downloads import download
from hubbub_cli.errors import CliError
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_cli.tui.messages import RoomsChanged
from hubbub_cli.tui.room_views import RoomView
from hubbub_cli.uploads import local_file, typed_path, upload
from hubbub_client import HubbubError, Message, Room

Post = Callable[[TextualMessage], object]


async def send(settings: CliSettings, view: RoomView, room: Room, path: str, post: Post) -> None:
    """Upload a file, and send it; in a thread, as a reply."""
    notice, root = view.shown.notice, view.thread.root if view.thread else None
    try:
        file = await asyncio.to_thread(local_file, typed_path(path))
        notice(f"Uploading {sanitize(file.path.name)}, {file.size:,} bytes.")
        post(RoomsChanged())
        uploaded = await upload(_quiet(settings), room, file)
        await room.send("", files=[uploaded], reply_to=root)
    except (CliError, HubbubError) as error:
        notice(f"Not sent: {sanitize(str(error))}.")
    post(RoomsChanged())


async def save(settings: CliSettings, view: RoomView, message: Message, folder: str, post: Post) -> None:
    """Save the files of a message in a folder, by default the current one."""
    notice = view.shown.notice
    try:
        into = typed_path(folder)
        for file in message.files:
            path = await download(_quiet(settings), file, into)
            notice(f"Saved {sanitize(str(path.absolute()))}")
            post(RoomsChanged())
    except CliError as error:
        notice(f"Not saved: {sanitize(str(error))}.")
    post(RoomsChanged())


def _quiet(settings: CliSettings) -> CliSettings:
    """Without progress on standard error: the screen is there."""
    return replace(settings, quiet=True)
