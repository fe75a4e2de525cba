#!/usr/bin/env bash
# Run every test: Python's (the arguments are pytest's), the web client's, and those in a browser.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

# Without it the tests of the PostgreSQL archive are visibly skipped on a developer's machine, and fail in CI.
has_postgres() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

install_postgres() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    say "installing Debian's postgresql for the tests of the archive"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null 2>&1
}

scripts/web.sh check
has_postgres || install_postgres ||
    say "there is no PostgreSQL, and it could not be installed (root and apt are needed): its tests are skipped."
scripts/setup.sh dev
scripts/web.sh install
# Schemas that the chart's tests judge by, and JavaScript runtimes for the TypeScript SDK.
for folder in tests/helm/resources tests/runtimes/packages; do
    packages=$(fingerprint $folder/package-lock.json)
    is_current $folder/node_modules/.stamp "$packages" || {
        # Not with --prefix: npm would look for the system's own settings there as well.
        (cd $folder && npm ci --no-audit --no-fund --loglevel=error)
        stamp $folder/node_modules/.stamp "$packages"
    }
done
# Two at a time: much of the time is spent waiting for servers. `make test ARGS="-n 0 …"` runs one after the other.
.venv/bin/python -m pytest -n 2 "$@" # finding no test at all is an error too (5)
(cd clients && npm run check && npm test)
scripts/e2e.sh
