# Sourced inside an AzureCLI@2 task with addSpnToEnvironment: the login of a service connection with workload identity
# federation, for Pulumi's providers, backend and secrets provider.
export ARM_USE_OIDC=true ARM_CLIENT_ID="${servicePrincipalId:?expected addSpnToEnvironment: true}"
export ARM_TENANT_ID="${tenantId:?}" ARM_OIDC_TOKEN="${idToken:?expected a connection with workload identity federation}"
ARM_SUBSCRIPTION_ID=$(az account show --query id --output tsv)
AZURE_FEDERATED_TOKEN_FILE=$(mktemp "${AGENT_TEMPDIRECTORY:?}/oidc.XXXXXX")
printf '%s' "$ARM_OIDC_TOKEN" >"$AZURE_FEDERATED_TOKEN_FILE"
export ARM_SUBSCRIPTION_ID AZURE_FEDERATED_TOKEN_FILE AZURE_CLIENT_ID="$ARM_CLIENT_ID" AZURE_TENANT_ID="$ARM_TENANT_ID"
PATH="$PWD/.pulumi/bin:$PATH"
export PATH PULUMI_SKIP_UPDATE_CHECK=true
