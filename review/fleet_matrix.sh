#!/usr/bin/env bash
# Which stacks of a fleet a change touches, in shards for the matrix of a CI. Runs no program of the change: its files are
# read by the code beside this script.
#
#   review/fleet_matrix.sh CHANGE SHARDS CI [SINCE]
#
# CHANGE is the checkout of the change, CI is github or azure-devops, SINCE the git revision to compare with; without it all
# stacks. Prints three lines for a job's outputs: matrix, stacks (all of it, with spaces between) and count.
set -euo pipefail
change=${1:?usage: review/fleet_matrix.sh CHANGE SHARDS CI [SINCE]}
shards=${2:?} ci=${3:?}
root=$(cd "$(dirname "$0")/.." && pwd)
said=$(mktemp)
trap 'rm -f "$said"' EXIT
cd "$change"
code=0
# Without PYTHONSAFEPATH a module of the change would be imported before one of the base.
matrix=$(PYTHONSAFEPATH=1 PYTHONPATH=$root "${PYTHON:-$root/.venv/bin/python}" -m operate fleet matrix \
  --shards "$shards" --ci "$ci" ${4:+--since "$4"} 2>"$said") || code=$?
"$root/review/quoted.sh" matrix <"$said"
if ((code != 0)); then exit "$code"; fi
stacks=$(python3 -I -c '
import json, sys
found = json.load(sys.stdin)
shards = found.get("include", list(found.values()) if "include" not in found else [])
print(" ".join(one["stacks"] for one in shards))' <<<"$matrix")
echo "matrix=$matrix"
echo "stacks=$stacks"
echo "count=$(wc -w <<<"$stacks")"
