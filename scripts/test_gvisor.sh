#!/usr/bin/env bash
# The whole path and the attacks with every scope under gVisor; arguments are pytest's.
set -euo pipefail

cd "$(dirname "$0")/.."
tests=(tests/e2e tests/attacks)
# Containers that these make are not a server's: they have the engine's own runtime, whatever a scope has.
tests+=(--ignore=tests/e2e/test_hostile_notebook.py --ignore=tests/e2e/test_image.py)
# What must succeed in weakened containers is about the attacks, and said of the ordinary kernel.
tests+=(--ignore=tests/attacks/test_weak_container.py)
if [[ $(docker info --format '{{.CgroupVersion}}') != 2 ]]; then
    # No limit holds there: a scope that forks or fills without end would take this machine along.
    tests+=(--ignore=tests/attacks/test_own_scope.py)
    tests+=(--deselect=tests/e2e/test_limits.py::test_a_balloon_takes_the_kernel_only)
fi
export TEST_RUNTIME=runsc
pytest=(.venv/bin/python -m pytest "${tests[@]}")
"${pytest[@]}" "$@" && exit
# Without cgroups a scope may take what another needs: what failed is tried once more, by itself.
echo "gvisor: what failed is tried once more"
exec "${pytest[@]}" --last-failed --last-failed-no-failures=none "$@"
