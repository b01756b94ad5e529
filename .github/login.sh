# Sourced by a step of a workflow with `id-token: write`: the login to Azure for Pulumi's backend and secrets provider, whose
# assertion is kept fresh. The providers themselves ask GitHub for one whenever they need it (ARM_USE_OIDC).
export AZURE_CLIENT_ID="$ARM_CLIENT_ID" AZURE_TENANT_ID="$ARM_TENANT_ID"
: "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:?the job needs id-token: write}"

assertion() {
  # The token goes by a file descriptor: arguments are readable to every process of the machine.
  curl --silent --show-error --fail --retry 3 \
    --header @<(printf 'Authorization: bearer %s' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN") \
    "${ACTIONS_ID_TOKEN_REQUEST_URL:?}&audience=api://AzureADTokenExchange" |
    python3 -I -c 'import json, sys; print(json.load(sys.stdin)["value"], end="")'
}

source "$(dirname "${BASH_SOURCE[0]}")/../.ci/assertion.sh" "${RUNNER_TEMP:?}"
PATH="$PWD/.pulumi/bin:$PATH"
export PATH PULUMI_SKIP_UPDATE_CHECK=true
