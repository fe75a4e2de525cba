#!/usr/bin/env bash
# Make .venv what requirements/ says: `setup.sh run` for the service, `setup.sh dev` for tests and tools as well.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

wanted=${1:?say run or dev}
python=${PYTHON:-python3}
stamps=.venv/.stamps
projects=(pyproject.toml clients/protocol/pyproject.toml clients/python/pyproject.toml clients/cli/pyproject.toml)

check_python() {
    command -v "$python" >/dev/null ||
        give_up "Python 3.11 or newer is needed, and there is no $python on the PATH."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        give_up "Python 3.11 or newer is needed, and $python is \"$("$python" --version 2>&1 | head -n 1)\"" \
            "(another one can be named: make PYTHON=python3.12 …)."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        give_up "$python lacks its modules venv and ensurepip (on Debian and Ubuntu: apt-get install python3-venv)."
}

# An environment knows the path it was made at, so one that was moved or copied is made again.
environment_works() {
    [ "$(cat $stamps/place 2>/dev/null || pwd)" = "$(pwd)" ] &&
        .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

make_environment() {
    check_python
    say "making an environment in .venv"
    "$python" -m venv --clear .venv
    stamp $stamps/place "$(pwd)"
}

pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-user "$@"
}

# dev holds all of run at the same versions, so either may be there when the other is asked for; but what one
# installs makes the other's stamp untrue.
install_requirements() {
    say "installing requirements/$wanted.txt: half a minute the first time"
    rm -f $stamps/run $stamps/dev
    pip_install --require-hashes --requirement "requirements/$wanted.txt"
    stamp "$stamps/$wanted" "$requirements"
    stamp $stamps/run "$(fingerprint requirements/run.txt)"
}

# A changed dependency, command or version shows in the installed metadata only after this.
install_checkout() {
    rm -f $stamps/checkout
    pip_install --no-deps --no-build-isolation \
        --editable clients/protocol --editable clients/python --editable clients/cli --editable .
    stamp $stamps/checkout "$checkout"
    stamp $stamps/place "$(pwd)"
}

environment_works || make_environment
requirements=$(fingerprint "requirements/$wanted.txt")
is_current "$stamps/$wanted" "$requirements" || install_requirements
versions=$(grep -h '^__version__' service/__init__.py clients/*/hubbub_*/__init__.py)
checkout=$(fingerprint "${projects[@]}")$versions
is_current $stamps/checkout "$checkout" || install_checkout
