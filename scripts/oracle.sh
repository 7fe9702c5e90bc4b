#!/usr/bin/env bash
# The original, AsterixDB 0.9.8, that SQL++ answers are compared with: start (downloads it once), stop, status, wipe.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly VERSION=0.9.8
readonly ROOT="$PWD/.cache/asterixdb"
readonly HOME_DIR="$ROOT/apache-asterixdb-$VERSION"
readonly CLUSTER="$HOME_DIR/opt/local"
# Three JVMs with little data: small heaps, and the packages that its serialisation opens by reflection on Java 17.
readonly OPENED="--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/sun.nio.ch=ALL-UNNAMED"

say() { printf 'oracle: %s\n' "$*" >&2; }

active() { "$HOME_DIR/bin/asterixhelper" get_cluster_state -quiet >/dev/null 2>&1; }

halt() {
    timeout 120 "$CLUSTER/bin/stop-sample-cluster.sh" </dev/null >"$ROOT/stop.log" 2>&1 ||
        { say "it did not stop, see $ROOT/stop.log"; exit 1; }
}

need() {
    command -v "$1" >/dev/null || { say "$1 is missing: the oracle needs Maven and Java 17"; exit 2; }
}

fetch() {
    [[ -x $HOME_DIR/bin/asterixcc ]] && return
    need mvn
    say "fetching AsterixDB $VERSION (163 MB) into $ROOT"
    mkdir -p "$ROOT"
    timeout 900 mvn -B -q dependency:copy -DoutputDirectory="$ROOT" \
        -Dartifact="org.apache.asterix:asterix-server:$VERSION:zip:binary-assembly" </dev/null >&2
    python3 -m zipfile -e "$ROOT/asterix-server-$VERSION-binary-assembly.zip" "$ROOT"
    chmod +x "$HOME_DIR"/bin/* "$CLUSTER"/bin/*
    # A busy machine must not take a node for dead: a heartbeat every 10 s, lost after 30 of them.
    sed -i -e "s|^command=asterixnc$|&\njvm.args=-Xmx640m $OPENED|" \
        -e 's|^\[cc\]$|&\nheartbeat.max.misses=30|' "$CLUSTER/conf/cc.conf"
}

start() {
    need java
    fetch
    active && return
    halt # What is left of one that lost a node.
    say "starting the sample cluster"
    # setsid: it outlives this shell; without a terminal its own log is the only place that errors go.
    JAVA_OPTS="-Xmx512m $OPENED" setsid "$CLUSTER/bin/start-sample-cluster.sh" </dev/null >"$ROOT/start.log" 2>&1 ||
        { say "it did not start, see $ROOT/start.log"; exit 1; }
}

stop() {
    [[ -x $HOME_DIR/bin/asterixcc ]] || return 0
    halt
}

exec 7>"${TMPDIR:-/tmp}/geoscope-oracle.lock"
flock -w 900 7 || { say "another run holds the lock"; exit 1; }
case "${1:-}" in
    start) start 7>&- ;;
    stop) stop ;;
    status) active && say up || { say down; exit 1; } ;;
    wipe) stop; rm -rf "$CLUSTER/data" "$CLUSTER/logs" ;;
    *) say "usage: scripts/oracle.sh start|stop|status|wipe"; exit 2 ;;
esac
