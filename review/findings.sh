#!/usr/bin/env bash
# The evidence of whole subscriptions, and its findings as Markdown, for an issue or a work item.
#
#   review/findings.sh FOLDER SUBSCRIPTION ...
#
# Writes into FOLDER what `operate evidence` writes, and report.md. Ends as that command does: 0 unless a finding is an
# error (1) or it cannot run (2).
set -uo pipefail
folder=${1:?usage: review/findings.sh FOLDER SUBSCRIPTION ...}
shift
mkdir -p "$folder"
"${PYTHON:-.venv/bin/python}" -m operate evidence --subscription "$@" --out "$folder" >"$folder/findings.txt" 2>&1
code=$?
# As code, in which no text of theirs is mark-up or a mention.
{ printf '### Findings of the evidence\n\n' && sed 's/^/    /' "$folder/findings.txt"; } >"$folder/report.md"
exit "$code"
