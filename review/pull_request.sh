#!/usr/bin/env bash
# The preview of a stack and its encryption review, as every pipeline and `make review` run them.
#
#   review/pull_request.sh STACK FOLDER [option of python -m review ...]
#
# Writes into FOLDER: preview.json, events.jsonl (what the policy packs said), errors.txt, comment.md, review.json.
# Ends with the review's exit code: 0 nothing or notes, 3 needs a named approval, 4 blocked, 2 cannot review.
# Wants the engine on PATH and a login to Azure in the environment; knows neither where it runs nor which cloud it is.
set -euo pipefail
stack=${1:?wanted: review/pull_request.sh STACK FOLDER}
folder=${2:?wanted: review/pull_request.sh STACK FOLDER}
shift 2
mkdir -p "$folder"
rm -f "$folder"/{preview.json,events.jsonl,errors.txt,comment.md,review.json}
python=${PYTHON:-.venv/bin/python}
approvals=encryption-approvals.yaml

# The option --event-log is there only with PULUMI_DEBUG_COMMANDS; --json alone leaves out what policy packs say.
PULUMI_DEBUG_COMMANDS=true pulumi preview --stack "$stack" --non-interactive --color never --json --show-sames \
  --policy-pack "${POLICY_PACK:-policies}" --event-log "$folder/events.jsonl" \
  >"$folder/preview.json" 2>"$folder/errors.txt" || {
  echo "review: the preview failed; the review says why as far as the engine tells" >&2
  tail -n 20 "$folder/errors.txt" >&2
}
options=(--markdown "$folder/comment.md" --json "$folder/review.json")
if [[ -f "$folder/events.jsonl" ]]; then options+=(--policies "$folder/events.jsonl"); fi
if [[ -f $approvals ]]; then options+=(--approvals "$approvals"); fi
exec "$python" -m review "$folder/preview.json" "${options[@]}" "$@"
