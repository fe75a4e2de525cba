#!/usr/bin/env bash
# See whether what is here can be released: versions agree, and everything builds the same twice. What was built
# lies in build/release: four wheels (the service's holds the page) and the chart.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

scripts/setup.sh dev
scripts/web.sh install
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' service/__init__.py)
commit=$(git rev-parse --short=12 HEAD)
# Archives carry the time of the commit, not that of the build.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

.venv/bin/python -m pytest -q tests/release
grep -q "^## \[$version\] - [0-9-]\{10\}$" CHANGELOG.md ||
    give_up "CHANGELOG.md has no section \"## [$version] - DATE\": put there what stands under Unreleased."
[ -z "$(git status --porcelain)" ] || give_up "there are changes that are in no commit: what is released must be."

make_everything() { # INTO
    local copy
    copy=$(mktemp -d)
    git ls-files -z -- LICENSE pyproject.toml archive brokers service clients/protocol clients/python clients/cli clients/private_packages.py helm |
        xargs -0 cp --parents --target-directory "$copy"
    (cd clients/web && npx vite build --outDir "$copy/service/page" --emptyOutDir --logLevel error)
    echo "$commit" >"$copy/service/COMMIT"
    mkdir -p "$1"
    for project in . clients/protocol clients/python clients/cli; do
        (cd "$copy/$project" && "$python" -m hatchling build --target wheel --directory "$1" >/dev/null)
    done
    "$python" scripts/package_chart.py "$copy/helm" "$1" "$SOURCE_DATE_EPOCH"
    rm -rf "$copy"
}

python=$(pwd)/.venv/bin/python
release=$(pwd)/build/release
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
rm -rf "$release"
make_everything "$release"
make_everything "$again"
diff -r "$release" "$again" || give_up "what was built twice is not the same."
say "$version, commit $commit: versions agree, and everything built the same twice. It's in build/release:"
(cd build/release && sha256sum -- *)
