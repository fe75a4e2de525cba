#!/usr/bin/env bash
# Start a node from this checkout, with its page; all that is missing is set up first.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

scripts/web.sh check
scripts/setup.sh run
scripts/web.sh build
# History lasts in a folder of this checkout. ARCHIVE_URL= (empty) keeps it in memory only.
if [ "${BROKER:-memory}" = memory ]; then
    export ARCHIVE_URL="${ARCHIVE_URL-sqlite:///hubbub.sqlite}" HUBBUB_DATA="${HUBBUB_DATA:-$PWD/.data}"
fi
exec .venv/bin/python -m service
