#!/usr/bin/env bash
# Applies a reviewed plan: the engine does what the plan says or refuses.
#
#   review/update.sh STACK PLAN
#
# Needs the engine on PATH and a login to Azure that can write. The preview before the update runs the policy pack again:
# stack rules report too late to stop an update.
set -euo pipefail
stack=${1:?usage: review/update.sh STACK PLAN}
plan=${2:?usage: review/update.sh STACK PLAN}
[[ -f $plan ]] || { echo "update: there is no plan $plan: only a reviewed plan is applied" >&2; exit 2; }
config=.pulumi/policy-config.json
"${PYTHON:-.venv/bin/python}" -m policies.configuration policy-config.yaml "$config"
# The stack's history has the message: which commit, by its title, which plan, and who approved it (docs/evidence.md).
digest=$(sha256sum "$plan" | cut -d ' ' -f 1)
message="$(git log -1 --format=%s 2>/dev/null || true) (plan sha256:$digest${APPROVAL:+; $APPROVAL})"
update_and_refresh() {
  pulumi up --stack "$stack" --yes --refresh --non-interactive --message "$message" \
    --policy-pack "${POLICY_PACK:-policies}" --policy-pack-config "$config" --plan "$plan" &&
    # The account is written before its binding: the nightly look compares with what is there after both.
    pulumi refresh --stack "$stack" --yes --non-interactive
}
output=$(mktemp)
trap 'rm -f "$output"' EXIT
update_and_refresh 2>&1 | tee "$output" || {
  code=$?
  "$(dirname "$0")/gone.sh" "$stack" "$output"
  exit "$code"
}
