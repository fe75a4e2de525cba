#!/usr/bin/env bash
# Run the browser tests; they start a node of this checkout for themselves.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

find_chromium() {
    command -v "${HUBBUB_E2E_CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome
}

install_chromium() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    say "installing Debian's chromium for the browser tests"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1
}

# A missing browser is a visible skip on a developer's machine, and an error in CI.
do_without_chromium() {
    say "the browser tests did not run: there is no Chromium, and it could not be installed (root and apt are needed)."
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

find_chromium >/dev/null || install_chromium || do_without_chromium
scripts/web.sh build
HUBBUB_E2E_CHROMIUM=$(find_chromium) npm --prefix clients/web run e2e
