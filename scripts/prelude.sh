# Sourced first by every script here: the root of the checkout, and nothing of the caller's Python in the way.
# shellcheck shell=bash
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# What belongs to another environment of the caller's must not reach ours. Settings of their own network (a mirror,
# a proxy, a certificate) must: those of pip's variables stay, the others would change where and what it installs.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV __PYVENV_LAUNCHER__ NODE_ENV
for name in $(compgen -A export PIP_ || true); do
    case $name in
        PIP_*INDEX* | PIP_FIND_LINKS | PIP_TRUSTED_HOST | PIP_*CERT | PIP_PROXY) ;;
        PIP_*TIMEOUT | PIP_RETRIES | PIP_*CACHE_DIR | PIP_CONFIG_FILE | PIP_KEYRING_PROVIDER) ;;
        *) unset "$name" ;;
    esac
done

say() {
    printf 'hubbub: %s\n' "$*" >&2
}

give_up() {
    say "$*"
    exit 1
}

# A stamp file holds the fingerprint of what was last made, so a second run has nothing to do.
# Contents, not times: a clone, a branch switch or a touched file must not cost a build, nor hide the need of one.
fingerprint() {
    cksum "$@" | cksum
}

is_current() { # STAMP FINGERPRINT
    [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

stamp() { # STAMP FINGERPRINT
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1"
}
