#!/usr/bin/env bash
# The nightly look at several stacks.
#
#   review/drift_stacks.sh FOLDER
#
# STACKS names the stacks, with spaces between. Writes into FOLDER/1, 2, ... what review/drift.sh writes for each in turn.
# Prints a line for a job's outputs: code, the gravest of all (2 cannot review, 4, 3, 1 something changed, 0). Ends with 0:
# the caller reads the code.
set -euo pipefail
folder=${1:?usage: review/drift_stacks.sh FOLDER}
: "${STACKS:?expected the names of the stacks, with spaces between}"
grave() { case "$1" in 0) echo 0 ;; 1) echo 1 ;; 3) echo 2 ;; 4) echo 3 ;; *) echo 4 ;; esac; }
number=0 worst=0
for stack in $STACKS; do
  number=$((number + 1)) code=0
  "$(dirname "$0")/drift.sh" "$stack" "$folder/$number" >&2 || code=$?
  case "$code" in 0 | 1 | 3 | 4) ;; *) code=2 ;; esac
  if (($(grave "$code") > $(grave "$worst"))); then worst=$code; fi
done
echo "code=$worst"
