#!/usr/bin/env bash
# Run the browser tests against a node of this checkout, started for them on a free port.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

find_chromium() {
    command -v "${HUBBUB_E2E_CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome
}

install_chromium() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    say "installing Debian's chromium for the browser tests"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1
}

# A missing browser is a visible skip on a desk, and an error in CI: there nobody would read the sentence.
do_without_chromium() {
    say "the browser tests did not run: there is no Chromium, and it could not be installed (root and apt are needed)."
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

free_port() {
    .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

answers() {
    .venv/bin/python -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=1)' "$1" 2>/dev/null
}

stop_node() {
    kill "$node" 2>/dev/null || true
    wait "$node" 2>/dev/null || true
}

start_node() {
    env -u HUBBUB_E2E_CHROMIUM -u HUBBUB_E2E_URL \
        BROKER=memory HUBBUB_HOST=127.0.0.1 HUBBUB_PORT="$port" .venv/bin/python -m service &
    node=$!
    trap stop_node EXIT
    for _ in $(seq 100); do
        ! answers "$url/health/ready" || return 0
        kill -0 "$node" 2>/dev/null || break
        sleep 0.1
    done
    give_up "the node for the browser tests did not become ready."
}

[ -f service/__main__.py ] || { say "the browser tests wait for the service." && exit 0; }
find_chromium >/dev/null || install_chromium || do_without_chromium
scripts/web.sh build
port=$(free_port)
url=http://127.0.0.1:$port
start_node
HUBBUB_E2E_CHROMIUM=$(find_chromium) HUBBUB_E2E_URL=$url npm --prefix clients/web run e2e
