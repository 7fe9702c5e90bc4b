#!/usr/bin/env bash
# Makes sure that a Docker Engine answers: starts Debian's where none does, and says why when it cannot.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly CACHE="$PWD/.cache"
readonly LOG="$CACHE/dockerd.log"
readonly DEADLINE_S="${ENGINE_DEADLINE_S:-60}"

say() { printf 'engine: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

answers() { timeout 10 docker info >/dev/null 2>&1; }

remedy() {
    die "no Docker Engine answers at ${DOCKER_HOST:-the default socket}. $1"
}

can_install() { [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; }

install_engine() {
    can_install || remedy "As root on Debian this script installs docker.io; here, install a Docker Engine, start it, and add yourself to its group."
    say "installing docker.io from Debian's packages"
    scripts/apt_install.sh docker.io iptables
}

start_engine() {
    [[ $(id -u) -eq 0 ]] || remedy "dockerd is installed but not running; start it as root: systemctl start docker"
    [[ -z ${DOCKER_HOST:-} ]] || remedy "DOCKER_HOST is set, so the engine there has to be started by whoever runs it."
    drop_stale_pid_file
    say "starting dockerd, log in $LOG"
    # A lock of its own (fd 9) would be inherited by dockerd and held for ever: it is closed here.
    setsid nohup dockerd >>"$LOG" 2>&1 </dev/null 9>&- &
    echo $! >"$CACHE/dockerd.pid"
}

drop_stale_pid_file() {
    # After a crash the number may belong to another program, and dockerd then believes that it runs already.
    local file=/var/run/docker.pid
    [[ -f $file ]] || return 0
    [[ $(cat "/proc/$(cat "$file")/comm" 2>/dev/null) == dockerd ]] || rm -f "$file"
}

wait_for_engine() {
    local pid deadline
    pid=$(cat "$CACHE/dockerd.pid")
    deadline=$((SECONDS + DEADLINE_S))
    until answers; do
        kill -0 "$pid" 2>/dev/null || fail_with_log "dockerd ended before it answered"
        ((SECONDS < deadline)) || fail_with_log "dockerd did not answer within ${DEADLINE_S} s"
        sleep 0.3
    done
}

fail_with_log() {
    say "$1; the end of $LOG:"
    tail -n 20 "$LOG" >&2
    exit 1
}

main() {
    if ! answers; then
        mkdir -p "$CACHE"
        exec 9>"$CACHE/engine.lock"
        flock -w "$DEADLINE_S" 9 || die "another run of this script holds $CACHE/engine.lock for more than ${DEADLINE_S} s"
        if ! answers; then
            command -v dockerd >/dev/null && command -v docker >/dev/null || install_engine
            # Debian's package starts the engine itself where there is a service manager.
            answers || { start_engine; wait_for_engine; }
        fi
    fi
    say "$(docker version --format 'Docker Engine {{.Server.Version}} answers')"
}

main "$@"
