#!/usr/bin/env bash
# Run the suite on the newest versions of everything, without our upper bounds and hashes, in build/latest. First what we
# assume of libraries (tests/assumptions), then all other tests; the arguments are pytest's.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

python=${PYTHON:-python3}
place=build/latest
newest() {
    "$place/bin/python" scripts/newest.py "$@"
}

say "making an environment in $place"
"$python" -m venv --clear "$place"
say "installing the newest versions: half a minute"
newest wanted >"$place/wanted.txt"
install=("$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-user)
"${install[@]}" --requirement "$place/wanted.txt"
checkout=()
for project in pyproject.toml clients/*/pyproject.toml; do
    checkout+=(--editable "./$(dirname "$project")")
done
"${install[@]}" --no-deps --no-build-isolation "${checkout[@]}"

differing=$(newest differing)
fell=0
"$place/bin/python" -m pytest tests/assumptions --tb=short || fell=$?
failed=0
"$place/bin/python" -m pytest --ignore tests/assumptions "$@" || failed=$?

if [ -n "$differing" ]; then
    say "versions that differ from requirements/dev.txt:"
    printf '  %s\n' "$differing" | sed '2,$s/^/  /' >&2
else
    say "all versions are those of requirements/dev.txt"
fi
if [ $fell -eq 0 ]; then
    say "every assumption of docs/library-internals.md holds"
else
    say "assumptions fell, or could not be checked: see the list at the end of the first run"
fi
[ $failed -eq 0 ] || say "other tests failed too: see above"
exit $((fell ? fell : failed))
