#!/usr/bin/env bash
# Pin what pyproject.toml asks for: requirements/run.txt and requirements/dev.txt, with a hash for every file.
# With --upgrade the newest versions are taken; without it what is pinned stays.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

# One file serves every platform and Python; it names no registry, no address and no path. Our own packages are
# read for what they need, and left out: they're installed from the checkout.
pin() {
    "${UV:-.venv/bin/uv}" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
        --no-annotate --no-emit-package hubbub-protocol --python-version 3.11 \
        pyproject.toml clients/cli/pyproject.toml "$@"
}

pin --group build --output-file requirements/run.txt "$@"
pin --group dev --constraint requirements/run.txt --output-file requirements/dev.txt "$@"
