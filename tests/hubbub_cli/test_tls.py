"""TLS with real certificates: a trusted one works, every other one is explained in a sentence."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.certificates import Authority
from tests.hubbub_cli.other_users import history
from tests.hubbub_cli.program import environment, run
from tests.hubbub_cli.proxies import tls_proxy
from tests.hubbub_cli.server import Server


@pytest.fixture
def secure(server: Server, authority: Authority) -> Iterator[str]:
    with tls_proxy(authority.issue("node"), server.port) as proxy:
        yield f"wss://127.0.0.1:{proxy.port}"


def reported(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence of a command that could not connect."""
    assert done.returncode == 3
    assert done.stdout == ""
    start, _, sentence = done.stderr.partition("/ws: ")
    assert start.startswith("hubbub-chat: cannot connect to wss://")
    assert sentence.count("\n") == 1
    return sentence.removesuffix(" (try: hubbub-chat doctor)\n")


def test_a_certificate_of_the_given_authority_is_trusted(
    server: Server, room: str, secure: str, authority: Authority
) -> None:
    done = run("send", room, "by option", "-s", secure, "--ca-file", str(authority.file))
    assert (done.returncode, done.stderr) == (0, "")
    https = secure.replace("wss:", "https:")
    done = run("send", room, "by variable", "-s", https, env=environment(SSL_CERT_FILE=str(authority.file)))
    assert (done.returncode, done.stderr) == (0, "")
    assert history(server, room) == ["by option", "by variable"]


def test_line_mode_works_over_tls(server: Server, room: str, secure: str, authority: Authority) -> None:
    done = run(room, "-s", secure, "--ca-file", str(authority.file), given="hello\n")
    assert done.returncode == 0
    assert history(server, room) == ["hello"]


def test_an_unknown_authority_is_reported(secure: str) -> None:
    found = reported(run("send", "lobby", "hello", "-s", secure))
    assert found == "the certificate of the server is not signed by a trusted authority"


def test_a_self_signed_certificate_is_reported(server: Server, tmp_path: Path) -> None:
    with tls_proxy(Authority(tmp_path, "alone").own, server.port) as proxy:
        found = reported(run("send", "lobby", "hello", "-s", f"wss://127.0.0.1:{proxy.port}"))
    assert found == "the certificate of the server is not signed by a trusted authority"


@pytest.mark.parametrize(
    ("host", "ended", "sentence"),
    [("127.0.0.2", False, "is not valid for 127.0.0.1"), ("127.0.0.1", True, "has expired")],
)
def test_another_host_and_an_expired_certificate_are_reported(
    server: Server, authority: Authority, host: str, sentence: str, *, ended: bool
) -> None:
    with tls_proxy(authority.issue("node", host=host, ended=ended), server.port) as proxy:
        url = f"wss://127.0.0.1:{proxy.port}"
        found = reported(run("send", "lobby", "hello", "-s", url, "--ca-file", str(authority.file)))
    assert found == f"the certificate of the server {sentence}"


def test_a_plain_port_is_reported_at_once(server: Server) -> None:
    url = server.url.replace("ws:", "wss:")
    found = reported(run("send", "lobby", "hello", "-s", url, "--connect-timeout", "60s"))
    assert found == "the server does not speak TLS on this port"


def test_a_tls_port_without_tls_is_reported(secure: str) -> None:
    done = run("send", "lobby", "hello", "-s", secure.replace("wss:", "ws:"))
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "the reply is not HTTP" in done.stderr


def test_a_ca_file_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, why in (("missing", "No such file or directory"), ("empty", "no certificate in PEM format")):
        done = run("send", "lobby", "x", "-s", "wss://127.0.0.1:1", "--ca-file", str(tmp_path / name))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert why in done.stderr


def test_doctor_checks_the_certificate(secure: str, authority: Authority) -> None:
    done = run("doctor", "-s", secure, "--ca-file", str(authority.file))
    assert done.returncode == 0
    assert "the certificate is trusted" in done.stdout
    done = run("doctor", "-s", secure)
    assert done.returncode == 3
    assert "--ca-file" in done.stdout
