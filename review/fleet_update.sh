#!/usr/bin/env bash
# Applies the reviewed plans of a fleet, in the order of its rings, with proof after each stack.
#
#   review/fleet_update.sh FOLDER DIGEST [option of python -m operate fleet up ...]
#
# STACKS names the stacks, FOLDER/1, 2, ... hold what review/plan.sh wrote for each in turn, and DIGEST is what
# review/plans_digest.sh said of FOLDER when it was reviewed. Needs the engine on PATH and a login to Azure that can write.
set -euo pipefail
folder=${1:?usage: review/fleet_update.sh FOLDER DIGEST [option ...]}
digest=${2:?usage: review/fleet_update.sh FOLDER DIGEST [option ...]}
shift 2
: "${STACKS:?expected the names of the stacks, with spaces between}"
[[ $("$(dirname "$0")/plans_digest.sh" "$folder") == "$digest" ]] ||
  { echo "update: these are not the plans that were reviewed" >&2; exit 2; }
plans=$(mktemp -d)
trap 'rm -rf "$plans"' EXIT
number=0
for stack in $STACKS; do
  number=$((number + 1))
  ln -s "$(realpath "$folder/$number")" "$plans/$stack"
done
"${PYTHON:-.venv/bin/python}" -m operate fleet up --yes --plans "$plans" "$@"
