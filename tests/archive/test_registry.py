"""Archives are found by the scheme of their URL, and errors explain what is wrong with one."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from archive import registry
from archive.base import ArchiveOptions
from archive.errors import ArchiveMisconfigured
from archive.postgres import PostgresArchive
from archive.registry import GROUP, find_archive, installed, make_archive
from archive.sqlite import SqliteArchive


class TheirArchive(SqliteArchive):
    """A third-party archive."""


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Replace the installed entry points: schemes to `module:attribute`, filled by the test."""
    theirs: dict[str, str] = {}

    def find(*, group: str) -> EntryPoints:
        found = EntryPoints(EntryPoint(name, value, group) for name, value in theirs.items())
        return found.select(group=group)

    monkeypatch.setattr(registry, "entry_points", find)
    return theirs


def test_a_built_in_archive_is_made_by_its_scheme_with_its_options() -> None:
    options = ArchiveOptions(url="sqlite:///a.sqlite")
    archive = make_archive(options)
    assert type(archive) is SqliteArchive
    assert archive.options is options
    assert not archive.shared


def test_postgres_is_found_by_both_of_its_schemes_and_is_shared() -> None:
    for scheme in ("postgresql", "postgres"):
        assert find_archive(f"{scheme}://host/name") is PostgresArchive
    assert PostgresArchive.shared


def test_an_archive_of_others_is_found_by_its_entry_point(install: dict[str, str]) -> None:
    install["theirs"] = f"{__name__}:TheirArchive"
    assert find_archive("theirs://host/name").__name__ == "TheirArchive"
    assert list(installed()) == ["postgres", "postgresql", "sqlite", "theirs"]
    assert installed()["theirs"].group == GROUP


def test_a_built_in_archive_can_not_be_replaced(install: dict[str, str]) -> None:
    install["sqlite"] = f"{__name__}:TheirArchive"
    assert find_archive("sqlite:///a") is SqliteArchive


def test_an_unknown_scheme_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ArchiveMisconfigured, match=r"No archive for 'sqlit' .*mean 'sqlite'\? Installed"):
        find_archive("sqlit:///a")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("no.such.module:X", "can't be loaded: ModuleNotFoundError"),
        ("os:sep", "is not a subclass of archive.base"),
    ],
)
def test_what_can_not_be_used_is_an_error_that_says_why(
    install: dict[str, str], value: str, sentence: str
) -> None:
    install["theirs"] = value
    with pytest.raises(ArchiveMisconfigured, match=sentence):
        find_archive("theirs:///a")
