"""`python -m service moderate`: the operator's actions, through the HTTP API of the node on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from service.settings import Settings, SettingsError, load

FAILED: Final = 1
USAGE: Final = 2
_PATH: Final = "/api/moderation"
_TIMEOUT: Final = 20.0
# A node that listens on all addresses is reached by the loopback address.
_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


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
    try:
        status, body = _request(settings, options)
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
    actions.add_parser("list", help="list the bans and the closed rooms in force")
    for action, target, meaning in (
        ("ban", "user", "close the connections of a user, and reject new ones"),
        ("unban", "user", "revoke a ban"),
        ("kick", "user", "close the connections of a user"),
        ("close", "room", "reject new messages in a room"),
        ("reopen", "room", "allow messages in a room again"),
    ):
        command = actions.add_parser(action, help=meaning)
        command.add_argument(target, help="the name of the room" if target == "room" else "the `user_id`")
        command.add_argument("--reason", required=True, help="why, for the log and for the user")
        if action in {"ban", "close"}:
            command.add_argument("--seconds", type=int, help="for how long; without it until it is revoked")
    return parser


def _request(settings: Settings, options: argparse.Namespace) -> tuple[int, str]:
    host = _LOOPBACK.get(settings.host, settings.host)
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    with closing(HTTPConnection(host, settings.port, timeout=_TIMEOUT)) as connection:
        if options.action == "list":
            connection.request("GET", _PATH, headers=headers)
        else:
            body = {name: value for name, value in vars(options).items() if value is not None}
            connection.request("POST", _PATH, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
