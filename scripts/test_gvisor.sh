#!/usr/bin/env bash
# The stories and the attacks with every scope under gVisor; arguments are pytest's.
set -euo pipefail

cd "$(dirname "$0")/.."
tests=(tests/e2e/test_story.py tests/e2e/test_gvisor.py tests/attacks)
if [[ $(docker info --format '{{.CgroupVersion}}') != 2 ]]; then
    # No limit holds there: a scope that forks or fills without end would take this machine along.
    tests+=(--ignore=tests/attacks/test_own_scope.py)
fi
export TEST_RUNTIME=runsc
exec .venv/bin/python -m pytest "${tests[@]}" "$@"
