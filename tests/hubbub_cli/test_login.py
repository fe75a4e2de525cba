"""`login` keeps a token, in a private file where there is no keyring, and never loses one."""

import json
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from tests.hubbub_cli.program import environment, run
from tests.hubbub_cli.server import Server, serving

KEY = "k" * 32


@pytest.fixture(scope="module")
def strict() -> Iterator[Server]:
    with serving(HUBBUB_AUTH="tokens", HUBBUB_TOKEN_KEY=KEY) as server:
        yield server


def token(name: str = "ann") -> str:
    return jwt.encode({"sub": name, "exp": time.time() + 600}, KEY, algorithm="HS256")


def test_a_token_is_kept_used_and_removed(strict: Server, tmp_path: Path) -> None:
    env = environment(XDG_STATE_HOME=str(tmp_path))
    server = ("-s", strict.url)
    done = run("login", *server, given=token() + "\n", env=env)
    kept = tmp_path / "hubbub" / "tokens.json"
    assert done.stderr == f"-- signed in as ann; the token for {strict.url}/ws is in {kept}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    who = json.loads(run("whoami", "--json", *server, env=env).stdout)
    assert (who["user"], who["token"]) == ("ann", str(kept))
    assert run("send", "lobby", "hello", *server, env=env).returncode == 0
    checks = run("doctor", *server, env=env).stdout
    assert f"warn  token   from {kept}; it expires at" in checks
    assert run("logout", *server, env=env).returncode == 0
    refused = run("send", "lobby", "hello", *server, env=env)
    assert (refused.returncode, refused.stderr) == (
        4,
        "hubbub-chat: not signed in: this server requires a token (try: hubbub-chat login)\n",
    )
    assert run("logout", *server, env=env).stderr == f"-- no token is kept for {strict.url}/ws\n"


def test_a_rejected_token_is_not_kept(strict: Server, tmp_path: Path) -> None:
    env = environment(XDG_STATE_HOME=str(tmp_path))
    done = run("login", "-s", strict.url, given="nonsense", env=env)
    assert done.returncode == 4
    assert not (tmp_path / "hubbub" / "tokens.json").exists()
    assert run("login", "-s", strict.url, given="\n", env=env).returncode == 2


def test_a_token_is_kept_while_the_server_is_away(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    env = environment(XDG_STATE_HOME=str(tmp_path))
    done = run("login", "-s", f"ws://127.0.0.1:{port}", given=token(), env=env)
    assert (done.returncode, "not checked: the server cannot be reached" in done.stderr) == (0, True)
    assert (tmp_path / "hubbub" / "tokens.json").exists()


def test_a_token_file_that_others_can_read_is_refused(strict: Server, tmp_path: Path) -> None:
    env = environment(XDG_STATE_HOME=str(tmp_path))
    run("login", "-s", strict.url, given=token(), env=env)
    kept = tmp_path / "hubbub" / "tokens.json"
    kept.chmod(0o644)
    done = run("send", "lobby", "x", "-s", strict.url, env=env)
    assert (done.returncode, done.stderr) == (2, f"hubbub-chat: others can read {kept}: chmod 600 {kept}\n")


def test_a_guest_is_named_too(server: Server) -> None:
    done = run("whoami", "-s", server.url, "--name", "cem")
    assert (done.stdout, done.stderr) == ("cem\n", f"-- on {server.url}/ws, as a guest\n")
