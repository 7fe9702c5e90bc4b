#!/usr/bin/env bash
# Every test. Without arguments in three parts side by side, for each leaves a processor idle at times: two that need the
# engine, whose output comes when all is done, and the others with lint. With CI=true tests/e2e and the attacks under
# gVisor, after all that. Arguments are pytest's, for one run.
set -uo pipefail

cd "$(dirname "$0")/.."
pytest=(.venv/bin/python -m pytest)
(($#)) && exec "${pytest[@]}" "$@"

logs=$(mktemp -d)
# Each part in a process group of its own, so that its end reaches the tests and not their shell alone.
set -m
trap 'for part in $(jobs -p); do kill -- "-$part" 2>/dev/null; done; rm -rf "$logs"' EXIT
echo "tests: those that need the engine run beside the others; what they say follows at the end"
# In these folders alone (tests/conftest.py), each in one of the two.
with_engine() { "${pytest[@]}" -m "docker or e2e" -p no:cacheprovider "$@"; }
with_engine tests/contract tests/docker tests/e2e --ignore=tests/e2e/test_gvisor.py >"$logs/engine" 2>&1 &
engine=$!
{ # One after the other: who is watched in the first would take processors from the second.
    with_engine tests/failures
    failures_rc=$?
    with_engine tests/attacks || exit $?
    exit $failures_rc
} >"$logs/harm" 2>&1 &
harm=$!
make --no-print-directory lint >"$logs/lint" 2>&1 &
lint=$!
"${pytest[@]}" -m "not (docker or e2e)"
others_rc=$?
wait "$lint"
lint_rc=$?
echo "tests: lint, types and import rules"
cat "$logs/lint"
wait "$harm"
harm_rc=$?
echo "tests: with the engine, failures and attacks"
cat "$logs/harm"
wait "$engine"
engine_rc=$?
echo "tests: with the engine, the rest"
cat "$logs/engine"
gvisor_rc=0
if [[ ${CI:-} == true ]]; then
    make --no-print-directory test-gvisor
    gvisor_rc=$?
else
    echo "tests: tests/e2e and the attacks under gVisor are not among these: make test-gvisor, as CI does"
fi
echo "tests: exit status $lint_rc of lint, $others_rc without the engine, $harm_rc of failures and attacks, $engine_rc of the rest with the engine, $gvisor_rc under gVisor"
exit $((lint_rc ? lint_rc : others_rc ? others_rc : harm_rc ? harm_rc : engine_rc ? engine_rc : gvisor_rc))
