"""The page, and its security headers."""

from __future__ import annotations

from pathlib import Path

from sanic import Sanic
from sanic_testing import testing

from service.http import page


async def test_the_page_is_served_with_security_headers(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>hubbub</title>", encoding="utf-8")
    (tmp_path / "assets" / "x-1.js").write_text("1", encoding="utf-8")
    app = Sanic("page-of-a-test", configure_logging=False)
    page.add_routes(app, tmp_path)
    client = testing.SanicASGITestClient(app)
    _, index = await client.get("/")
    _, script = await client.get("/assets/x-1.js")
    _, unchanged = await client.get(
        "/assets/x-1.js", headers={"If-Modified-Since": "Fri, 31 Dec 9999 00:00:00 GMT"}
    )
    assert index is not None
    assert script is not None
    assert unchanged is not None
    assert "default-src 'self'" in index.headers["content-security-policy"]
    assert index.headers.get_list("cache-control") == ["no-cache"]
    assert "immutable" in script.headers["cache-control"]
    assert unchanged.status == 304
    assert "immutable" in unchanged.headers["cache-control"]
    for name in ("..%2Findex.html", "", "gone-1.js", "%00", "x" * 1000):
        _, missing = await client.get(f"/assets/{name}")
        assert missing is not None
        assert missing.status == 404, name
        assert "cache-control" not in missing.headers, "the file may appear later"
    Sanic.unregister_app(app)
