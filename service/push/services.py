"""Requests to push services. They block, so they run in threads of their own."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Final, NamedTuple

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError

from service.push.endpoints import PushEndpoint, is_public

# Seconds to connect, and without a byte.
_CONNECT: Final = 5.0
_SILENCE: Final = 10.0
# Addresses of one host that are tried.
_ADDRESSES: Final = 4
# Bytes of an answer that are read; a connection with a longer one is closed.
_ANSWER: Final = 4096
_POOLS: Final = 16


class Unreachable(Exception):
    """The push service did not answer. The message says why, without the endpoint."""


class Answer(NamedTuple):
    """The answer of a push service: the status, and after how many seconds to try again, if it says so."""

    status: int
    retry_after: float | None = None


class PushServices:
    """Posts to push services, each by one connection for each thread.

    Args:
        threads: how many threads post at a time.
        private: whether addresses of private networks are allowed.
    """

    def __init__(self, threads: int, *, private: bool = False) -> None:
        self._private = private
        self._pools = urllib3.PoolManager(
            num_pools=_POOLS,
            maxsize=threads,
            retries=False,
            timeout=urllib3.Timeout(connect=_CONNECT, read=_SILENCE),
        )

    def post(self, endpoint: PushEndpoint, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post to an endpoint, and follow no redirect. Raises `Unreachable`."""
        for address in self._addresses(endpoint):
            try:
                return self._post(endpoint, address, headers, body)
            except NewConnectionError:
                continue
            except (HTTPError, OSError) as error:
                raise Unreachable(type(error).__name__) from error
        raise Unreachable("no address of the host accepts a connection")

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def _addresses(self, endpoint: PushEndpoint) -> list[str]:
        """Look up the host. All addresses must be allowed: the lookup is part of what the host says."""
        try:
            found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable("the host is not found") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not (self._private or all(map(is_public, addresses))):
            raise Unreachable("the host has an address of a private network")
        return addresses[:_ADDRESSES]

    def _post(self, endpoint: PushEndpoint, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        # By address, so that the one that was checked is the one that is used.
        pool = self._pools.connection_from_host(
            address,
            endpoint.port,
            scheme="https",
            pool_kwargs={"server_hostname": endpoint.host, "assert_hostname": endpoint.host},
        )
        response = pool.urlopen(
            "POST",
            endpoint.target,
            body=body,
            headers={**headers, "Host": endpoint.authority},
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            response.read(_ANSWER)
            return Answer(response.status, _seconds(response.headers.get("retry-after")))
        finally:
            response.close()
            response.release_conn()


def _seconds(header: str | None) -> float | None:
    """Read the header Retry-After; None if it is a date or nothing."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else None
