#!/usr/bin/env bash
# Makes .venv with everything pinned: the control plane, the tools, and the sandbox's Python for tests on this machine.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly STAMP=.venv/.installed

say() { printf 'venv: %s\n' "$*" >&2; }

suitable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3 python3.12 python3.13; do
        if command -v "$candidate" >/dev/null && suitable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    scripts/apt_install.sh python3 >&2
    suitable /usr/bin/python3 || { say "Python 3.11 or newer is needed, and none is installed"; return 1; }
    printf '/usr/bin/python3\n'
}

make_venv() {
    local python
    python=$(find_python)
    # Debian's Python comes without ensurepip; its package python3-venv has it.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || scripts/apt_install.sh python3-venv
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

hash_of_wishes() { cat pyproject.toml sandbox/requirements.txt | sha256sum | cut -d' ' -f1; }

want=$(hash_of_wishes)
[[ -x .venv/bin/python && -f $STAMP && $(cat "$STAMP") == "$want" ]] && exit 0
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv
say "installing (minutes the first time)"
.venv/bin/python -m pip install -q --disable-pip-version-check --timeout 120 --retries 5 \
    -e '.[dev]' -r sandbox/requirements.txt </dev/null
printf '%s\n' "$want" >"$STAMP"
