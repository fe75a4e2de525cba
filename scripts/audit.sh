#!/usr/bin/env bash
# Have the chart judged by checkov, which has an environment of its own (.venv/audit): it pins much that we don't.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

checkov=3.3.30
audit=.venv/audit
# Exceptions, each with its reason:
#   CKV_K8S_11  no CPU limit: what is throttled is late, and a chat that is late is broken
#   CKV_K8S_21  the namespace is the release's, and this render's is `default`
#   CKV_K8S_43  images by digest are the operator's choice (image.digest)
#   CKV_K8S_15  IfNotPresent: tags are versions, and a node that can't reach the registry still starts pods
#   CKV_K8S_35  settings are environment variables, those from Secrets too; only the pod may read its own
#   CKV_K8S_8, CKV_K8S_9  a pod of `helm test` runs to its end: nothing asks it whether it lives or is ready
skip=CKV_K8S_11,CKV_K8S_21,CKV_K8S_43,CKV_K8S_15,CKV_K8S_35

scripts/setup.sh dev
is_current $audit/.stamp "$checkov" || {
    say "installing checkov into $audit: a minute the first time"
    "${PYTHON:-python3}" -m venv --clear $audit
    $audit/bin/python -m pip install --quiet --disable-pip-version-check --no-input "checkov==$checkov"
    stamp $audit/.stamp "$checkov"
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m tests.helm.write_renders "$folder"
judge() { # FILE… then what is skipped besides
    $audit/bin/checkov --framework kubernetes --compact --quiet --skip-download --skip-check "$skip$1" "${@:2}"
}
failed=0
for render in "$folder"/*; do
    say "$(basename "$render")"
    judge "" --file "$render/objects.yaml" || failed=1
    judge ,CKV_K8S_8,CKV_K8S_9 --file "$render/test.yaml" || failed=1
done
exit $failed
