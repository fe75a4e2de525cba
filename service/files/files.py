"""The files of one node: the storage that the settings name, and what uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from service.files.attachments import Attachments
from service.files.bucket import Bucket
from service.files.folder import FolderStore
from service.files.objects import ObjectStore
from service.files.records import CONTENT, FileRecord, Records
from service.files.signing import Signer
from service.files.store import Store
from service.files.sweeper import IsKept, Sweeper
from service.files.uploads import Uploads
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import Tuning


class Files:
    """Uploads, downloads, and the files of messages.

    Attributes:
        uploads: takes files.
        attachments: the files of messages.
        sweeper: removes those of no message.
    """

    def __init__(self, store: Store, settings: Settings, tuning: Tuning) -> None:
        self._store = store
        self._records = Records(store)
        self.uploads = Uploads(store, self._records, settings, tuning)
        self.attachments = Attachments(self._records, tuning)
        self.sweeper = Sweeper(store, self._records, tuning)

    async def start(self) -> None:
        """Prepare the storage, and count what it has. Raises `StoreUnavailable`."""
        await self._store.start()
        await self.sweeper.count()

    def run(self, tasks: Tasks, is_kept: IsKept) -> None:
        """Start to remove the files that no message has."""
        self.sweeper.follow(tasks, is_kept)

    def close(self) -> None:
        """Stop to remove files."""
        self.sweeper.close()

    async def record(self, file_id: str) -> FileRecord | None:
        """Return the record of a file; None if there is none. Raises `StoreUnavailable`."""
        return await self._records.record(file_id)

    def read(self, file_id: str, start: int, size: int) -> AsyncIterator[bytes]:
        """Yield so many bytes of a file. Raises `StoreUnavailable`."""
        return self._store.read(file_id + CONTENT, start, size)

    def sample(self) -> Mapping[str, float]:
        """Read the gauges."""
        return {
            "files_bytes": self._records.stored_bytes,
            "uploads": self.uploads.running,
            "files_to_remove": self.attachments.waiting,
        }


def make_files(settings: Settings, tuning: Tuning) -> Files | None:
    """Make the files of a node; None if the settings name no storage."""
    folder, address = settings.files_folder(settings.data), settings.files_bucket()
    if folder is not None:
        return Files(FolderStore(folder), settings, tuning)
    if address is None:
        return None
    signer = Signer(key_id=settings.files_key_id, secret=settings.files_secret, region=address.region)
    return Files(ObjectStore(Bucket(address, signer)), settings, tuning)
