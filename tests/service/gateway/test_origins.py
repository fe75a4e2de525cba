"""Which pages may connect, and under which hosts."""

from __future__ import annotations

import pytest

from service.gateway.origins import HandshakePolicy
from tests.service.peer import Peer
from tests.service.serving import Served, serving

HERE = HandshakePolicy((), ())


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "here"),
        ("http://here", "here"),
        ("https://HERE", "here"),
        ("http://here:80", "here"),
        ("https://here", "here:443"),
        ("https://here:8443", "HERE:8443"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_programs_and_pages_of_the_same_host_and_port_may_connect(origin: str | None, host: str) -> None:
    assert HERE.fault(origin, host) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://elsewhere", "here"),
        ("http://here.elsewhere", "here"),
        ("https://here:8443", "here:8000"),
        ("http://here:3000", "here"),
        ("chrome-extension://here", "here"),
        ("file://here", "here"),
        ("null", "here"),
        ("", "here"),
        ("http://[", "here"),
        ("http://here:port", "here"),
        ("http://here", "["),
        ("http://here", "here:port"),
    ],
)
def test_any_other_page_is_refused_and_the_reason_names_the_setting(origin: str, host: str) -> None:
    assert "HUBBUB_ORIGINS" in (HERE.fault(origin, host) or "")


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://chat.example.org", True),
        ("https://CHAT.example.org/", True),
        ("http://chat.example.org", False),
        ("https://chat.example.org:8443", False),
        ("https://a.team.example.org", True),
        ("https://team.example.org", False),
        ("https://ateam.example.org", False),
        ("https://a.team.example.org.elsewhere", False),
        ("http://here", False),
    ],
)
def test_listed_origins_are_exact_or_patterns(origin: str, *, is_allowed: bool) -> None:
    policy = HandshakePolicy(("https://chat.example.org", "https://*.team.example.org"), ())
    assert (policy.fault(origin, "here") is None) is is_allowed


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("chat.example.org", True),
        ("chat.example.org:8000", True),
        ("a.example.net", True),
        ("example.net", False),
        ("localhost:8000", True),
        ("localhost:8001", False),
        ("rebound.example.com", False),
        ("[", False),
        ("", False),
    ],
)
def test_a_list_of_hosts_refuses_a_page_whose_domain_points_here(host: str, *, is_allowed: bool) -> None:
    policy = HandshakePolicy((), ("chat.example.org", "*.example.net", "localhost:8000"))
    for origin in (None, f"http://{host}"):
        assert (policy.fault(origin, host) is None) is is_allowed
    assert HandshakePolicy((), ("*",)).fault(None, host) is None


@pytest.mark.parametrize("protocol", ["hubbub.v1", None])
async def test_a_refused_page_is_answered_with_403_and_logged(
    served: Served, protocol: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"Origin": "http://elsewhere"}, protocol=protocol))
    assert (await peer.head()).startswith("HTTP/1.1 403 ")
    [record] = [record for record in caplog.records if record.getMessage() == "handshake_refused"]
    assert "HUBBUB_ORIGINS" in record.__dict__["reason"]
    assert record.__dict__["origin"] == "http://elsewhere"
    assert not served.node.connections


async def test_the_hosts_of_the_settings_apply() -> None:
    async with serving(hosts=("chat.example.org",)) as served:
        for host, status in (("127.0.0.1", 403), ("chat.example.org", 101)):
            peer = await served.peer()
            await peer.write(Peer.handshake(headers={"Host": host}))
            assert (await peer.head()).startswith(f"HTTP/1.1 {status} ")
