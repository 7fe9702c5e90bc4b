#!/usr/bin/env bash
# Every test. Without arguments side by side, for each part leaves a processor idle at times: what needs the engine and
# the attacks, whose output comes when all is done, and beside them the others. With CI=true tests/e2e and the attacks
# under gVisor, after all that. Arguments are pytest's, for one run.
set -uo pipefail

cd "$(dirname "$0")/.."
pytest=(.venv/bin/python -m pytest)
(($#)) && exec "${pytest[@]}" "$@"

logs=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$logs"' EXIT
echo "tests: those that need the engine, and the attacks, run beside the others; what they say follows at the end"
"${pytest[@]}" -m "docker or e2e" --ignore=tests/attacks -p no:cacheprovider >"$logs/engine" 2>&1 &
engine=$!
"${pytest[@]}" -p no:cacheprovider tests/attacks >"$logs/attacks" 2>&1 &
attacks=$!
"${pytest[@]}" -m "not (docker or e2e)"
others_rc=$?
wait "$attacks"
attacks_rc=$?
echo "tests: the attacks"
cat "$logs/attacks"
wait "$engine"
engine_rc=$?
echo "tests: with the engine"
cat "$logs/engine"
gvisor_rc=0
if [[ ${CI:-} == true ]]; then
    scripts/test_gvisor.sh
    gvisor_rc=$?
else
    echo "tests: tests/e2e and the attacks under gVisor are not among these: make test-gvisor, as CI does"
fi
echo "tests: exit status $others_rc without the engine, $attacks_rc of the attacks, $engine_rc with the engine, $gvisor_rc under gVisor"
exit $((others_rc ? others_rc : attacks_rc ? attacks_rc : engine_rc ? engine_rc : gvisor_rc))
