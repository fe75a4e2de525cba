"""A command imports what it needs, and no more: starting is most of what a short command does."""

import inspect
import json
import subprocess
import sys

import pytest

from hubbub_cli.late_imports import LATE
from tests.hubbub_cli.program import LIMIT, environment
from tests.hubbub_cli.server import ROOT, Server

SCRIPT = """
import json, sys
from hubbub_cli.start import main
code = main()
loaded = {name: module for name, module in sys.modules.items() if getattr(module, "__spec__", None)}
slow = [
    f"{name}.{each}"
    for name, module in loaded.items() if name.startswith("hubbub")
    for each, value in vars(module).items() if hasattr(value, "__dataclass_fields__")
]
json.dump([code, sorted(loaded), slow], sys.stderr)
"""
# The full screen, and what only some commands need.
HEAVY = {
    "textual",
    "rich",
    "python_socks",
    "tomllib",
    "tomlkit",
    "keyring",
    "click.shell_completion",
    # websockets imports these, for nothing that we use.
    "email.parser",
    "http.client",
    "zipfile",
    # For the folders of systems other than Linux.
    "platformdirs",
    "tempfile",
}
# The modules of a whole `send`, with those of Python: each costs about a third of a millisecond.
MOST_MODULES = 305
# Without asyncio, TLS, and what click and uuid import for nothing that we use.
MOST_MODULES_OF_SEND = 240
NOT_FOR_SEND = {"asyncio", "ssl", "websockets.asyncio.client", "inspect", "platform"}


def imported(*arguments: str, **variables: str) -> set[str]:
    """Run a command; return the modules that it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments, "-q"],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    code, modules, slow = json.loads(done.stderr)
    assert code == 0
    # The decorator compiles source text: that takes ten times as long as a Struct of msgspec.
    assert not slow
    return set(modules)


@pytest.mark.parametrize(
    "arguments",
    [("send", "{room}", "hello"), ("tail", "{room}", "--no-follow"), ("who", "{room}"), ("whoami",)],
)
def test_a_short_command_imports_no_screen(server: Server, room: str, arguments: tuple[str, ...]) -> None:
    modules = imported(*(one.format(room=room) for one in arguments), "-s", server.url)
    assert not {one for one in HEAVY & modules if one != "python_socks"}
    assert len(modules) <= MOST_MODULES
    others = {name for name in modules if name.startswith("hubbub_cli.commands.")}
    assert others == {f"hubbub_cli.commands.{arguments[0]}"}


def test_a_usual_send_imports_no_asyncio(server: Server, room: str) -> None:
    modules = imported("send", room, "hello", "-s", server.url)
    assert not NOT_FOR_SEND & modules
    assert len(modules) <= MOST_MODULES_OF_SEND


@pytest.mark.parametrize("text", ["one", "  one\n    two\n      three\n", "\n  one\n\n  two  \n"])
def test_help_has_the_indentation_that_inspect_gives_it(text: str) -> None:
    cleandoc = LATE["inspect"]["cleandoc"]
    assert callable(cleandoc)
    assert cleandoc(text) == inspect.cleandoc(text)


def test_socks_is_imported_only_for_a_socks_proxy(server: Server, room: str) -> None:
    send = ("send", room, "hello", "-s", server.url)
    assert "python_socks.async_" not in imported(*send)
    proxied = imported(*send, all_proxy="socks5://127.0.0.1:9", no_proxy="127.0.0.1")
    assert "python_socks.async_" in proxied
