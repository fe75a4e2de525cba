"""The page: one file in several encodings, and its security headers."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from sanic import Sanic
from sanic_testing import testing

from service.http import page
from tests.service.peer import Peer
from tests.service.serving import serving

SCRIPT = "console.log('hi')\nmore()"
INDEX = f'<title>hubbub</title><style>p {{}}</style><script type="module">{SCRIPT}</script>'


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(INDEX, encoding="utf-8")
    (tmp_path / "emoji.json").write_text('{"a": []}', encoding="utf-8")
    for name in ("sw.js", "manifest.webmanifest", "icon-192.png"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "Search-a1.js").write_text("more()", encoding="utf-8")
    (tmp_path / "index.html.br").write_bytes(b"as brotli")
    (tmp_path / "index.html.gz").write_bytes(gzip.compress(INDEX.encode()))
    return tmp_path


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[testing.SanicASGITestClient]:
    app = Sanic("page-of-a-test", configure_logging=False)
    page.add_routes(app, folder)
    yield testing.SanicASGITestClient(app)
    Sanic.unregister_app(app)


async def get(
    client: testing.SanicASGITestClient, path: str = "/", **headers: str
) -> testing.TestingResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    _, response = await client.get(path, headers=names)
    assert response is not None
    return response


async def test_only_the_named_origins_may_frame_the_page_and_nothing_else_of_it(folder: Path) -> None:
    app = Sanic("embedded-page-of-a-test", configure_logging=False)
    page.add_routes(app, folder, embed_origins=("https://www.example.org", "https://*.example.net"))
    client = testing.SanicASGITestClient(app)
    for path in ("/", "/r/lobby", "/r/lobby/3"):
        policy = (await get(client, path)).headers["content-security-policy"]
        assert policy.endswith("; frame-ancestors https://www.example.org https://*.example.net")
    policy = (await get(client, "/emoji.json")).headers["content-security-policy"]
    assert policy.endswith("; frame-ancestors 'none'")
    Sanic.unregister_app(app)


async def test_the_page_is_served_with_security_headers(client: testing.SanicASGITestClient) -> None:
    index = await get(client, accept_encoding="identity")
    assert index.text == INDEX
    policy = index.headers["content-security-policy"]
    assert f"default-src 'self' {digest('p {}')} {digest(SCRIPT)};" in policy
    assert "unsafe" not in policy
    assert index.headers.get_list("cache-control") == ["no-cache"]
    for path in ("/assets/x-1.js", "/..%2Findex.html", "/index.html.br", "/%00"):
        missing = await get(client, path)
        assert missing.status == 404, path
        assert "cache-control" not in missing.headers
        assert "default-src 'self';" in missing.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/r/lobby", "/r/a%20den", "/r/a%2Fb", "/r/%E6%97%A5%E6%9C%AC", "/r/lobby/41"]
)
async def test_links_to_rooms_and_messages_serve_the_page(
    client: testing.SanicASGITestClient, path: str
) -> None:
    assert (await get(client, path, accept_encoding="identity")).text == INDEX


async def test_the_list_of_emoji_is_served(client: testing.SanicASGITestClient) -> None:
    response = await get(client, "/emoji.json", accept_encoding="br")
    assert (response.text, response.headers["content-type"]) == ('{"a": []}', "application/json")
    assert response.headers.get_list("cache-control") == ["no-cache"]


async def test_a_part_of_the_script_is_kept_by_browsers(client: testing.SanicASGITestClient) -> None:
    response = await get(client, "/parts/Search-a1.js")
    assert (response.text, response.headers["content-type"]) == ("more()", "text/javascript; charset=utf-8")
    assert response.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
    assert (await get(client, "/parts/Search-b2.js")).status == 404


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon-192.png", "image/png"),
    ],
)
async def test_what_an_installed_page_needs_is_served_and_checked_each_time(
    client: testing.SanicASGITestClient, path: str, content_type: str
) -> None:
    response = await get(client, path)
    assert (response.text, response.headers["content-type"]) == (path[1:], content_type)
    assert response.headers.get_list("cache-control") == ["no-cache"]


async def test_other_paths_below_r_are_missing(client: testing.SanicASGITestClient) -> None:
    for path in ("/r/", "/r/lobby/x", "/r/lobby/41/y"):
        assert (await get(client, path)).status == 404, path


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0.000, *", "gzip"),
        ("brotli", None),
        ("", None),
    ],
)
async def test_the_encoding_is_negotiated(
    client: testing.SanicASGITestClient, accepted: str, coding: str | None
) -> None:
    # As a header only: the client would try to decode brotli.
    _, response = await client.head("/", headers={"Accept-Encoding": accepted})
    assert response is not None
    assert response.headers.get("content-encoding") == coding
    assert response.headers["vary"] == "Accept-Encoding"


async def test_a_known_page_is_not_sent_again(client: testing.SanicASGITestClient) -> None:
    first = await get(client, accept_encoding="gzip")
    assert first.text == INDEX
    etag = first.headers["etag"]
    known = await get(client, accept_encoding="gzip", if_none_match=f'W/"x", {etag}')
    assert (known.status, known.content) == (304, b"")
    assert known.headers["etag"] == etag
    assert (await get(client, accept_encoding="identity", if_none_match=etag)).status == 200


async def head_and_body(peer: Peer, method: str) -> tuple[dict[str, str], bytes]:
    request = f"{method} / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    await peer.write(request.encode())
    _, *lines = (await peer.head()).strip().split("\r\n")
    return {
        line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines
    }, await peer.rest()


async def test_head_has_the_length_of_the_encoded_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page.add_routes, "__defaults__", (folder,))
    async with serving() as served:
        head, nothing = await head_and_body(await served.peer(), "HEAD")
        headers, body = await head_and_body(await served.peer(), "GET")
    assert nothing == b""
    assert gzip.decompress(body) == INDEX.encode()
    assert head["content-length"] == headers["content-length"] == str(len(body))
    assert head["content-encoding"] == headers["content-encoding"] == "gzip"
