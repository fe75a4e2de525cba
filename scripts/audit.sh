#!/usr/bin/env bash
# Check what we depend on and what we deliver: advisories, licences, rules of security, secrets, a bill of materials,
# and the chart. checkov and pip-audit have environments of their own below .venv: they pin much that we don't.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

checkov=3.3.30
pip_audit=2.10.1
# Exceptions, each with its reason:
#   CKV_K8S_11  no CPU limit: what is throttled is late, and a chat that is late is broken
#   CKV_K8S_21  the namespace is the release's, and this render's is `default`
#   CKV_K8S_43  images by digest are the operator's choice (image.digest)
#   CKV_K8S_15  IfNotPresent: tags are versions, and a node that can't reach the registry still starts pods
#   CKV_K8S_35  settings are environment variables, those from Secrets too; only the pod may read its own
#   CKV_K8S_8, CKV_K8S_9  a pod of `helm test` runs to its end: nothing asks it whether it lives or is ready
skip=CKV_K8S_11,CKV_K8S_21,CKV_K8S_43,CKV_K8S_15,CKV_K8S_35

install() { # NAME VERSION
    is_current ".venv/$1/.stamp" "$2" && return
    say "installing $1 into .venv/$1: a minute the first time"
    "${PYTHON:-python3}" -m venv --clear ".venv/$1"
    ".venv/$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$1==$2"
    stamp ".venv/$1/.stamp" "$2"
}

scripts/setup.sh dev
install pip-audit $pip_audit
install checkov $checkov
failed=0
check() {
    .venv/bin/python -m scripts.supply_chain "$@" || failed=1
}
check advisories .venv/pip-audit/bin/pip-audit
check licences
check secrets
check bill "$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' service/__init__.py)" build/hubbub.cdx.json
say "rules of security (ruff's S)"
.venv/bin/ruff check --quiet --select S . || failed=1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m tests.helm.write_renders "$folder"
judge() { # FILE… then what is skipped besides
    .venv/checkov/bin/checkov --framework kubernetes --compact --quiet --skip-download --skip-check "$skip$1" "${@:2}"
}
for render in "$folder"/*; do
    say "$(basename "$render")"
    judge "" --file "$render/objects.yaml" || failed=1
    judge ,CKV_K8S_8,CKV_K8S_9 --file "$render/test.yaml" || failed=1
done
exit $failed
