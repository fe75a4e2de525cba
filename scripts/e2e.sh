#!/usr/bin/env bash
# Run the browser tests; they start a node of this checkout for themselves.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

find_chromium() {
    command -v "${HUBBUB_E2E_CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome
}

find_firefox() {
    command -v "${HUBBUB_E2E_FIREFOX:-firefox-esr}" || command -v firefox
}

install() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    say "installing Debian's $1 for the browser tests"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1
}

do_without() {
    say "the tests in $1 did not run: there is no $1, and it could not be installed (root and apt are needed)."
}

projects=()
if find_chromium >/dev/null || install chromium fonts-dejavu-core; then
    projects+=(--project e2e)
else
    do_without Chromium
    # A visible skip on a developer's machine, and an error in CI. Firefox runs only a part of the tests.
    [ -z "${CI:-}" ] || exit 1
fi
if find_firefox >/dev/null || install firefox-esr fonts-dejavu-core; then
    projects+=(--project firefox)
else
    do_without Firefox
fi
[ ${#projects[@]} -gt 0 ] || exit 0
scripts/web.sh build
HUBBUB_E2E_CHROMIUM=$(find_chromium || true) HUBBUB_E2E_FIREFOX=$(find_firefox || true) \
    npm --prefix clients/web run e2e -- "${projects[@]}"
