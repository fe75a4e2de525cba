"""Where our modules stand that rely on internals of libraries. A module that moves is renamed here, once."""

from __future__ import annotations

from typing import Final

APP: Final = "service/app.py"
ERRORS: Final = "service/http/errors.py"
FIRST_BYTES: Final = "service/gateway/acceptor.py"
FRAME_PARSER: Final = "service/transport/frame_parser.py"
HTTP_PROTOCOL: Final = "service/gateway/http_protocol.py"
LOGS: Final = "service/runtime/logs.py"
REQUEST_BODY: Final = "service/gateway/request_body.py"
SERVER: Final = "service/server.py"
UPGRADE: Final = "service/gateway/handshake.py"
UPGRADE_IN_FULL: Final = "service/gateway/full_handshake.py"
WEBSOCKET: Final = "service/transport/websocket.py"
FULL_PROTOCOL: Final = "service/transport/full_protocol.py"
WIRE: Final = "service/wire/messages.py"
WORKER_REPORTS: Final = "service/workers/reports.py"

NATS_CLIENT: Final = "brokers/nats/connection/client.py"
NATS_CONNECTION: Final = "brokers/nats/connection/connection.py"
REDIS_ADDRESS: Final = "brokers/redis/connection/url.py"
REDIS_CHECK: Final = "brokers/redis/connection/compatibility.py"
REDIS_PUBLISH_CONNECTION: Final = "brokers/redis/publish/connection.py"
REDIS_CLIENT: Final = "brokers/redis/connection/client.py"
REDIS_SHARDS: Final = "brokers/redis/topology/shards.py"
REDIS_SLOTS: Final = "brokers/redis/topology/slot_map.py"

CODEC: Final = "clients/protocol/hubbub_protocol/codec.py"
CLI_ALT_KEYS: Final = "clients/cli/hubbub_cli/tui/alt_keys.py"
CLI_COMMANDS: Final = "clients/cli/hubbub_cli/lazy_group.py"
CLI_COMPOSER: Final = "clients/cli/hubbub_cli/tui/composer.py"
CLI_MAIN: Final = "clients/cli/hubbub_cli/main.py"
CLI_SIDEBAR: Final = "clients/cli/hubbub_cli/tui/room_sidebar.py"
CLI_SCREEN: Final = "clients/cli/hubbub_cli/tui/app.py"
CLI_WINDOW: Final = "clients/cli/hubbub_cli/tui/terminal_window.py"
LOOK_ALIKES: Final = "service/identity/look_alikes.py"
