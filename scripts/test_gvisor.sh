#!/usr/bin/env bash
# The stories and the attacks with every scope under gVisor; arguments are pytest's.
set -euo pipefail

cd "$(dirname "$0")/.."
# What must succeed in weakened containers is about the attacks, and said of the ordinary kernel.
tests=(tests/e2e/test_story.py tests/e2e/test_gvisor.py tests/attacks --ignore=tests/attacks/test_weak_container.py)
if [[ $(docker info --format '{{.CgroupVersion}}') != 2 ]]; then
    # No limit holds there: a scope that forks or fills without end would take this machine along.
    tests+=(--ignore=tests/attacks/test_own_scope.py)
fi
export TEST_RUNTIME=runsc
pytest=(.venv/bin/python -m pytest "${tests[@]}")
"${pytest[@]}" "$@" && exit
# Without cgroups a scope may take what another needs: what failed is tried once more, by itself.
echo "gvisor: what failed is tried once more"
exec "${pytest[@]}" --last-failed --last-failed-no-failures=none "$@"
