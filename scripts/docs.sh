#!/usr/bin/env bash
# Build the documentation site into build/docs. A broken link, a page without a place in the navigation or a docstring
# that can't be read fails the build. Sphinx has an environment of its own (.venv/docs).
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

docs=.venv/docs
site=docs/site
requirements=$(fingerprint requirements/docs.txt)
packages=$(fingerprint $site/package-lock.json)

is_current $docs/.stamp "$requirements" || {
    say "installing Sphinx into $docs: half a minute the first time"
    "${PYTHON:-python3}" -m venv --clear $docs
    $docs/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
        --requirement requirements/docs.txt
    stamp $docs/.stamp "$requirements"
}
is_current $site/node_modules/.stamp "$packages" || {
    (cd $site && npm ci --include=dev --no-audit --no-fund --loglevel=error)
    stamp $site/node_modules/.stamp "$packages"
}
# The reference imports what it documents: each distribution's folder is a root of imports, and the site's own extension.
PYTHONPATH=$site:.:$(dirname clients/*/pyproject.toml | paste -sd:)
export PYTHONPATH
# Everything is read again each time: what is cached would not warn a second time.
$docs/bin/sphinx-build --quiet --fail-on-warning --fresh-env --conf-dir $site --doctree-dir build/doctrees "$@" . build/docs
say "built: open build/docs/index.html"
