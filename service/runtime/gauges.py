"""The gauges of a node, with what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Read at each exposition, from what `sample` returns.
GAUGES: Final[Mapping[str, str]] = {
    "connections": "Open connections.",
    "connections_limit": "The limit of open connections: HUBBUB_CONNECTIONS, or what file descriptors allow.",
    "rooms": "Rooms that this node is subscribed to.",
    "members": "Members of all rooms on this node, one for each connection in each room.",
    "slow_consumers": "Members that are catching up: their write buffer is full, or they just joined.",
    "log_bytes": "Bytes of the messages in the rooms' logs.",
    "tasks": "Running tasks of the node.",
    "other_nodes": "Other nodes whose heartbeats this node receives.",
    "moderation_active": "Bans and closed rooms in force.",
    "kept_names": "Names that are kept for users with tokens, also while they are away.",
    "files_bytes": "Bytes of all files of messages (only with HUBBUB_FILES_URL).",
    "files_to_remove": "Files of deleted messages that are not removed yet (only with HUBBUB_FILES_URL).",
    "uploads": "Uploads under way (only with HUBBUB_FILES_URL).",
    "pushes_waiting": "Messages whose users are being notified (only with HUBBUB_PUSH_PRIVATE_KEY).",
    "broker_up": "1 if the broker is reachable, 0 if not.",
    "archive_up": "1 if the archive accepts commits, 0 if it refuses them (only with an archive).",
    "archive_queue": "Calls that wait for the archive (only with an archive).",
    "archive_bytes": "Bytes of the archive's files (only with SQLite).",
    "archive_marks_waiting": "Read marks that moved and are not stored yet (only with an archive).",
    "archive_lag_seconds": "Longest time that a message is not in the archive yet (with Redis or NATS).",
    "archive_rooms_pending": "Rooms in which messages are not in the archive yet (with Redis or NATS).",
}
