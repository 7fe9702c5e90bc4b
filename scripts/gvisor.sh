#!/usr/bin/env bash
# Builds gVisor's runsc and makes it a runtime of the engine on this machine: then `GEOSCOPE_RUNTIME=runsc GEOSCOPE_PEER_UID=any`.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly VERSION=v0.0.0-20260905035102-160fafc42237
readonly PLACE="$PWD/.cache/gvisor/$VERSION"
readonly CONFIG="${DOCKER_CONFIG_FILE:-/etc/docker/daemon.json}"
readonly PID_FILE=/var/run/docker.pid
readonly DEADLINE_S=30

say() { printf 'gvisor: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

find_go() {
    local candidate
    for candidate in go /usr/local/go/bin/go /usr/lib/go/bin/go; do
        if command -v "$candidate" >/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    scripts/apt_install.sh golang-go >&2
    command -v go
}

build() {
    [[ -x $PLACE/runsc ]] && return
    local go
    go=$(find_go) || die "Go is needed to build runsc, and could not be installed"
    say "building runsc $VERSION with $("$go" version | cut -d' ' -f3) (a minute)"
    mkdir -p "$PLACE"
    # Static: the sandbox process runs it in a root of its own, where no library is.
    CGO_ENABLED=0 GOBIN="$PLACE" GOFLAGS=-buildvcs=false timeout 900 "$go" install "gvisor.dev/gvisor/runsc@$VERSION" </dev/null
}

# cgroup v1 keeps the limits of a container where runsc cannot set them; with v2 it can.
arguments() {
    local flags=(--platform=systrap --host-uds=create)
    [[ $(docker info --format '{{.CgroupVersion}}') == 2 ]] || flags+=(--ignore-cgroups)
    printf '%s\n' "${flags[@]}"
}

register() {
    [[ $(id -u) -eq 0 ]] || die "only root can change $CONFIG"
    local changed
    mapfile -t flags < <(arguments)
    changed=$(python3 - "$CONFIG" "$PLACE/runsc" "${flags[@]}" <<'PYTHON'
import json, pathlib, sys

path, runsc, flags = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
config = json.loads(path.read_text()) if path.exists() and path.read_text().strip() else {}
wanted = {"path": runsc, "runtimeArgs": flags}
runtimes = config.setdefault("runtimes", {})
if runtimes.get("runsc") != wanted:
    runtimes["runsc"] = wanted
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(config, indent=2) + "\n")
    fresh.replace(path)
    print("changed")
PYTHON
    )
    [[ -z $changed ]] && knows_it && return
    [[ -r $PID_FILE ]] || die "$CONFIG is written; $PID_FILE is not there, so tell the engine to read it again yourself"
    # The engine reads its runtimes again; containers run on.
    kill -HUP "$(cat "$PID_FILE")"
}

knows_it() { docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q '"runsc"'; }

main() {
    scripts/engine.sh
    mkdir -p .cache/gvisor
    exec 6>.cache/gvisor/lock
    flock -w 900 6 || die "another run holds .cache/gvisor/lock"
    build
    register
    local deadline=$((SECONDS + DEADLINE_S))
    until knows_it; do
        ((SECONDS < deadline)) || die "the engine does not know runsc after ${DEADLINE_S} s: look at its log"
        sleep 0.2
    done
    say "the engine runs runsc $VERSION"
}

main "$@"
