"""`python -m service moderate`: the operator's actions, through the HTTP API of the node on this machine."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final, Protocol

from service.settings import Settings, SettingsError, load

FAILED: Final = 1
USAGE: Final = 2
_PATH: Final = "/api/moderation"
_ERASURES: Final = "/api/erasures"
# Seconds between two questions how far an erasure is.
_POLL: Final = 0.2
_DAY: Final = 86_400
_TIMEOUT: Final = 20.0
# A node that listens on all addresses is reached by the loopback address.
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


class _Actions(Protocol):
    """What adds the parser of an action."""

    def add_parser(self, name: str, /, *, help: str) -> argparse.ArgumentParser:  # noqa: A002  argparse's name
        """Add the parser of an action."""


def main(arguments: Sequence[str]) -> int:
    """Take one action, or list what is in force; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return USAGE
    if not settings.api_key:
        print("HUBBUB_API_KEY is not set: set it to the key of the node.", file=sys.stderr)
        return USAGE
    host = _LOOPBACK.get(settings.host, settings.host)
    try:
        # One connection: the worker that erases is also asked how far it is.
        with closing(HTTPConnection(host, settings.port, timeout=_TIMEOUT)) as connection:
            status, body = _request(connection, settings, options)
    except (OSError, HTTPException) as error:
        print(f"no answer from the node: {error}", file=sys.stderr)
        return FAILED
    print(body, file=sys.stdout if status < HTTPStatus.BAD_REQUEST else sys.stderr)
    return 0 if status < HTTPStatus.BAD_REQUEST else FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service moderate",
        description="Moderate on all nodes, through the node of the settings. HUBBUB_API_KEY is needed.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="list the bans, the closed rooms and the topics in force")
    _add_actions_on_clients(actions)
    _add_actions_on_rooms(actions)
    _add_erase(actions.add_parser("erase", help="remove messages for good, from the broker and the archive"))
    return parser


def _add_actions_on_clients(actions: _Actions) -> None:
    for action, meaning in (
        ("ban", "close the connections of a client, and reject new ones"),
        ("unban", "revoke a ban"),
        ("kick", "close the connections of a client"),
    ):
        command = actions.add_parser(action, help=meaning)
        target = command.add_mutually_exclusive_group(required=True)
        target.add_argument("user", nargs="?", help="the `user_id`")
        target.add_argument("--address", help="an IPv4 address, or an IPv6 address for its /64 network")
        target.add_argument("--token", metavar="JTI", help="the id of a token (`jti`)")
        _add_reason(command, limited=action == "ban")


def _add_actions_on_rooms(actions: _Actions) -> None:
    for action, meaning in (
        ("close", "reject new messages in a room"),
        ("reopen", "allow messages in a room again"),
        ("delete", "delete a message of a room"),
    ):
        command = actions.add_parser(action, help=meaning)
        command.add_argument("room", help="the name of the room")
        if action == "delete":
            command.add_argument("offset", type=int, help="the offset of the message")
            command.add_argument("--epoch", help="the epoch of the offset; without it, that of the room")
        _add_reason(command, limited=action == "close")
    topic = actions.add_parser("topic", help="set the topic of a room")
    topic.add_argument("room", help="the name of the room")
    topic.add_argument("text", help="the topic, one line; an empty one removes it")
    topic.add_argument("--reason", default="set by the operator", help="why, for the log")


def _add_reason(command: argparse.ArgumentParser, *, limited: bool) -> None:
    command.add_argument("--reason", required=True, help="why, for the log and for the user")
    if limited:
        command.add_argument("--seconds", type=int, help="for how long; without it until it is revoked")


def _add_erase(command: argparse.ArgumentParser) -> None:
    command.add_argument("--room", help="only in this room")
    command.add_argument("--user", help="only what the user with this `user_id` wrote")
    command.add_argument("--older-than-days", type=float, metavar="DAYS", help="only what is older")
    command.add_argument(
        "--message", type=int, action="append", dest="messages", metavar="OFFSET", help="only this message"
    )
    command.add_argument("--reason", required=True, help="why, for the log and the record")


def _request(connection: HTTPConnection, settings: Settings, options: argparse.Namespace) -> tuple[int, str]:
    if options.action == "list":
        return _exchange(connection, settings, "GET", _PATH)
    body = {name: value for name, value in vars(options).items() if value is not None}
    if options.action != "erase":
        return _exchange(connection, settings, "POST", _PATH, body)
    days = body.pop("older_than_days", None)
    if days is not None:
        body["before"] = int((time.time() - days * _DAY) * 1000)
    del body["action"]
    status, begun = _exchange(connection, settings, "POST", _ERASURES, body)
    return _await_erasure(connection, settings, begun) if status == HTTPStatus.ACCEPTED else (status, begun)


def _await_erasure(connection: HTTPConnection, settings: Settings, body: str) -> tuple[int, str]:
    """Wait until the erasure that the node has begun is done; return its last status."""
    status: int = HTTPStatus.OK
    while status == HTTPStatus.OK and json.loads(body)["state"] == "running":
        time.sleep(_POLL)
        status, body = _exchange(connection, settings, "GET", _ERASURES)
    if status == HTTPStatus.OK and json.loads(body)["state"] == "failed":
        return HTTPStatus.INTERNAL_SERVER_ERROR, body
    return status, body


def _exchange(
    connection: HTTPConnection,
    settings: Settings,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.read().decode(errors="replace")
