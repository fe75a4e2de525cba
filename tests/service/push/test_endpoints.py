"""A node sends to push services only: clients name the endpoints."""

from __future__ import annotations

import pytest

from service.push.endpoints import is_public, read_endpoint
from service.settings.push import SERVICES


@pytest.mark.parametrize(
    "url",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def?x=1",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QABC",
        "https://db5p.notify.windows.com/w/?token=BQY",
        "https://FCM.googleapis.com:443/wp/abc",
    ],
)
def test_endpoints_of_the_known_services_are_taken(url: str) -> None:
    endpoint = read_endpoint(url, SERVICES)
    assert url.lower().removesuffix(endpoint.target.lower()) in {endpoint.origin, f"{endpoint.origin}:443"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "printable"),
        ("https://fcm.googleapis.com/" + "x" * 1024, "1024"),
        ("https://fcm.googleapis.com/a b", "printable"),
        ("https://fcm.googleapis.com/\r\nX: y", "printable"),
        ("https://fcm.googleapis.com/\u00e9", "printable"),
        ("http://fcm.googleapis.com/a", "only an https"),
        ("file:///etc/passwd", "only an https"),
        ("https:///a", "only an https"),
        ("https://user@fcm.googleapis.com/a", "only an https"),
        ("https://fcm.googleapis.com/a#b", "only an https"),
        ("https://fcm.googleapis.com:x/a", "not a URL"),
        ("https://[::1/a", "not a URL"),
        ("https://fcm.googleapis.com:8443/a", "HUBBUB_PUSH_HOSTS"),
        ("https://127.0.0.1/a", "HUBBUB_PUSH_HOSTS"),
        ("https://fcm.googleapis.com.example.org/a", "HUBBUB_PUSH_HOSTS"),
        ("https://evilfcm.googleapis.com/a", "HUBBUB_PUSH_HOSTS"),
        ("https://evilpush.apple.com/a", "HUBBUB_PUSH_HOSTS"),
        ("https://push.apple.com/a", "HUBBUB_PUSH_HOSTS"),
        ("https://example.org\\@fcm.googleapis.com/a", "only an https"),
    ],
)
def test_other_endpoints_are_refused(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_endpoint(url, SERVICES)


def test_a_host_may_be_allowed_with_a_port() -> None:
    assert (
        read_endpoint("https://push.example:8443/a", ["push.example:8443"]).origin
        == "https://push.example:8443"
    )
    with pytest.raises(ValueError, match="HUBBUB_PUSH_HOSTS"):
        read_endpoint("https://push.example/a", ["push.example:8443"])


def test_addresses_of_private_networks_are_recognised() -> None:
    for private in (
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  compared, not bound
        "224.0.0.1",
    ):
        assert not is_public(private), private
        assert not is_public(f"::ffff:{private}"), private
    for private in ("::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1"):
        assert not is_public(private), private
    for public in ("142.250.1.188", "2a00:1450:4001:80b::200a"):
        assert is_public(public), public
