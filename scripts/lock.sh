#!/usr/bin/env bash
# Pin what pyproject.toml asks for, with a hash for every file: requirements/run.txt and dev.txt for a checkout, image.txt
# and build.txt for what the container image runs and is built with, docs.txt for the documentation site.
# With --upgrade the newest versions are taken; without it what is pinned stays.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

# One file serves every platform and Python; it names no registry, no address and no path. Our own packages are
# read for what they need, and left out: they're installed from the checkout.
pin() {
    "${UV:-.venv/bin/uv}" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
        --no-annotate --no-emit-package hubbub-protocol --python-version 3.11 "$@"
}

checkout=(pyproject.toml clients/python/pyproject.toml clients/cli/pyproject.toml)
pin "${checkout[@]}" --group build --output-file requirements/run.txt "$@"
pin "${checkout[@]}" --group dev --constraint requirements/run.txt --output-file requirements/dev.txt "$@"
pin pyproject.toml --constraint requirements/run.txt --output-file requirements/image.txt "$@"
pin --group build --constraint requirements/run.txt --output-file requirements/build.txt "$@"
pin pyproject.toml --group docs --constraint requirements/run.txt --output-file requirements/docs.txt "$@"
