#!/usr/bin/env bash
# Start a node from this checkout, with its page; all that is missing is set up first.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

scripts/web.sh check
scripts/setup.sh run
scripts/web.sh build
# History and files last in a folder of this checkout. ARCHIVE_URL= (empty) keeps the history in memory only;
# HUBBUB_FILES_URL= takes no files.
export HUBBUB_DATA="${HUBBUB_DATA:-$PWD/.data}" HUBBUB_FILES_URL="${HUBBUB_FILES_URL-file:///files}"
if [ "${BROKER:-memory}" = memory ]; then
    export ARCHIVE_URL="${ARCHIVE_URL-sqlite:///hubbub.sqlite}"
fi
exec .venv/bin/python -m service
