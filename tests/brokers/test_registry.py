"""Brokers are found by name, and errors explain what is wrong with one."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from brokers import registry
from brokers.base import BrokerOptions
from brokers.errors import Misconfigured, UnknownBroker
from brokers.memory import MemoryBroker
from brokers.registry import GROUP, find_broker, installed, make_broker

OURS = ["memory", "nats", "redis"]


class TheirBroker(MemoryBroker):
    """A third-party broker."""


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Replace the installed entry points: names to `module:attribute`, filled by the test."""
    theirs: dict[str, str] = {}

    def find(*, group: str) -> EntryPoints:
        return EntryPoints(EntryPoint(name, value, group) for name, value in theirs.items()).select(
            group=group
        )

    monkeypatch.setattr(registry, "entry_points", find)
    return theirs


def test_a_built_in_broker_is_made_by_its_name_with_its_options() -> None:
    options = BrokerOptions(key_window=1.0)
    broker = make_broker("memory", options)
    assert type(broker) is MemoryBroker
    assert broker.options is options


def test_a_broker_of_others_is_found_by_its_entry_point(install: dict[str, str]) -> None:
    install["theirs"] = f"{__name__}:TheirBroker"
    assert type(make_broker("theirs", BrokerOptions())).__name__ == "TheirBroker"
    assert list(installed()) == [*OURS, "theirs"]
    assert installed()["theirs"].group == GROUP


@pytest.mark.parametrize("name", OURS)
def test_each_built_in_broker_can_be_loaded(name: str) -> None:
    assert make_broker(name, BrokerOptions()).options == BrokerOptions()


@pytest.mark.parametrize("name", OURS)
def test_only_a_backbone_outside_the_process_is_shared_by_several(name: str) -> None:
    assert find_broker(name).shared == (name != "memory")


def test_a_built_in_name_cannot_be_taken_over(install: dict[str, str]) -> None:
    install["memory"] = f"{__name__}:TheirBroker"
    assert type(make_broker("memory", BrokerOptions())) is MemoryBroker


@pytest.mark.parametrize("name", ["memroy", "Memory", "mem"])
def test_an_unknown_name_is_answered_with_the_nearest_and_all_installed(
    install: dict[str, str], name: str
) -> None:
    install["zebra"] = f"{__name__}:TheirBroker"
    with pytest.raises(UnknownBroker) as raised:
        make_broker(name, BrokerOptions())
    assert str(raised.value) == (
        f"no broker named {name!r} is installed. Did you mean 'memory'? Installed: {', '.join(OURS)}, zebra."
    )


def test_nothing_is_suggested_where_nothing_is_near(install: dict[str, str]) -> None:
    install.clear()
    with pytest.raises(UnknownBroker) as raised:
        make_broker("kafka", BrokerOptions())
    assert str(raised.value) == f"no broker named 'kafka' is installed. Installed: {', '.join(OURS)}."


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("no_such_module:Broker", "can't be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ("brokers.memory:Nothing", "can't be loaded: AttributeError"),
        ("not a reference", "can't be loaded"),
        ("brokers.memory:Hub", "is not a subclass of brokers.base.Broker"),
        ("brokers.registry:GROUP", "is not a subclass of brokers.base.Broker"),
    ],
)
def test_a_broken_entry_point_is_named_with_what_is_wrong(
    install: dict[str, str], value: str, sentence: str
) -> None:
    install["broken"] = value
    with pytest.raises(Misconfigured) as raised:
        make_broker("broken", BrokerOptions())
    assert str(raised.value).startswith(f"the broker 'broken' ({value}) {sentence}")
    assert isinstance(make_broker("memory", BrokerOptions()), MemoryBroker), "it affects no other broker"


def test_no_broker_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, brokers.registry as r; r.installed(); sys.exit('brokers.memory' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
