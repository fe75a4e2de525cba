#!/usr/bin/env bash
# Run every test: Python's (the arguments are pytest's), the web client's, and those in a browser.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

scripts/web.sh check
scripts/setup.sh dev
scripts/web.sh install
resources=tests/helm/resources # schemas that the chart's tests judge by
packages=$(fingerprint $resources/package-lock.json)
is_current $resources/node_modules/.stamp "$packages" || {
    # Not with --prefix: npm would look for the system's own settings there as well.
    (cd $resources && npm ci --no-audit --no-fund --loglevel=error)
    stamp $resources/node_modules/.stamp "$packages"
}
.venv/bin/python -m pytest "$@" # finding no test at all is an error too (5)
(cd clients && npm run check && npm test)
scripts/e2e.sh
