"""The address of a client, by which its limits are counted."""

from __future__ import annotations

import logging
from ipaddress import ip_network

import pytest

from service.identity.addresses import Addresses, Forwarded

ADDRESSES = Addresses([ip_network("10.0.0.0/8"), ip_network("::1/128")])


@pytest.mark.parametrize(
    ("peer", "limited"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_without_a_proxy_it_is_that_of_the_socket(peer: str, limited: str) -> None:
    assert ADDRESSES.find(peer) == limited
    assert ADDRESSES.find(peer, Forwarded("198.51.100.1")) == limited, "anybody may send the header"


@pytest.mark.parametrize(
    ("header", "limited"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("203.0.113.9, 198.51.100.1, 10.7.7.7", "198.51.100.1"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("10.7.7.7", "10.7.7.7"),
        ("198.51.100.1, nonsense", "10.0.0.1"),
        ("198.51.100.1, nonsense, 10.7.7.7", "10.7.7.7"),
        (" , ", "10.0.0.1"),
    ],
)
def test_behind_a_trusted_proxy_it_is_the_last_one_that_is_no_proxy(header: str, limited: str) -> None:
    assert ADDRESSES.find("10.0.0.1", Forwarded(header)) == limited


@pytest.mark.parametrize(
    ("header", "limited"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ('For="[2001:db8:1:2::9]:4711";proto=https', "2001:db8:1:2::/64"),
        ("for=203.0.113.9, proto=https;for=198.51.100.1;by=10.0.0.1", "198.51.100.1"),
        ("for=_hidden", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_as_well(header: str, limited: str) -> None:
    assert ADDRESSES.find("10.0.0.1", Forwarded(forwarded=header)) == limited


def test_with_both_headers_the_one_that_proxies_append_to_counts() -> None:
    assert ADDRESSES.find("::1", Forwarded("198.51.100.1", "for=203.0.113.9")) == "198.51.100.1"


def test_a_header_of_a_proxy_that_is_not_trusted_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    addresses = Addresses([])
    for _ in range(3):
        addresses.find("10.0.0.1", Forwarded("198.51.100.1"))
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "forwarded_address_ignored")
    assert "HUBBUB_TRUSTED_PROXIES" in record.__dict__["advice"]
