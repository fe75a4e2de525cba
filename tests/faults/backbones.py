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
from tests.faults.plan import Fault, Kind
from tests.faults.wire import Address

# The commands that scripts write with, or need for that.
_WRITES: Final = ("xadd", "hset", "set", "xtrim", "publish", "evalsha", "hmget", "xinfo")
_ENDS_WITHIN: Final = 20.0


class Backbone(Protocol):
    """A broker's server. Its methods block."""

    @property
    def addresses(self) -> list[Address]:
        """Where its servers listen; empty if they must be reached directly."""

    def settings(self, ports: list[int]) -> dict[str, str]:
        """Return a node's settings for wires on these ports, one for each address."""

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

    def refuse(self, fault: Fault) -> None:
        """Refuse writes, and go on being read."""

    def accept(self) -> None:
        """Accept writes again."""

    def remove(self) -> None:
        """Stop it, and delete its data."""


def stop_process(process: subprocess.Popen[str] | None) -> None:
    if process is not None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(_ENDS_WITHIN)


class Redis(RedisServer):
    """A Redis that writes to disk before it answers."""

    def __init__(self) -> None:
        super().__init__("--appendonly", "yes", "--appendfsync", "always")

    @property
    def addresses(self) -> list[Address]:
        return [self.socket]

    def settings(self, ports: list[int]) -> dict[str, str]:
        return {"BROKER": "redis", "REDIS_URL": f"redis://127.0.0.1:{ports[0]}/0"}

    def stop(self) -> None:
        stop_process(self._process)
        self.kill()

    def kick(self) -> bool:
        self._command(b"CLIENT KILL TYPE pubsub", b"CLIENT KILL TYPE normal")
        return True

    def refuse(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.FILL:
                self._command(b"CONFIG SET maxmemory 1")
            case Kind.DENY:
                denied = _WRITES[int(fault.amount) % len(_WRITES)]
                self._command(f"ACL SETUSER default -{denied}".encode())
            case _:
                # A port where nothing listens.
                self._command(b"REPLICAOF 127.0.0.1 1")

    def accept(self) -> None:
        self._command(b"CONFIG SET maxmemory 0", b"ACL SETUSER default +@all", b"REPLICAOF NO ONE")

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
    def addresses(self) -> list[Address]:
        return [self.port]

    def settings(self, ports: list[int]) -> dict[str, str]:
        return {"BROKER": "nats", "NATS_URL": f"nats://127.0.0.1:{ports[0]}"}

    def stop(self) -> None:
        stop_process(self._process)
        self.kill()

    def kick(self) -> bool:
        return False  # there it needs a second account

    def refuse(self, fault: Fault) -> None:  # noqa: ARG002 - there is one way
        self.reload(self._permit("deny: '*.in.>'"))

    def accept(self) -> None:
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
