#!/usr/bin/env bash
# Sets up what the server needs and serves: with an engine in containers, without one by the driver `process`.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly OWN_IMAGE=geoscope-sandbox

say() { printf 'run: %s\n' "$*" >&2; }

in_containers() {
    # Another image than ours is its owner's to build.
    [[ ${GEOSCOPE_IMAGE:-$OWN_IMAGE:latest} != "$OWN_IMAGE":* ]] || scripts/image.sh >/dev/null
}

on_the_host() {
    say "scopes will run as processes of this machine, without isolation, for one user only"
    scripts/jars.sh
}

scripts/venv.sh
if [[ ${GEOSCOPE_DRIVER:-auto} == process ]]; then
    on_the_host
elif scripts/engine.sh; then
    in_containers
elif [[ ${GEOSCOPE_DRIVER:-auto} == docker ]]; then
    exit 1
else
    on_the_host
fi
exec .venv/bin/python -m control
