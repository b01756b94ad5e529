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
  # azure-native takes a 404 for a resource that is gone by its code alone, and not Key Vault's KeyNotFound
  # (pulumi-azure-native#4841): the refresh fails before the program runs, which knows the way back.
  if grep -q 'Status=404 ' "$folder/preview.json" "$folder/errors.txt"; then
    echo "review: the refresh failed at a resource that is gone; what the program says of that:" >&2
    pulumi preview --stack "$stack" --non-interactive --color never >&2 || true
  fi
}
