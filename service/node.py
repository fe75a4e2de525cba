"""One node: the parts that its connections share, and its readiness."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Final, Self

from brokers.base import Broker
from brokers.errors import BrokerError, WritesRefused
from hubbub_protocol import Close, events
from service.archiving.archiving import Archiving
from service.archiving.kept import keeps
from service.cluster.cluster import Cluster
from service.cluster.kept_names import KeptNames, NameKeeper
from service.cluster.user_names import UserNames
from service.files.errors import StoreUnavailable
from service.files.files import make_files
from service.identity.address_limits import AddressLimits
from service.identity.addresses import Addresses
from service.identity.authenticator import Authenticator
from service.identity.look_alikes import RoomNames
from service.identity.request_limits import RequestLimits
from service.identity.send_limits import SendLimits
from service.moderation.actions import Kind, Subject
from service.moderation.moderation import Moderation
from service.push.push import make_push
from service.rooms.registry import RoomRegistry
from service.runtime.broker_start import BrokerStart
from service.runtime.descriptors import socket_limits, soft_limit
from service.runtime.metrics import Metrics
from service.runtime.paced_queue import PacedQueue
from service.runtime.process import CannotStart
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning
from service.transport.connection import Connection
from service.transport.input_budget import InputRate
from service.transport.input_turns import InputTurns
from service.transport.keepalive import Keepalive

READY: Final = "ok"
DRAINING: Final = "draining"
# After a page of history, the next one of the same user, or of the guests of the same address, waits so many
# times as long as the page took, up to a limit (seconds): so others have half of the time.
PAGE_PAUSE: Final = 1.0
LONGEST_PAGE_PAUSE: Final = 0.25

_log: Final = logging.getLogger(__name__)


class Node:
    """The parts of one node, from start to stop.

    Attributes:
        name: a random name, a new one for each process.
        limits: how many connections and sockets it may have.
        archiving: the archive, if there is one.
        files: the files of messages, if the settings name a storage.
        push: what notifies users who are not here, if the settings have a key and there is an archive.
        idle_guests: connections without a token that are in no room, the one that has been so longest first.
        draining: the node rejects new connections (graceful shutdown).
    """

    draining = False
    _broker_started = False

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        tuning: Tuning = DEFAULTS,
        *,
        archiving: Archiving | None = None,
    ) -> None:
        self.name = secrets.token_hex(4)
        self.settings, self.tuning = settings, tuning
        self.limits = socket_limits(settings, tuning, soft_limit())
        self.broker = broker
        self.archiving = archiving
        self.files = make_files(settings, tuning)
        self.metrics = Metrics(broker=settings.broker, sample=self._sample, stats=broker.stats)
        self.push = make_push(
            settings, tuning, None if archiving is None else archiving.archive, self.metrics.pushes
        )
        self.tasks = Tasks(self.metrics.task_failed)
        self.auth = Authenticator(settings)
        self.cluster = Cluster(self.name, broker, self.metrics, settings.node_seconds)
        self.name_keeper = NameKeeper(
            broker, KeptNames(seconds=settings.kept_seconds, entries=settings.kept_entries)
        )
        self.user_names = UserNames(
            self.cluster.names,
            reserved=settings.reserved_names,
            most_per_address=settings.names_per_address,
            kept=self.name_keeper.names,
        )
        self.addresses = Addresses(settings.trusted_proxies)
        self.address_limits = AddressLimits(settings, tuning.sockets_per_address)
        self.input_rate, self.turns = InputRate.of(settings), InputTurns(tuning)
        self.send_limits, self.request_limits = SendLimits(settings), RequestLimits(settings)
        self.page_turns, self.room_names = PacedQueue(PAGE_PAUSE, LONGEST_PAGE_PAUSE), RoomNames()
        self.rooms = RoomRegistry(
            self.cluster,
            broker,
            self.tasks,
            metrics=self.metrics,
            settings=settings,
            tuning=tuning,
            stored=None if archiving is None else archiving.references,
            turn=self.turns.wait,
        )
        self.moderation = Moderation(broker, self.remove)
        self.connections: dict[Connection, None] = {}
        self.idle_guests: dict[Connection, None] = {}
        self.broker_start = BrokerStart(self._start, self.tasks, settings.start_seconds)
        # Tasks that finish before the node stops: they store messages of plain clients.
        self.finishing: set[asyncio.Task[None]] = set()
        self._emptied = asyncio.Event()

    async def __aenter__(self) -> Self:
        try:
            await self._open_files()
            await self.broker_start.begin()
        except BaseException:
            await self.broker.close()
            raise
        self.pings = Keepalive(self.settings.ping_seconds, self.metrics)
        return self

    async def _open_files(self) -> None:
        if self.files is None:
            return
        try:
            await self.files.start()
        except StoreUnavailable as error:
            raise CannotStart(
                f"HUBBUB_FILES_URL={self.settings.files_url}: {error} "
                "Make the storage writable, or set another one."
            ) from error

    async def _start(self) -> None:
        if not self._broker_started:
            await self.broker.start(self.rooms)
            self._broker_started = True
        await self.cluster.start()
        await self.moderation.read()
        self.moderation.follow(self.tasks, self.tuning.control_room_interval)
        if self.settings.takes_tokens:
            await self.name_keeper.read()
            self.name_keeper.follow(self.tasks, self.tuning.control_room_interval)
        if self.files is not None:
            archive = None if self.archiving is None else self.archiving.archive
            self.files.run(self.tasks, keeps(self.broker, archive))
        if self.archiving is not None:
            self.archiving.run(self.tasks, self.metrics, self.tuning, self.rooms)
        _log.info("node_started", extra={"node": self.name, "broker": self.settings.broker})

    async def __aexit__(self, *_: object) -> None:
        self.pings.close()
        if self.finishing:
            await asyncio.wait(self.finishing, timeout=self.settings.close_seconds)
        # Before the tasks are closed, because a timer or an entry could start another one.
        self.rooms.close()
        self.cluster.close()
        self.moderation.close()
        self.name_keeper.close()
        if self.files is not None:
            self.files.close()
        await self.tasks.close()
        if self.push is not None:
            self.push.close()
        if self.archiving is not None and self._broker_started:
            await self.archiving.marks.finish(self.settings.close_seconds)
            await self.archiving.finish(self.settings.close_seconds)
        await self.broker.close()
        _log.info("node_stopped", extra={"node": self.name})

    async def readiness(self) -> str:
        """Return `READY`, or the reason why the node can't serve."""
        if self.draining:
            return DRAINING
        if self.broker_start.waiting:
            return f"waiting for the broker: {self.broker_start.waiting}"
        try:
            # The probe takes the path of a message, so it also detects a dead listener.
            await self.broker.probe()
        except WritesRefused as error:
            return f"the broker refuses writes: {error}"
        except BrokerError as error:
            return f"the broker is unreachable: {error}"
        return READY

    @cached_property
    def client_limits(self) -> events.Limits:
        """The limits that each client receives in `welcome`."""
        settings = self.settings
        return events.Limits(
            frame=settings.frame_bytes,
            text=settings.text_characters,
            rooms=settings.rooms_per_connection,
            sends=settings.sends_per_second,
            burst=settings.sends_burst,
            file=None if self.files is None else settings.file_bytes,
        )

    def add_connection(self, connection: Connection) -> None:
        """Register a connection."""
        self.connections[connection] = None
        self.address_limits.connected(connection.address)
        self.metrics.connections_opened += 1

    def remove_connection(self, connection: Connection, ping_slot: int) -> None:
        """Unregister a connection, and stop to ping it."""
        self.pings.remove(connection, ping_slot)
        self.idle_guests.pop(connection, None)
        if connection in self.connections:
            del self.connections[connection]
            self.address_limits.disconnected(connection.address)
        if not self.connections:
            self._emptied.set()

    def remove(self, kind: Kind, target: str, reason: str) -> None:
        """Close all connections of a user, an address or a token (CN10)."""
        for connection in list(self.connections):
            subject = subject_of(connection)
            if not connection.closing and subject.has(kind, target):
                _log.warning(
                    "connection_removed",
                    extra={
                        "user": subject.user,
                        "address": subject.address,
                        "token_id": subject.token,
                        "reason": reason,
                    },
                )
                connection.close(Close.REMOVED, reason)

    def has_place(self) -> bool:
        """Return whether one more connection may stay; close the longest idle guest for it if need be."""
        if len(self.connections) <= self.limits.connections:
            return True
        if not self.idle_guests:
            return False
        idle = next(iter(self.idle_guests))
        del self.idle_guests[idle]
        self.metrics.idle_guests_closed += 1
        idle.close(Close.FULL, "the node needs the place of a guest without a room; reconnect later")
        return True

    async def until_empty(self, limit: float) -> None:
        """Wait until all connections are lost, for at most `limit` seconds."""
        self._emptied.clear()
        if self.connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._emptied.wait()

    async def close_all(self, code: Close, reason: str) -> None:
        """Close all connections, and wait for the time limit of the closing handshake."""
        for connection in list(self.connections):
            connection.close(code, reason)
        await self.until_empty(self.settings.close_seconds + 1)
        if self.connections:
            _log.warning("connections_not_closed_in_time", extra={"count": len(self.connections)})

    def _sample(self) -> Mapping[str, float]:
        rooms = list(self.rooms)
        return {
            "connections": len(self.connections),
            "connections_limit": self.limits.connections,
            "rooms": len(rooms),
            "members": sum(len(room.fanout) for room in rooms),
            "slow_consumers": sum(room.fanout.catching_up for room in rooms),
            "log_bytes": sum(room.log.bytes for room in rooms),
            "tasks": self.tasks.running,
            "other_nodes": len(self.cluster),
            "moderation_active": len(self.moderation),
            "kept_names": len(self.name_keeper.names),
            "broker_up": float(not self.broker_start.waiting and self.rooms.broker_fault is None),
            **(self.files.sample() if self.files is not None else {}),
            **(self.push.sample() if self.push is not None else {}),
            **(self.archiving.sample() if self.archiving is not None else {}),
        }


def subject_of(connection: Connection) -> Subject:
    """Return what a ban can name of a connection."""
    receiver = connection.receiver
    if receiver is None:
        return Subject(None, connection.address)
    return Subject(receiver.user_id, connection.address, receiver.token_id)
