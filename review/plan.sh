#!/usr/bin/env bash
# The preview of a stack, with its plan. This runs the program, so that nothing it writes is trusted: review/judge.sh
# makes the review of it, in a job that does not run the program.
#
#   review/plan.sh STACK FOLDER
#
# Writes into FOLDER: preview.json, events.jsonl (what the policy packs said), plan.json (none where the preview
# failed), errors.txt. Needs the engine on PATH and a login to Azure in the environment.
set -euo pipefail
stack=${1:?usage: review/plan.sh STACK FOLDER}
folder=${2:?usage: review/plan.sh STACK FOLDER}
mkdir -p "$folder"
rm -f "$folder"/{preview.json,events.jsonl,plan.json,errors.txt}

config=.pulumi/policy-config.json
"${PYTHON:-.venv/bin/python}" -m policies.configuration policy-config.yaml "$config"
# The option --event-log is there only with PULUMI_DEBUG_COMMANDS; --json alone leaves out what policy packs say.
PULUMI_DEBUG_COMMANDS=true pulumi preview --stack "$stack" --refresh --non-interactive --color never --json --show-sames \
  --policy-pack "${POLICY_PACK:-policies}" --policy-pack-config "$config" \
  --event-log "$folder/events.jsonl" --save-plan "$folder/plan.json" \
  >"$folder/preview.json" 2>"$folder/errors.txt" || {
  echo "review: the preview failed; the review shows why as far as the engine says" >&2
  tail -n 20 "$folder/errors.txt" >&2
  "$(dirname "$0")/gone.sh" "$stack" "$folder/preview.json" "$folder/errors.txt"
}
