#!/usr/bin/env bash
# What Spark outside the image needs: Java 17, the jars of sandbox/pom.xml, our own, in .cache/jars.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly JARS="$PWD/.cache/jars"
readonly OURS="$JARS/geoscope-spatial.jar"
readonly PYTHON=.venv/bin/python

say() { printf 'jars: %s\n' "$*" >&2; }

hash_of() { find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

# up_to_date STAMP HASH
up_to_date() { [[ -f $1 && $(cat "$1") == "$2" ]]; }

fetch() {
    local stamp="$JARS/.fetched" want fresh
    want=$(hash_of sandbox/pom.xml)
    up_to_date "$stamp" "$want" && return
    command -v mvn >/dev/null || scripts/apt_install.sh maven
    say "resolving sandbox/pom.xml into $JARS"
    fresh="$JARS.new"
    rm -rf "$fresh"
    mkdir -p "$fresh"
    timeout 900 mvn -B -q -f sandbox/pom.xml dependency:copy-dependencies \
        -DoutputDirectory="$fresh" -DincludeScope=runtime </dev/null >&2
    printf '%s\n' "$want" >"$fresh/.fetched"
    rm -rf "$JARS"
    mv "$fresh" "$JARS"
}

compile() {
    local stamp="$JARS/.compiled" want spark
    want=$(hash_of sandbox/jvm/src sandbox/image/compile_jvm.sh)
    [[ -f $OURS ]] && up_to_date "$stamp" "$want" && return
    command -v javac >/dev/null || scripts/apt_install.sh openjdk-17-jdk-headless
    spark=$($PYTHON -c 'import importlib.util as u; print(u.find_spec("pyspark").submodule_search_locations[0])')
    say "compiling sandbox/jvm"
    sh sandbox/image/compile_jvm.sh sandbox/jvm/src "$OURS" "$spark/jars" "$JARS" >&2
    printf '%s\n' "$want" >"$stamp"
}

command -v java >/dev/null || scripts/apt_install.sh openjdk-17-jre-headless
mkdir -p "$(dirname "$JARS")"
exec 7>"$JARS.lock"
flock -w 900 7 || { say "another run holds $JARS.lock"; exit 1; }
fetch
compile
