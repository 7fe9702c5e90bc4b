#!/usr/bin/env bash
# Runs the proxy of docs/operations/engine-proxy.cfg in the foreground: `engine_proxy.sh SOCKET STATE_DIR`, then DOCKER_HOST=unix://SOCKET.
set -euo pipefail

cd "$(dirname "$0")/.."
(($# == 2)) || { printf 'usage: %s SOCKET STATE_DIR\n' "$0" >&2; exit 2; }
command -v haproxy >/dev/null || scripts/apt_install.sh haproxy
export GEOSCOPE_PROXY_SOCKET="$1" GEOSCOPE_STATE_DIR="$2"
export GEOSCOPE_PROXY_CONFINED="${GEOSCOPE_PROXY_CONFINED:-docs/operations/engine-proxy.confined}"
export GEOSCOPE_ENGINE_SOCKET="${GEOSCOPE_ENGINE_SOCKET:-/var/run/docker.sock}"
exec haproxy -db -f docs/operations/engine-proxy.cfg
