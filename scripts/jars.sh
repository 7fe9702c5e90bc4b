#!/usr/bin/env bash
# Puts the sandbox's jars and a Java 17 on this machine (for Spark outside the image); `.cache/jars` by default.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly JARS="${GEOSCOPE_JARS_DIR:-$PWD/.cache/jars}"
readonly STAMP="$JARS/.complete"

command -v java >/dev/null || scripts/apt_install.sh openjdk-17-jre-headless
want=$(sha256sum sandbox/pom.xml | cut -d' ' -f1)
[[ -f $STAMP && $(cat "$STAMP") == "$want" ]] && exit 0

command -v mvn >/dev/null || scripts/apt_install.sh maven
printf 'jars: resolving sandbox/pom.xml into %s\n' "$JARS" >&2
fresh="$JARS.new"
rm -rf "$fresh"
mkdir -p "$fresh"
timeout 900 mvn -B -q -f sandbox/pom.xml dependency:copy-dependencies \
    -DoutputDirectory="$fresh" -DincludeScope=runtime </dev/null >&2
printf '%s\n' "$want" >"$fresh/.complete"
rm -rf "$JARS"
mv "$fresh" "$JARS"
