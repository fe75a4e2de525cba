"""Composing a broker with its archive, from the settings."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from archive.errors import ArchiveError
from archive.registry import make_archive
from brokers.base import Broker
from brokers.durable import DurableBroker, DurableHub
from service.archiving.journal import ArchiveJournal
from service.runtime.process import CannotStart
from service.settings import Settings

# Seconds after which a busy event loop lets the archive's thread run (Python's default is 0.005). A commit
# takes a handful of such turns, so they decide its latency on a busy node.
_SWITCH: Final = 0.0005

_log: Final = logging.getLogger(__name__)


class CannotOpenArchive(CannotStart):
    """The archive can't be opened; the message says why and what to do."""


@asynccontextmanager
async def durable_broker(settings: Settings) -> AsyncIterator[Broker]:
    """Open the archive for the time of the block, and make the memory broker that writes to it.

    Raises:
        CannotOpenArchive: the archive can't be opened.
    """
    try:
        archive = make_archive(settings.archive_options(settings.key_seconds))
        await archive.start()
    except ArchiveError as error:
        raise CannotOpenArchive(str(error)) from error
    sys.setswitchinterval(_SWITCH)
    _log.info("archive_opened", extra={"archive": archive.place})
    try:
        hub = DurableHub(settings.broker_options, ArchiveJournal(archive))
        yield DurableBroker(settings.broker_options, hub)
    finally:
        await archive.close()
