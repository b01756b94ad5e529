#!/usr/bin/env bash
# The preview of a stack and its encryption review in one go, as `make review` and the nightly look run them. A pipeline
# that judges other people's changes runs the two halves in two jobs: see docs/pull-requests.md.
#
#   review/pull_request.sh STACK FOLDER [option of python -m review ...]
#
# Ends with the review's exit code: 0 nothing or notes, 3 needs a named approval, 4 blocked, 2 cannot review.
set -euo pipefail
stack=${1:?usage: review/pull_request.sh STACK FOLDER}
folder=${2:?usage: review/pull_request.sh STACK FOLDER}
shift 2
here=$(dirname "$0")
"$here/plan.sh" "$stack" "$folder"
exec "$here/judge.sh" "$stack" "$folder" "$folder" "$@"
