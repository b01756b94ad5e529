#!/usr/bin/env bash
# The nightly look at a stack: what was changed outside Pulumi, and which keys have a newer version.
#
#   review/drift.sh STACK FOLDER
#
# Writes into FOLDER what review/pull_request.sh writes, and refresh.json, drift.json and drift.md for what a refresh finds.
# Ends with 0 when nothing was found, 1 when something was; 2, 3 and 4 as the review of the drift says, and 2 as
# well where a review broke off.
set -uo pipefail
stack=${1:?usage: review/drift.sh STACK FOLDER}
folder=${2:?usage: review/drift.sh STACK FOLDER}
mkdir -p "$folder"
python=${PYTHON:-.venv/bin/python}

pulumi refresh --preview-only --stack "$stack" --non-interactive --color never --json --expect-no-changes \
  >"$folder/refresh.json" 2>"$folder/refresh.txt"
refreshed=$?
"$python" -m review "$folder/refresh.json" --markdown "$folder/drift.md" --json "$folder/drift.json"
drifted=$?
# Of a refresh that failed there is no whole review.
if ((refreshed != 0 && drifted != 0)); then
  tail -n 20 "$folder/refresh.txt" | "$(dirname "$0")/quoted.sh" drift
fi
# An update would mend it, and binds what was rotated: its review is the rotation report.
"$(dirname "$0")/pull_request.sh" "$stack" "$folder"
planned=$?
for code in "$drifted" "$planned"; do
  # No review ends with 1, but a program that broke off does, and has not looked at everything.
  if ((code != 0)); then exit "$((code == 1 ? 2 : code))"; fi
done
if ((refreshed != 0)) || grep -q '"rotated"' "$folder/review.json"; then exit 1; fi
