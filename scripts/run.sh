#!/usr/bin/env bash
# Sets up what the server needs and serves: with an engine in containers, without one by the driver `process`.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly OWN_IMAGE=geoscope-sandbox

say() { printf 'run: %s\n' "$*" >&2; }

engine_answers() { timeout 10 docker info >/dev/null 2>&1; }

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
elif engine_answers; then
    in_containers
elif [[ ${GEOSCOPE_DRIVER:-auto} == docker ]]; then
    scripts/engine.sh
    in_containers
else
    say "no Docker Engine answers; make engine gets Debian's, and then every scope has a container of its own"
    on_the_host
fi
exec .venv/bin/python -m control
