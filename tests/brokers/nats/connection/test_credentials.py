"""Every kind of credentials is accepted; when the server denies access, the error says what to change."""

from __future__ import annotations

import logging
from pathlib import Path

import nkeys
import pytest

from brokers.base import BrokerOptions, Retention
from brokers.errors import Misconfigured, Unavailable
from brokers.nats import NatsBroker
from brokers.nats.connection.client import read_headers
from brokers.nats.connection.credentials import read_credentials
from brokers.nats.connection.url import parse_url
from brokers.testing.recorder import Recorder
from tests.brokers.nats.identities import Authority, Identity, operated
from tests.brokers.nats.nodes import node, options
from tests.contract.nats_server import NatsServer
from tests.contract.server import running


async def _gets_in(options: BrokerOptions) -> None:
    async with node(options) as here:
        await here.broker.probe()


async def _refused(options: BrokerOptions, how: type[Exception] = Misconfigured) -> str:
    broker = NatsBroker(options)
    with pytest.raises(how) as raised:
        await broker.start(Recorder())
    await broker.close()
    return str(raised.value)


def _with(server: NatsServer, **parameters: object) -> BrokerOptions:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return options(server, url=f"{server.url}?{query}")


def _as(server: NatsServer, user: str) -> BrokerOptions:
    return options(server, url=server.url.replace("://", f"://{user}@"))


async def test_a_token_is_accepted_and_a_wrong_one_is_rejected() -> None:
    with running(NatsServer(config='authorization { token: "s3cret" }')) as server:
        await _gets_in(_as(server, "s3cret"))
        said = await _refused(_as(server, "wr0ng"))
        assert "check the user, password or token" in said
        assert "wr0ng" not in said
        assert "check the user" in await _refused(options(server))


async def test_a_password_may_contain_any_character() -> None:
    with running(NatsServer(config="authorization { user: ann, password: 'a@b:c,%/' }")) as server:
        await _gets_in(_as(server, "ann:a%40b%3Ac%2C%25%2F"))


async def test_user_password_and_token_may_stand_apart_from_the_url(caplog: pytest.LogCaptureFixture) -> None:
    hard = "s3/c?r#e@t:[,%2F $é"
    caplog.set_level(logging.DEBUG)
    with running(NatsServer("--user", f"ann {hard}", "--pass", hard)) as server:
        await _gets_in(options(server, user=f"ann {hard}", password=hard))
        said = await _refused(options(server, user="ann", password=hard))
    with running(NatsServer("--auth", hard)) as server:
        await _gets_in(options(server, token=hard))
        said += await _refused(options(server, token=f"{hard}wrong"))
    assert "NATS_PASSWORD" in said
    assert "s3/c" not in said + caplog.text


async def test_an_nkey_is_accepted_and_another_is_rejected(tmp_path: Path) -> None:
    ours, other = Identity(nkeys.PREFIX_BYTE_USER), Identity(nkeys.PREFIX_BYTE_USER)
    for name, identity in (("ours", ours), ("other", other)):
        (tmp_path / name).write_text(f"{identity.seed}\n")
    with running(NatsServer(config=f"authorization {{ users: [{{ nkey: {ours.public} }}] }}")) as server:
        await _gets_in(_with(server, nkey=tmp_path / "ours"))
        said = await _refused(_with(server, nkey=tmp_path / "other"))
        assert "nkey=" in said
        assert other.seed not in said


async def test_credentials_of_an_operators_account_are_accepted(tmp_path: Path) -> None:
    config, creds = operated()
    _, other = operated()
    (tmp_path / "ours").write_text(creds)
    (tmp_path / "other").write_text(other)
    with running(NatsServer(config=config)) as server:
        await _gets_in(_with(server, creds=tmp_path / "ours"))
        assert "creds=" in await _refused(_with(server, creds=tmp_path / "other"))


@pytest.mark.parametrize("name", ["creds", "nkey", "ca", "cert"])
@pytest.mark.parametrize("content", [None, "", "something else", "\0\x01"])
def test_a_file_that_is_not_what_it_should_be_is_named(
    tmp_path: Path, name: str, content: str | None
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misconfigured, match=f"{name}={path}"):
        read_credentials(parse_url(f"tls://one?{name}={path}"))


