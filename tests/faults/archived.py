"""The archive as a witness: what it has at the end of a run."""

from __future__ import annotations

import msgspec

from archive.errors import ArchiveError
from service.wire.messages import MessagePayload
from tests.faults.archives import read
from tests.faults.history import Place, What, digest, key_of
from tests.faults.world import World


async def is_copied(world: World) -> bool:
    """Return whether the archive reaches to the end of each room, as a node knows it."""
    if world.archive is None or world.plan.archive == "sqlite":
        return True  # what is acknowledged is in it
    node = next(iter(world.nodes.values()))
    archive = world.archive.open()
    try:
        await archive.start()
        heads = await archive.heads(world.plan.rooms)
        for room in world.plan.rooms:
            ends = [message["offset"] async for _, message in node.history(room)][-1:]
            if ends and (room not in heads or heads[room].offset < ends[0]):
                return False
    except ArchiveError:
        return False
    finally:
        await archive.close()
    return True


async def note_archive(world: World) -> None:
    """Record all that the archive has. The nodes have ended."""
    if world.archive is None:
        return
    archive = world.archive.open()
    await archive.start()
    try:
        for room in world.plan.rooms:
            async for entry in read(archive, room):
                stored = msgspec.json.decode(entry.payload, type=MessagePayload)
                world.recorder.note(
                    "archive",
                    What.ARCHIVED,
                    room=room,
                    key=key_of(stored.key, stored.text),
                    place=Place(entry.epoch, entry.offset),
                    prev=entry.prev,
                    note=digest(stored.text),
                )
    finally:
        await archive.close()
