"""What a disk may hold after a power cut: a model of one, fed with the system calls of a real process.

What was synced is there. Of what was written since, each sector may be there or not, whatever the order was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

SECTOR: Final = 512
# -y names the file of each descriptor, -xx writes all text as hexadecimal numbers.
TRACE: Final = (
    "strace", "-f", "-y", "-xx", "-s", "1000000",
    "-e", "trace=pwrite64,write,fsync,fdatasync,ftruncate,unlink", "-o",
)  # fmt: skip

_CALL: Final = re.compile(
    r"^\d+ +(?P<name>\w+)\((?:(?P<descriptor>\d+)<(?P<file>[^>]*)>)?"
    r'(?:(?:, )?"(?P<data>[^"]*)")?(?:, (?P<first>\d+))?(?:, (?P<second>\d+))?'
)


@dataclass(frozen=True, slots=True)
class Write:
    """A write that was not synced yet."""

    offset: int
    data: bytes


@dataclass(slots=True)
class File:
    """A file: what is surely on the disk, and what may be."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Write] = field(default_factory=list)

    def sync(self) -> None:
        for write in self.pending:
            _put(self.synced, write.offset, write.data)
        self.pending.clear()

    def after_a_cut(self, chance: Random) -> bytes:
        """Keep some sectors of what was not synced."""
        content = bytearray(self.synced)
        share = chance.choice([0.0, 0.3, 0.9, 1.0])
        for write in self.pending:
            for start in _sectors(write):
                if chance.random() < share:
                    part = write.data[start : start + SECTOR - (write.offset + start) % SECTOR]
                    _put(content, write.offset + start, part)
        return bytes(content)


@dataclass(slots=True)
class Disk:
    """The files of a folder as a process writes them; `confirmed` is what it said on standard output."""

    folder: Path
    files: dict[str, File] = field(default_factory=dict)
    confirmed: int = 0

    def play(self, trace: Path) -> Iterator[None]:
        """Do what the process did, call by call."""
        for line in trace.read_text(encoding="ascii", errors="replace").splitlines():
            if found := _CALL.match(line):
                self._do(found)
                yield

    def write_after_a_cut(self, folder: Path, chance: Random) -> None:
        """Write what the disk may hold now into another folder."""
        for name, file in self.files.items():
            (folder / name).write_bytes(file.after_a_cut(chance))

    def _do(self, call: re.Match[str]) -> None:
        data = _bytes(call["data"] or "")
        if call["descriptor"] == "1":
            self.confirmed = int(data.split()[-1])
            return
        path = Path((data if call["name"] == "unlink" else _bytes(call["file"] or "")).decode())
        if path.parent != self.folder or path.name.endswith("-shm"):
            return
        if call["name"] == "unlink":
            self.files.pop(path.name, None)
            return
        file = self.files.setdefault(path.name, File())
        match call["name"]:
            case "pwrite64":
                file.pending.append(Write(int(call["second"]), data))
            case "ftruncate":
                file.sync()
                del file.synced[int(call["first"]) :]
            case "fsync" | "fdatasync":
                file.sync()


def _sectors(write: Write) -> Iterator[int]:
    """Go through the places in a write where a sector of the disk begins."""
    yield 0
    yield from range(SECTOR - write.offset % SECTOR, len(write.data), SECTOR)


def _put(content: bytearray, offset: int, data: bytes) -> None:
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