async def test_tls_requires_the_authority_that_signed_the_server(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    cert, key = authority.issue("server")
    config = f'tls {{ cert_file: "{cert}", key_file: "{key}" }}'
    with running(NatsServer(config=config)) as server:
        await _gets_in(_with(server, ca=authority.path))
        for wrong in (_with(server, ca=other.path), options(server)):
            assert "ca=" in await _refused(wrong)


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("server", "127.0.0.2")
    with running(NatsServer(config=f'tls {{ cert_file: "{cert}", key_file: "{key}" }}')) as server:
        assert "names the host of NATS_URL" in await _refused(_with(server, ca=authority.path))


async def test_a_client_certificate_is_accepted_and_a_missing_one_is_explained(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("server")
    mine, my_key = authority.issue("client")
    config = f'tls {{ cert_file: "{cert}", key_file: "{key}", ca_file: "{authority.path}", verify: true }}'
    with running(NatsServer(config=config)) as server:
        await _gets_in(_with(server, ca=authority.path, cert=mine, key=my_key))
        said = await _refused(_with(server, ca=authority.path))
        assert "cert=" in said


async def test_with_tls_nothing_is_sent_to_a_server_without_it(tmp_path: Path) -> None:
    with running(NatsServer(config="authorization { user: ann, password: secret }")) as server:
        said = await _refused(options(server, url=f"tls://ann:secret@127.0.0.1:{server.port}"))
        assert "check that the server offers TLS" in said
        said = await _refused(_with(server, ca=Authority(tmp_path).path))
        assert "check that the server offers TLS" in said


RIGHTS = 'publish: ["{prefix}.>", "_INBOX.>", "$JS.API.>"], subscribe: ["{prefix}.>", "_INBOX.>"]'


async def test_the_rights_that_are_named_are_enough() -> None:
    prefix = options(NatsServer()).prefix
    rights = RIGHTS.format(prefix=prefix)
    config = f"authorization {{ users: [{{ user: ann, password: pw, permissions: {{ {rights} }} }}] }}"
    with running(NatsServer(config=config)) as server:
        async with node(options(server, url=_as(server, "ann:pw").url, prefix=prefix)) as here:
            await here.broker.subscribe("room")
            await here.send("room", b"text")
            await here.received.count(1)
            assert (await here.broker.history("room", limit=1)).entries
            await here.broker.probe()


@pytest.mark.parametrize(
    "lacking", ["publish: {deny: '*.in.>'}", "subscribe: {deny: '*.out.>'}", "publish: {deny: '$JS.>'}"]
)
async def test_a_right_that_is_lacking_is_named_and_nothing_hangs(lacking: str) -> None:
    config = f"authorization {{ users: [{{ user: ann, password: pw, permissions: {{ {lacking} }} }}] }}"
    with running(NatsServer(config=config)) as server:
        broker = NatsBroker(_as(server, "ann:pw"))

        async def begin() -> None:
            await broker.start(Recorder())
            await broker.probe()

        with pytest.raises((Misconfigured, Unavailable), match="grant the user"):
            await begin()
        await broker.close()


ACCOUNTS = """
accounts {{
  none {{ users: [{{ user: none, password: pw }}] }}
  small {{ jetstream {{ {limits} }}, users: [{{ user: small, password: pw }}] }}
}}
"""


async def test_an_account_without_jetstream_is_explained() -> None:
    with running(NatsServer(config=ACCOUNTS.format(limits="max_streams: 2"))) as server:
        assert "enable JetStream for the account" in await _refused(_as(server, "none:pw"))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("max_streams: 1", "The account needs two streams"),
        ("max_file: 100MB", "HUBBUB_HISTORY_TOTAL_BYTES"),
        ("store_max_stream_bytes: 50MB", "HUBBUB_HISTORY_TOTAL_BYTES"),
    ],
)
async def test_an_account_with_too_low_limits_is_explained(limits: str, said: str) -> None:
    with running(NatsServer(config=ACCOUNTS.format(limits=limits))) as server:
        assert said in await _refused(_as(server, "small:pw"))


@pytest.mark.parametrize("limits", ["max_file: 100MB", "max_bytes_required: true", "max_streams: 2"])
async def test_limits_that_fit_the_account_are_accepted(limits: str) -> None:
    with running(NatsServer(config=ACCOUNTS.format(limits=limits))) as server:
        small = options(server, url=_as(server, "small:pw").url, retention=Retention(total=50_000_000))
        await _gets_in(small)


def test_headers_and_the_status_of_an_answer_are_read() -> None:
    assert read_headers(b"NATS/1.0\r\nOne: a\r\nTwo:b:c \r\n\r\n") == {"One": "a", "Two": "b:c"}
    assert read_headers(b"NATS/1.0 404 No Messages\r\n\r\n") == {"Status": "404"}
    assert read_headers(b"NATS/1.0 204 EOB\r\nNats-Num-Pending: 0\r\n\r\n") == {
        "Status": "204",
        "Nats-Num-Pending": "0",
    }
    assert read_headers(b"NATS/1.0 503\r\n\r\n") == {"Status": "503"}
