"""The limit of file descriptors."""

from __future__ import annotations

import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.runtime.descriptors import (
    SocketLimits,
    needed,
    raise_soft_limit,
    socket_limits,
    soft_limit,
    warn_if_low,
)
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning

SETTINGS = Settings(connections=10_000)


class Limits:
    """The limits of a simulated process, of which the kernel allows `most`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, most: int = 2**30) -> None:
        self.now = (soft, hard)
        self._most = most
        monkeypatch.setattr(resource, "getrlimit", lambda _: self.now)
        monkeypatch.setattr(resource, "setrlimit", self._set)

    def _set(self, _: int, limits: tuple[int, int]) -> None:
        if limits[0] > self._most:
            raise ValueError("not allowed to raise maximum limit")
        self.now = limits


def test_the_settings_hold_where_descriptors_suffice() -> None:
    wanted = SocketLimits(10_000, 11_000)
    assert socket_limits(SETTINGS, DEFAULTS, None) == wanted
    assert socket_limits(SETTINGS, DEFAULTS, needed(SETTINGS, DEFAULTS)) == wanted


@pytest.mark.parametrize(
    ("descriptors", "limits"),
    [
        (11_127, SocketLimits(9_999, 10_999)),
        (1024, SocketLimits(672, 896)),
        (100, SocketLimits(51, 67)),
    ],
)
def test_below_what_is_needed_some_are_kept_for_health_and_the_broker(
    descriptors: int, limits: SocketLimits
) -> None:
    assert socket_limits(SETTINGS, DEFAULTS, descriptors) == limits


@given(st.integers(1, 10**7), st.integers(1, 2000), st.integers(8, 10**7))
def test_a_node_never_takes_more_than_the_limit_nor_more_than_the_settings(
    connections: int, spare: int, descriptors: int
) -> None:
    limits = socket_limits(Settings(connections=connections), Tuning(spare_sockets=spare), descriptors)
    assert 1 <= limits.connections <= connections
    assert limits.connections < limits.sockets < descriptors
    assert limits.sockets <= connections + spare


@pytest.mark.parametrize(
    ("soft", "hard", "most", "raised"),
    [
        (1024, 524_288, 2**30, 524_288),
        (256, resource.RLIM_INFINITY, 2**30, needed(SETTINGS, DEFAULTS)),
        (50_000, resource.RLIM_INFINITY, 2**30, 50_000),
        (256, resource.RLIM_INFINITY, 10_240, 256),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 2**30, None),
    ],
)
def test_the_soft_limit_is_raised_to_the_hard_one(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, most: int, raised: int | None
) -> None:
    limits = Limits(monkeypatch, soft, hard, most)
    raise_soft_limit(SETTINGS)
    assert soft_limit() == raised
    assert limits.now[1] == hard


def test_a_limit_below_what_the_settings_need_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Limits(monkeypatch, 1024, 524_288)
    raise_soft_limit(SETTINGS)
    warn_if_low(SETTINGS)
    assert not caplog.records
    Limits(monkeypatch, 100, 100)
    raise_soft_limit(SETTINGS)
    warn_if_low(SETTINGS)
    [record] = caplog.records
    assert record.getMessage() == "descriptor_limit_low"
    fields = vars(record)
    assert (fields["limit"], fields["needed"], fields["connections"]) == (100, 11_128, 51)
    assert "HUBBUB_CONNECTIONS=51" in fields["advice"]
