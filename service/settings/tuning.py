"""Times and bounds of a node that have no setting: no operator needs to change them, but tests do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Times (seconds) and bounds of one node.

    Attributes:
        request_seconds: an idle HTTP connection is closed after this time, and so is one whose request
            takes longer.
        spare_sockets: sockets beyond the setting HUBBUB_CONNECTIONS, for HTTP requests and for clients that
            are rejected.
        sockets_per_address: sockets of one address that have no session yet, or that speak HTTP.
        probe_sockets, probe_seconds: sockets beyond that, for requests of health and metrics only; one that
            sends no such request within this time is aborted.
        input_frames, input_bytes: the share of one connection in a turn of the loop. The rest of its input
            waits for its next turn, behind the other connections.
        input_seconds: a share, and the shares of one turn of the loop together, end after this time.
        input_shares: waiting connections that get a share in one turn of the loop.
        early_entries: entries of one room that are kept until `subscribe` returns the head; the chain rule
            repairs what is dropped beyond it.
        change_window: without an archive, changes and replies are found so many positions after a message.
        repair_first_wait, repair_longest_wait: back-off between two reads of a gap repair.
        presence_gather: joins and leaves are gathered for this time before they are broadcast.
        presence_interval: least time between two presence broadcasts in a room.
        listing_timeout: how long the room listing waits for the answers of the other nodes.
        trim_round, trim_pause: how long the trimming of the archive pauses after a round over all rooms, and
            between two steps of it.
        archive_turn: how long the copying to the archive pauses between two turns, on average.
        archive_sweep: how long it takes until open rooms, and 1,000 of the archived ones, are compared again.
        archive_rooms: rooms that may wait to be copied; further ones are left to the sweep.
        archive_heads: rooms whose heads are read in one call.
        archive_page: entries of one room in one batch, so that a busy room doesn't delay the others.
        archive_hold_seconds, archive_held: how long a message waits if its room gets messages faster than
            they are copied, and how many messages wait.
        archive_batches: batches of one turn; then rooms that were marked meanwhile have their turn.
        archive_first_wait, archive_longest_wait: back-off between two tries to copy.
        archive_rewound: entries that leave in one commit because the broker has lost them, to the next page.
        archive_reworded: messages whose words are set again because their edits or deletions were lost.
        index_rest, index_pause: how long the indexing of the archive rests when nothing is left, and between
            two steps of it.
        uploads, uploads_per_user, uploads_per_address: uploads of a node, of one user, and of the guests of
            an address, at the same time.
        upload_ticket_seconds: how long a ticket may wait for its upload.
        upload_stall_seconds: how long an upload may send nothing.
        upload_bytes_per_second: the least rate of a whole upload or download; a slower one is aborted.
        files_unused_seconds: files that no message has after this time are removed.
        files_round, files_pause: how long the removal of unused files rests after a round, and between two
            files.
        files_first_wait, files_longest_wait: back-off between two tries to remove the files of a message.
        push_threads: pushes that are sent at a time.
        push_waiting: messages whose users are being notified; further ones notify no user.
        push_rate, push_burst: pushes to one browser, a second and at once; further ones are dropped.
        push_tries, push_first_wait, push_longest_wait: how often a push is tried, and the time between two
            tries: that of the push service, or the back-off.
        push_ttl: how long a push service keeps a push for a browser that is not connected.
        push_changes_rate, push_changes_burst: subscriptions that a user, or the guests of an address, store
            a second and at once.
        push_additions_rate: of these, those of new browsers a second; as many at once.
        push_private: whether a push service may have an address of a private network.
        control_room_interval: how often a node reads the actions of the operator, and the names
            that are kept.
        marks_interval: how long read marks are gathered before they are stored.
        plain_first_wait, plain_longest_wait: back-off between two tries to store a plain client's message.
        plain_grace: how long the node tries to store what a plain client sent before it disconnected.
        log_queue_bytes: log lines of a process that wait to be written; further ones are dropped and counted.
        log_flush_seconds: how long the exit waits for the reader of the log.
        log_repeats, log_repeat_seconds: an event at level warning or above is written so many times in an
            interval; further ones are counted, and the count is written at its end.
        log_repeat_events: events whose repetitions are counted at the same time.
    """

    request_seconds: float = 15.0
    spare_sockets: int = 1_000
    sockets_per_address: int = 200
    probe_sockets: int = 8
    probe_seconds: float = 0.5
    input_frames: int = 16
    input_bytes: int = 16 * 1024
    input_seconds: float = 0.0005
    input_shares: int = 1
    early_entries: int = 10_000
    change_window: int = 10_000
    repair_first_wait: float = 0.05
    repair_longest_wait: float = 1.0
    presence_gather: float = 0.1
    presence_interval: float = 0.8
    listing_timeout: float = 0.5
    trim_round: float = 30.0
    trim_pause: float = 0.05
    archive_turn: float = 0.25
    archive_sweep: float = 60.0
    archive_rooms: int = 100_000
    archive_heads: int = 1_000
    archive_page: int = 200
    archive_hold_seconds: float = 2.0
    archive_held: int = 10_000
    archive_batches: int = 20
    archive_first_wait: float = 0.25
    archive_longest_wait: float = 5.0
    archive_rewound: int = 5_000
    archive_reworded: int = 1_000
    index_rest: float = 0.5
    index_pause: float = 0.01
    uploads: int = 32
    uploads_per_user: int = 4
    uploads_per_address: int = 8
    upload_ticket_seconds: float = 900.0
    upload_stall_seconds: float = 15.0
    upload_bytes_per_second: int = 16_384
    files_unused_seconds: float = 86_400.0
    files_round: float = 3600.0
    files_pause: float = 0.02
    files_first_wait: float = 0.25
    files_longest_wait: float = 30.0
    push_threads: int = 8
    push_waiting: int = 1_000
    push_rate: float = 0.2
    push_burst: int = 20
    push_tries: int = 3
    push_first_wait: float = 2.0
    push_longest_wait: float = 60.0
    push_ttl: int = 86_400
    push_changes_rate: float = 0.1
    push_changes_burst: int = 20
    push_additions_rate: float = 0.01
    push_private: bool = False
    control_room_interval: float = 1.0
    marks_interval: float = 1.0
    plain_first_wait: float = 0.1
    plain_longest_wait: float = 2.0
    plain_grace: float = 30.0
    log_queue_bytes: int = 1024 * 1024
    log_flush_seconds: float = 2.0
    log_repeats: int = 10
    log_repeat_seconds: float = 10.0
    log_repeat_events: int = 256


DEFAULTS: Final = Tuning()
