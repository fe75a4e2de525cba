"""From the scheme of a URL to an archive: by a table, or by the entry-point group `hubbub.archives`."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from archive.base import Archive, ArchiveOptions
from archive.errors import ArchiveMisconfigured

GROUP: Final = "hubbub.archives"

_POSTGRES: Final = "archive.postgres:PostgresArchive"
_BUILT_IN: Final = {"postgres": _POSTGRES, "postgresql": _POSTGRES, "sqlite": "archive.sqlite:SqliteArchive"}


def installed() -> dict[str, EntryPoint]:
    """Find all archives by the scheme of their URLs, without importing any; built-in ones take precedence."""
    others = {entry.name: entry for entry in entry_points(group=GROUP)}
    built_in = {name: EntryPoint(name, value, GROUP) for name, value in _BUILT_IN.items()}
    return dict(sorted({**others, **built_in}.items()))


def make_archive(options: ArchiveOptions) -> Archive:
    """Make the archive that `options.url` names; it still has to be started. Raises as `find_archive`."""
    return find_archive(options.url)(options)


def find_archive(url: str) -> type[Archive]:
    """Find the class for a URL by its scheme, and import it.

    Raises:
        ArchiveMisconfigured: no archive has that scheme, or it can't be loaded.
    """
    scheme = url.partition(":")[0]
    archives = installed()
    if scheme not in archives:
        near = get_close_matches(scheme.lower(), archives, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ArchiveMisconfigured(
            f"No archive for {scheme!r} is installed.{hint} Installed: {', '.join(archives)}."
        )
    return _load(archives[scheme])


def _load(entry: EntryPoint) -> type[Archive]:
    which = f" of {entry.dist.name}" if entry.dist else ""
    archive = f"The archive {entry.name!r} ({entry.value}{which})"
    try:
        found: object = entry.load()
    except Exception as error:
        # Importing another package can fail in any way; the cause stays attached.
        raise ArchiveMisconfigured(f"{archive} can't be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Archive)):
        raise ArchiveMisconfigured(f"{archive} is not a subclass of archive.base.Archive.")
    return found
