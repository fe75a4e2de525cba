#!/usr/bin/env bash
# Run every test: Python's (the arguments are pytest's), the web client's, and those in a browser.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

scripts/web.sh check
scripts/setup.sh dev
scripts/web.sh install
.venv/bin/python -m pytest "$@" # finding no test at all is an error too (5)
(cd clients/web && npm run check && npm test)
scripts/e2e.sh
