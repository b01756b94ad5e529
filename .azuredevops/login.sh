# Sourced inside an AzureCLI@2 task with addSpnToEnvironment: the login of a service connection with workload identity
# federation, for Pulumi's providers, backend and secrets provider.
#
# With SYSTEM_ACCESSTOKEN, as `$(System.AccessToken)`, the assertion is kept fresh; without it, a step has the one that the
# task began with, which lives for minutes. Source: azure-identity 1.25, _credentials/azure_pipelines.py.
export ARM_USE_OIDC=true ARM_CLIENT_ID="${servicePrincipalId:?expected addSpnToEnvironment: true}"
export ARM_TENANT_ID="${tenantId:?}"
: "${idToken:?expected a connection with workload identity federation}"
ARM_SUBSCRIPTION_ID=$(az account show --query id --output tsv)
export ARM_SUBSCRIPTION_ID AZURE_CLIENT_ID="$ARM_CLIENT_ID" AZURE_TENANT_ID="$ARM_TENANT_ID"

assertion() {
  if [[ -z ${SYSTEM_ACCESSTOKEN:-} ]]; then
    printf '%s' "$idToken"
    return
  fi
  # The token goes by a file descriptor: arguments are readable to every process of the machine.
  curl --silent --show-error --fail --retry 3 --request POST --data '' \
    --header @<(printf 'Authorization: Bearer %s' "$SYSTEM_ACCESSTOKEN") --header 'X-TFS-FedAuthRedirect: Suppress' \
    "${SYSTEM_OIDCREQUESTURI:?}?api-version=7.1&serviceConnectionId=${AZURESUBSCRIPTION_SERVICE_CONNECTION_ID:?}" |
    python3 -I -c 'import json, sys; print(json.load(sys.stdin)["oidcToken"], end="")'
}

source "$(dirname "${BASH_SOURCE[0]}")/../.ci/assertion.sh" "${AGENT_TEMPDIRECTORY:?}"
# The renewal keeps both; the program and the providers have the file alone.
export -n SYSTEM_ACCESSTOKEN idToken
# Each provider process reads the file when it starts.
export ARM_OIDC_TOKEN_FILE_PATH="$AZURE_FEDERATED_TOKEN_FILE"
PATH="$PWD/.pulumi/bin:$PATH"
export PATH PULUMI_SKIP_UPDATE_CHECK=true
