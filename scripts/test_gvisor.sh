#!/usr/bin/env bash
# The stories and the attacks with every scope under gVisor; arguments are pytest's.
set -euo pipefail

cd "$(dirname "$0")/.."
tests=(tests/e2e/test_story.py tests/e2e/test_gvisor.py tests/attacks)
if [[ $(docker info --format '{{.CgroupVersion}}') != 2 ]]; then
    # No limit holds there: a scope that forks or fills without end would take this machine along.
    tests+=(--ignore=tests/attacks/test_own_scope.py)
fi
# Judged by what an ordinary kernel shows. gVisor's has a log, a /dev/fuse and a /sys of its own, which these take for the
# host's; and where the agent's socket is a link for a while, these take the attacker's own agent's answer for the other side's.
its_own=("test_engine.py::test_it_is_stopped[make the host's disk a device]"
    "test_engine.py::test_it_is_stopped[read the kernel's log and memory]"
    "test_engine.py::test_it_is_stopped[put a link to the engine's socket where its agent's was]"
    "test_engine.py::test_it_is_stopped[put a link to the victim's socket where its agent's was]"
    "test_network.py::test_it_is_stopped[make a network interface]")
for name in "${its_own[@]}"; do tests+=("--deselect=tests/attacks/$name"); done
export TEST_RUNTIME=runsc
exec .venv/bin/python -m pytest "${tests[@]}" "$@"
