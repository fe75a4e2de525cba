#!/usr/bin/env bash
# Build the container image and try it: read-only, without rights, from start to a drained end.
# ENGINE names another engine than docker or podman. The environment that sets where pip and npm find packages
# (PIP_INDEX_URL, NPM_CONFIG_REGISTRY, …) is passed on, and so are NODE_IMAGE and PYTHON_IMAGE; arguments are the engine's.
set -euo pipefail
. "$(dirname "$0")/prelude.sh"

find_engine() {
    local name
    for name in ${ENGINE:-docker podman}; do
        if command -v "$name" >/dev/null && "$name" info >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    return 1
}

engine=$(find_engine) || give_up "no container engine runs here (docker or podman; ENGINE names another): no image was built."
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' service/__init__.py)
commit=${COMMIT:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)}
arguments=(--build-arg "COMMIT=$commit")
# Not what names files: the builder has others.
for name in NODE_IMAGE PYTHON_IMAGE PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_PROXY \
    NPM_CONFIG_REGISTRY NPM_CONFIG_PROXY NPM_CONFIG_HTTPS_PROXY; do
    small=${name,,} # npm reads both
    value=${!name:-${!small:-}}
    [ -z "$value" ] || arguments+=(--build-arg "$name=$value")
done
# Podman's own format knows no HEALTHCHECK.
export BUILDAH_FORMAT=docker
"$engine" build "${arguments[@]}" "$@" --tag "hubbub:$version" --tag hubbub:latest .

say "trying it: read-only, no capabilities, user 10001"
container=$("$engine" run --detach --read-only --cap-drop ALL --user 10001:10001 --security-opt no-new-privileges \
    --tmpfs /tmp --stop-timeout 60 "hubbub:$version")
trap '"$engine" rm --force "$container" >/dev/null' EXIT

lives() {
    "$engine" exec "$container" python -m service.healthcheck
}

for _ in $(seq 60); do
    lives >/dev/null 2>&1 && break
    sleep 1
done
lives || { "$engine" logs "$container" >&2 && give_up "it doesn't answer."; }
"$engine" stop "$container" >/dev/null
code=$("$engine" inspect --format '{{.State.ExitCode}}' "$container")
[ "$code" = 0 ] || give_up "it received SIGTERM, and ended with exit code $code instead of 0."
say "built hubbub:$version, commit $commit: it runs without rights, lives, and stops in good order."
