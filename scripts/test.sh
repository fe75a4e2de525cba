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
# A test must pass alone. The few that fail beside another one, on a machine with two cores, are run again so.
most=10
failed=0
.venv/bin/python -m pytest -n 2 "$@" || failed=$? # finding no test at all is an error too (5)
if [ $failed -eq 1 ]; then
    cache=.pytest_cache/v/cache/lastfailed
    count=$(.venv/bin/python -c 'import json, sys; print(len(json.load(open(sys.argv[1]))))' $cache)
    [ "$count" -le $most ] || exit $failed
    say "$count failed beside others: each is run again alone"
    .venv/bin/python -m pytest -n 0 --last-failed "$@"
elif [ $failed -ne 0 ]; then
    exit $failed
fi
(cd clients && npm run check && npm test)
scripts/e2e.sh
