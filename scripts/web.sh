#!/usr/bin/env bash
# Build the chat page into clients/web/dist. `web.sh install` stops at the packages that building and testing need,
# `web.sh check` before them: it reports at once, not after a minute, that Node is missing.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"
cd clients # the npm workspace: the SDK in js, the page in web

stamps=node_modules/.stamps # goes with node_modules, as it must

check_node() {
    local found major minor
    command -v node >/dev/null || give_up "Node.js 20.19 or newer is needed, and there is no node on the PATH."
    found=$(node --version 2>/dev/null) || give_up "Node.js 20.19 or newer is needed, and node does not start."
    IFS=. read -r major minor _ <<<"${found#v}"
    [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; } ||
        give_up "Node.js 20.19 or newer is needed, and node is $found."
    command -v npm >/dev/null || give_up "npm is needed, and is not on the PATH (it comes with Node.js)."
}

packages() {
    fingerprint package.json package-lock.json .npmrc js/package.json web/package.json
}

# What the page is made of: neither tests nor anything that was built.
sources() {
    find package.json package-lock.json tsconfig.base.json js web \
        \( -name node_modules -o -name dist -o -name coverage -o -name e2e \) -prune -o \
        -type f ! -name '*.test.*' ! -name '.*' -exec cksum {} + | LC_ALL=C sort | cksum
}

install_packages() {
    check_node
    say "installing the packages of the web client"
    npm ci --include=dev --no-audit --no-fund --loglevel=error
    stamp $stamps/packages "$(packages)"
}

build_page() {
    check_node
    say "building the web client"
    rm -f $stamps/page
    npm run build --silent
    stamp $stamps/page "$page"
}

page=$(sources)

page_is_current() {
    is_current $stamps/page "$page" && [ -f web/dist/index.html ]
}

case ${1:-build} in
    check)
        page_is_current || check_node
        ;;
    install)
        is_current $stamps/packages "$(packages)" || install_packages
        ;;
    build)
        is_current $stamps/packages "$(packages)" || install_packages
        page_is_current || build_page
        ;;
esac
