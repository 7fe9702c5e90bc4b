#!/bin/sh
# The container's first process (after the engine's init): points numba at kernels compiled for this processor, then the agent.
set -eu

baseline() {
    flags=" $(grep -m 1 -E '^flags' /proc/cpuinfo | cut -d: -f2) "
    for wanted in avx avx2 bmi1 bmi2 f16c fma abm movbe xsave; do
        case $flags in *" $wanted "*) ;; *) echo x86-64-v2 && return ;; esac
    done
    echo x86-64-v3
}

case $(uname -m) in
x86_64) NUMBA_CPU_NAME=$(baseline) ;;
*) NUMBA_CPU_NAME=generic ;;
esac
# Set and empty: else numba adds this machine's own features to the key of its cache.
NUMBA_CPU_FEATURES=
# numba does not use a cache that it cannot write to, and the image is read-only.
NUMBA_CACHE_DIR=/tmp/numba
mkdir -p "$NUMBA_CACHE_DIR"
cp -r "/opt/geoscope/numba/$NUMBA_CPU_NAME/." "$NUMBA_CACHE_DIR/"
export NUMBA_CPU_NAME NUMBA_CPU_FEATURES NUMBA_CACHE_DIR
exec "$@"
