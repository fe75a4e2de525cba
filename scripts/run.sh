#!/usr/bin/env bash
# Start a node from this checkout, with its page; all that is missing is set up first.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

scripts/web.sh check
scripts/setup.sh run
scripts/web.sh build
exec .venv/bin/python -m service
