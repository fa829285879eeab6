#!/usr/bin/env bash
# Makes .venv from the lock file, with what a bare Debian or Ubuntu lacks. Called by the Makefile;
# running it again does nothing until the lock file changes.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local name
    for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$name" ] && command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

install_package() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        say "This machine lacks $*. Install it (on Debian or Ubuntu: apt-get install $*) and run again."
        exit 1
    fi
    say "Installing $* …"
    apt-get update --quiet >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@" >/dev/null
}

# Programs of every ordinary system that a minimal image may lack. Who is not root runs on a cluster that exists.
missing=()
for pair in ip:iproute2 openssl:openssl nsenter:util-linux git:git; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ "${#missing[@]}" -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    install_package "${missing[@]}"
fi

stamp=.venv/.requirements.lock
if [ -f "$stamp" ] && [ -x .venv/bin/caas ] && cmp --silent "$stamp" requirements.lock; then
    exit 0
fi

python=$(find_python) || { install_package python3 && python=$(find_python); } || {
    say "Python 3.11 or newer is needed; set PYTHON to its path and run again."
    exit 1
}
"$python" -c 'import venv, ensurepip' 2>/dev/null || install_package python3-venv

say "Installing the Python packages of requirements.lock into .venv (about 90 s) …"
rm -f "$stamp"
# One without pip was cut off while it was made.
.venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
# The command by its name, for `make shell` and for pipelines that put .venv/bin on their PATH.
printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -m delivery "$@"\n' "$PWD" "$PWD" >.venv/bin/caas
chmod +x .venv/bin/caas
cp requirements.lock "$stamp"
