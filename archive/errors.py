"""What an archive can raise.

ArchiveError
├── ArchiveUnavailable      it can't be read or written now: try again
│   ├── ArchiveFull         the disk is full: writes are refused, reads work
│   ├── ArchiveReadOnly     it can't be written: a read-only file system, or a missing permission
│   └── ArchiveOverloaded   too many calls wait for it
├── ArchiveConflict         the position holds another entry: nothing of the batch was stored
├── ArchiveDamaged          the data can't be read any more: restore a backup
├── ArchiveInUse            another process has it open
├── ArchiveMisconfigured    it can't be used as it is set up: the operator has to change something
└── ArchiveClosed           it was closed, or not started
"""


class ArchiveError(Exception):
    """The root of all that archives raise. The message is a sentence for the operator."""


class ArchiveUnavailable(ArchiveError):
    """The archive can't be read or written now. What was appended may or may not be stored."""


class ArchiveFull(ArchiveUnavailable):
    """The disk is full."""


class ArchiveReadOnly(ArchiveUnavailable):
    """The archive can be read and not written."""


class ArchiveOverloaded(ArchiveUnavailable):
    """Too many calls wait for the archive; this one was not queued."""


class ArchiveConflict(ArchiveError):
    """The position of an entry is taken by another one."""


class ArchiveDamaged(ArchiveError):
    """The stored data is not what was written."""


class ArchiveInUse(ArchiveError):
    """Another process has the archive open."""


class ArchiveMisconfigured(ArchiveError):
    """The archive can't be used as it is set up. The message says what to change."""


class ArchiveClosed(ArchiveError):
    """The archive was closed, or has not been started."""
