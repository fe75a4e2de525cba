"""How the client connects: over TLS, and through proxies."""

import ssl
import sys
from pathlib import Path

import pytest

from hubbub_client import Client, Options, ProxySetting, TimedOut
from hubbub_client.proxy import find_proxy
from tests.brokers.certificates import Authority
from tests.hubbub_client.joined_room import AT_ONCE
from tests.hubbub_client.server import serving


async def test_it_speaks_tls_and_trusts_the_authorities_of_its_context(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server"))
    trust = ssl.create_default_context(cafile=authority.file)
    options = Options(ssl=trust, within=5)
    async with serving(tls=context) as server, Client(server.url, options=options) as chat:
        await (await server.accept()).greet()
        await chat.online()


async def test_the_default_trusts_the_authorities_of_ssl_cert_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server"))
    async with serving(tls=context) as server:
        async with Client(server.url, options=Options(random=lambda: 0.999, within=0.5)) as chat:
            with pytest.raises(TimedOut, match="certificate verify failed"):
                await chat.online()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        async with Client(server.url, options=AT_ONCE) as chat:
            await (await server.accept()).greet()
            await chat.online()


async def test_a_missing_package_for_socks_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_socks", None)
    monkeypatch.setenv("socks_proxy", "127.0.0.1:1")
    async with Client("ws://127.0.0.1:1", options=Options(random=lambda: 0.999, within=0.2)) as chat:
        with pytest.raises(TimedOut, match=r"through the proxy socks5h://127.0.0.1:1 \(socks_proxy\)"):
            await chat.online()


async def test_a_client_may_ignore_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with serving() as server, Client(server.url, options=Options(within=5, proxy=False)) as chat:
        await (await server.accept()).greet()
        await chat.online()


@pytest.mark.parametrize(
    ("url", "environ", "found"),
    [
        ("ws://a/ws", {}, None),
        ("ws://a/ws", {"http_proxy": "http://p:1"}, ProxySetting("http://p:1", "http_proxy")),
        ("wss://a/ws", {"http_proxy": "http://p:1"}, None),
        ("wss://a/ws", {"https_proxy": "p:1"}, ProxySetting("http://p:1", "https_proxy")),
        (
            "wss://a/ws",
            {"https_proxy": "http://p:1", "socks_proxy": "s:1"},
            ProxySetting("socks5h://s:1", "socks_proxy"),
        ),
        ("wss://a/ws", {"all_proxy": "socks5://s:1"}, ProxySetting("socks5://s:1", "all_proxy")),
        ("ws://a:8000/ws", {"all_proxy": "http://p:1", "no_proxy": "a"}, None),
        (
            "ws://a:8000/ws",
            {"all_proxy": "http://p:1", "no_proxy": "a:9000"},
            ProxySetting("http://p:1", "all_proxy"),
        ),
    ],
)
def test_the_environment_names_the_proxy(
    url: str, environ: dict[str, str], found: ProxySetting | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(url) == found


def test_the_name_of_a_proxy_has_no_password() -> None:
    proxy = ProxySetting("http://ann:secret@p:1/", "http_proxy")
    assert proxy.name == "http://p:1/ (http_proxy)"
    assert "secret" not in repr(proxy)
