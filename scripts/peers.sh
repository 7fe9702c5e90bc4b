#!/usr/bin/env bash
# A Python for the benchmark's peers, with what pyproject's extra `bench` pins: .cache/peers.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly FOLDER=.cache/peers

wishes() {
    .venv/bin/python - <<'PYTHON'
import tomllib
with open("pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["project"]["optional-dependencies"]["bench"]))
PYTHON
}

want=$(wishes)
[[ -f $FOLDER/.installed && $(cat "$FOLDER/.installed") == "$want" ]] && exit 0
printf 'peers: installing into %s\n' "$FOLDER" >&2
mkdir -p .cache
.venv/bin/python -m venv --clear "$FOLDER"
"$FOLDER/bin/python" -m pip install -q --disable-pip-version-check --timeout 120 --retries 5 $want
printf '%s\n' "$want" >"$FOLDER/.installed"
