"""The brokers' servers for a run: acknowledged messages survive a kill, and faults can be injected."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Final, Protocol

from typing_extensions import override

from tests.contract.nats_server import NatsServer
from tests.contract.redis_server import RedisServer
from tests.faults.wire import Address

_ENDS_WITHIN: Final = 20.0


class Backbone(Protocol):
    """A broker's server. Its methods block."""

    @property
    def address(self) -> Address:
        """The port that it listens on."""

    @staticmethod
    def settings(port: int) -> dict[str, str]:
        """Return a node's settings for a server on this port."""

    def start(self) -> None:
        """Start it, and return when it answers."""

    def kill(self) -> None:
        """Kill it."""

    def stop(self) -> None:
        """Terminate it, and return when it has ended."""

    def freeze(self) -> None:
        """Suspend it; its connections stay open."""

    def thaw(self) -> None:
        """Resume it."""

    def kick(self) -> bool:
        """Close all its clients' connections; return False if it has no command for that."""

    def fill(self) -> bool:
        """Refuse all writes, and go on being read; False if it has no command for that."""

    def empty(self) -> None:
        """Accept writes again."""

    def remove(self) -> None:
        """Stop it, and delete its data."""


def _stop(process: subprocess.Popen[str] | None) -> None:
    if process is not None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(_ENDS_WITHIN)


class Redis(RedisServer):
    """A Redis that writes to disk before it answers."""

    def __init__(self) -> None:
        super().__init__("--appendonly", "yes", "--appendfsync", "always")

    @property
    def address(self) -> Address:
        return self.socket

    @staticmethod
    def settings(port: int) -> dict[str, str]:
        return {"BROKER": "redis", "REDIS_URL": f"redis://127.0.0.1:{port}/0"}

    def stop(self) -> None:
        _stop(self._process)
        self.kill()

    def kick(self) -> bool:
        self._command(b"CLIENT KILL TYPE pubsub", b"CLIENT KILL TYPE normal")
        return True

    def fill(self) -> bool:
        self._command(b"CONFIG SET maxmemory 1")
        return True

    def empty(self) -> None:
        self._command(b"CONFIG SET maxmemory 0")

    def _command(self, *commands: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_ENDS_WITHIN)
            client.connect(str(self.socket))
            for command in commands:
                client.sendall(command + b"\r\n")
                client.recv(64)


class Nats(NatsServer):
    """A NATS that writes to disk before it answers."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="hubbub-"))
        super().__init__(config=self._permit(), jetstream=False)

    @property
    def address(self) -> Address:
        return self.port

    @staticmethod
    def settings(port: int) -> dict[str, str]:
        return {"BROKER": "nats", "NATS_URL": f"nats://127.0.0.1:{port}"}

    def stop(self) -> None:
        _stop(self._process)
        self.kill()

    def kick(self) -> bool:
        return False  # there it needs a second account

    def fill(self) -> bool:
        self.reload(self._permit("deny: '*.in.>'"))
        return True

    def empty(self) -> None:
        self.reload(self._permit())

    def _permit(self, publish: str = "allow: '>'") -> str:
        """Write the configuration, with what its clients may publish."""
        user = f"user: node, password: node, permissions: {{ publish: {{ {publish} }} }}"
        return (
            f'jetstream {{ store_dir: "{self._home}", sync_interval: always }}\n'
            f"authorization {{ users: [{{ {user} }}] }}\nno_auth_user: node\n"
        )

    @override
    def remove(self) -> None:
        super().remove()
        shutil.rmtree(self._home, ignore_errors=True)


MAKERS: Final[dict[str, type[Redis | Nats]]] = {"redis": Redis, "nats": Nats}
