"""Where our modules stand that rely on internals of libraries. A module that moves is renamed here, once."""

from __future__ import annotations

from typing import Final

APP: Final = "service/app.py"
FIRST_BYTES: Final = "service/front.py"
FRAME_PARSER: Final = "service/inbound.py"
HTTP_PROTOCOL: Final = "service/lean.py"
LOGS: Final = "service/logs.py"
SERVER: Final = "service/server.py"
STOCK: Final = "service/stock.py"
STOCK_OFFER: Final = "service/offer.py"
UPGRADE: Final = "service/knock.py"
UPGRADE_IN_FULL: Final = "service/upgrading.py"
WEBSOCKET: Final = "service/link.py"
WIRE: Final = "service/stored.py"
WORKER_REPORTS: Final = "service/workers/reports.py"

NATS_CLIENT: Final = "brokers/nats/client.py"
NATS_LINK: Final = "brokers/nats/link.py"
REDIS_ADDRESS: Final = "brokers/redis/address.py"
REDIS_CHECK: Final = "brokers/redis/check.py"
REDIS_LANE: Final = "brokers/redis/lane.py"
REDIS_LINK: Final = "brokers/redis/link.py"
REDIS_SHARDS: Final = "brokers/redis/shards.py"
REDIS_SLOTS: Final = "brokers/redis/slots.py"

CODEC: Final = "clients/protocol/hubbub_protocol/codec.py"
CLI_COMMANDS: Final = "clients/cli/hubbub_cli/lazy.py"
CLI_COMPOSER: Final = "clients/cli/hubbub_cli/tui/composer.py"
CLI_MAIN: Final = "clients/cli/hubbub_cli/main.py"
CLI_SCREEN: Final = "clients/cli/hubbub_cli/tui/app.py"
