#!/bin/sh
# Compiles the sandbox's Java into one jar: compile_jvm.sh SOURCES JAR JARS_FOLDER... (needs a JDK 17).
# javac against the very jars that run, so that no second list of versions can drift from them.
set -eu

sources=$1
jar=$2
shift 2
classpath=
for folder in "$@"; do
    classpath="$classpath:$folder/*"
done
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
find "$sources" -name '*.java' | sort >"$out/sources"
mkdir "$out/classes"
javac -nowarn -proc:none --release 17 -encoding UTF-8 -cp "${classpath#:}" -d "$out/classes" "@$out/sources"
java -cp "$out/classes$classpath" geoscope.spatial.EngineFunctionList "$out/classes"
jar --create --file "$out/made.jar" --date=2001-09-09T01:46:40Z -C "$out/classes" .
# A fixed time: the JVM's class archive is valid only for jars with the times that it saw.
touch -d 2001-09-09T01:46:40Z "$out/made.jar"
mv "$out/made.jar" "$jar"
chmod 644 "$jar"
