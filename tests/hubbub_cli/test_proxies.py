"""The proxy of the environment is used, and each of its faults names it and its variable."""

import socket

import pytest

from tests.brokers.certificates import Authority
from tests.hubbub_cli.other_users import history
from tests.hubbub_cli.program import environment, run
from tests.hubbub_cli.proxies import http_proxy, socks_proxy, tls_proxy
from tests.hubbub_cli.server import Server


@pytest.mark.parametrize("variable", ["http_proxy", "HTTPS_PROXY", "all_proxy"])
def test_an_http_proxy_is_used(server: Server, room: str, variable: str) -> None:
    with http_proxy() as proxy:
        env = environment(**{variable: f"http://127.0.0.1:{proxy.port}"})
        assert run("send", room, "hello", "-s", server.url, env=env).returncode == 0
        assert run("doctor", "-s", server.url, env=env).returncode == 0
        assert proxy.connections == 2
    assert history(server, room) == ["hello"]


@pytest.mark.parametrize("scheme", ["", "socks5://", "socks5h://"])
def test_a_socks_proxy_is_used(server: Server, room: str, scheme: str) -> None:
    with socks_proxy() as proxy:
        env = environment(socks_proxy=f"{scheme}127.0.0.1:{proxy.port}")
        assert run("send", room, "hello", "-s", server.url, env=env).returncode == 0
        assert proxy.connections == 1
    assert history(server, room) == ["hello"]


def test_tls_goes_through_a_proxy(server: Server, room: str, authority: Authority) -> None:
    with tls_proxy(authority.issue("node"), server.port) as secure, http_proxy() as proxy:
        env = environment(https_proxy=f"127.0.0.1:{proxy.port}", SSL_CERT_FILE=str(authority.file))
        assert run("send", room, "hello", "-s", f"wss://127.0.0.1:{secure.port}", env=env).returncode == 0
        assert proxy.connections == 1


def test_no_proxy_connects_directly(server: Server, room: str) -> None:
    env = environment(http_proxy="http://127.0.0.1:1", no_proxy="example.org,127.0.0.1")
    assert run("send", room, "hello", "-s", server.url, env=env).returncode == 0


@pytest.mark.parametrize(
    ("variable", "proxy", "named"),
    [
        ("http_proxy", "http://ann:secret@127.0.0.1:1", "http://127.0.0.1:1 (http_proxy)"),
        ("socks_proxy", "socks5://ann:secret@127.0.0.1:1", "socks5://127.0.0.1:1 (socks_proxy)"),
        ("all_proxy", "ftp://127.0.0.1:1", "ftp://127.0.0.1:1 (all_proxy)"),
        ("http_proxy", "http://127.0.0.1:abc", "http://127.0.0.1:abc (http_proxy)"),
    ],
)
@pytest.mark.parametrize("command", [("send", "lobby", "hello"), ("doctor",)])
def test_a_proxy_that_fails_is_named_with_its_variable(
    command: tuple[str, ...], variable: str, proxy: str, named: str
) -> None:
    done = run(*command, "-s", "ws://127.0.0.1:2", env=environment(**{variable: proxy}))
    assert done.returncode == 3
    assert f"through the proxy {named}" in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_proxy_that_rejects_or_does_not_answer_is_named(server: Server) -> None:
    with http_proxy("403 Forbidden") as proxy:
        env = environment(http_proxy=f"http://127.0.0.1:{proxy.port}")
        done = run("send", "lobby", "hello", "-s", server.url, env=env)
    assert "HTTP 403 from the proxy, through the proxy" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = environment(http_proxy=f"http://127.0.0.1:{silent.getsockname()[1]}")
        done = run("send", "lobby", "hello", "-s", server.url, "--connect-timeout", "300ms", env=env)
    assert done.returncode == 3
    assert "(http_proxy)" in done.stderr
