#!/usr/bin/env bash
# Run a node that restarts when Python changes, and the page with hot reload, which proxies to it. Everything that is missing is
# set up first. The page is on DEV_PORT (5173), the node on HUBBUB_PORT (8000). `dev.sh node` and `dev.sh page` run one
# of the two, as compose.yaml does; arguments after `page` are Vite's.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

export HUBBUB_PORT=${HUBBUB_PORT:-8000}
export DEV_NODE_URL=${DEV_NODE_URL:-http://127.0.0.1:$HUBBUB_PORT}
port=${DEV_PORT:-5173}
page=(npm --prefix clients/web --silent run dev -- --port "$port" --strictPort --clearScreen false)

# Vite says it when its own port is taken. The node would too, but only among the lines of a start that looks well:
# the page would connect to the node of another user.
must_be_free() {
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
        give_up "port $1 is taken. Stop what listens there, or choose another port: $2=8001 make dev"
    fi
}

case ${1:-both} in
    both)
        must_be_free "$HUBBUB_PORT" HUBBUB_PORT
        must_be_free "$port" DEV_PORT
        scripts/web.sh check
        scripts/setup.sh dev
        scripts/web.sh install
        say "the page with hot reload: http://localhost:$port    the node: http://localhost:$HUBBUB_PORT"
        exec .venv/bin/python scripts/dev.py "${page[@]}"
        ;;
    node)
        scripts/setup.sh dev
        exec .venv/bin/python scripts/dev.py
        ;;
    page)
        scripts/web.sh install
        exec "${page[@]}" "${@:2}"
        ;;
    *)
        give_up "usage: dev.sh [node | page]"
        ;;
esac
