#!/bin/bash
# The life of an account and its key, through the az CLI: life.sh NAME ACCESS DEPLOYER.
# Prints one JSON object per step. ACCESS is `policy` or `role`; DEPLOYER is the object id of the login.
set -euo pipefail
name=$1 access=$2 deployer=$3
group=rg-$name account=lang-$name vault=kv-$name other_vault=kv-$name-2 key=cmk location=westeurope

refused() {  # STEP COMMAND...: the code in the text of the refusal
  local step=$1 text
  shift
  if text=$("$@" 2>&1 >/dev/null); then
    echo "{\"step\": \"$step\", \"refused\": null}"
  else
    echo "{\"step\": \"$step\", \"refused\": \"$(sed -nE 's/^ERROR: \(([A-Za-z]+)\) .*/\1/p' <<<"$text" | head -n 1)\"}"
  fi
}

make_vault() {  # NAME OPTION...
  az keyvault create --name "$1" --resource-group "$group" --location "$location" --retention-days 7 \
    --enable-rbac-authorization "$([ "$access" = role ] && echo true || echo false)" --no-self-perms true "${@:2}"
  if [ "$access" = policy ]; then
    az keyvault set-policy --name "$1" --object-id "$deployer" --key-permissions all purge --output none
  fi
}

grant() {
  if [ "$access" = policy ]; then
    az keyvault set-policy --name "$vault" --object-id "$principal" --key-permissions get wrapKey unwrapKey --output none
  else
    assignment=$(az role assignment create --role "Key Vault Crypto Service Encryption User" --scope "$vault_id" \
      --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal --query id --output tsv)
  fi
}

revoke() {
  if [ "$access" = policy ]; then
    az keyvault delete-policy --name "$vault" --object-id "$principal" --output none
  else
    az role assignment delete --ids "$assignment" --output none
  fi
}

encrypt() {  # ENCRYPTION
  az cognitiveservices account update --name "$account" --resource-group "$group" --encryption "$1" --output none
}

bind() {  # VERSION
  encrypt "{\"keySource\": \"Microsoft.KeyVault\", \"keyVaultProperties\":
    {\"keyVaultUri\": \"$vault_uri\", \"keyName\": \"$key\", \"keyVersion\": \"$1\"}}"
}

say_binding() {  # STEP: what the account itself says of its encryption
  az cognitiveservices account show --name "$account" --resource-group "$group" --query "properties.encryption.{
    step: '$1', keySource: keySource, key: keyVaultProperties && join('', [keyVaultProperties.keyVaultUri, 'keys/',
    keyVaultProperties.keyName, '/', keyVaultProperties.keyVersion])}"
}

az login --service-principal --username "$AZURE_CLIENT_ID" --password="$AZURE_CLIENT_SECRET" \
  --tenant "$AZURE_TENANT_ID" --output none
az account set --subscription "$AZURE_SUBSCRIPTION_ID"

az group create --name "$group" --location "$location" --query "{step: 'create group', state: properties.provisioningState}"

make_vault "$vault" --enable-purge-protection true --query "properties.{step: 'create vault',
  softDelete: enableSoftDelete, purgeProtection: enablePurgeProtection, rbac: enableRbacAuthorization}"
vault_id=$(az keyvault show --name "$vault" --query id --output tsv)
vault_uri=$(az keyvault show --name "$vault" --query properties.vaultUri --output tsv)
{ read -r first; read -r modulus; } < <(az keyvault key create --vault-name "$vault" --name "$key" --kty RSA --size 2048 \
  --ops wrapKey unwrapKey --query "[key.kid, key.n]" --output tsv)
modulus=$(sed -e "s/^b'//" -e "s/'$//" <<<"$modulus")  # az prints it as Python shows bytes: b'...'
bits=$((8 * $(base64 --decode <<<"$modulus" | wc -c)))
echo "{\"step\": \"create key\", \"key\": \"$first\", \"bits\": $bits}"

az cognitiveservices account create --name "$account" --resource-group "$group" --location "$location" \
  --kind TextAnalytics --sku S --custom-domain "$account" --assign-identity --yes \
  --query "{step: 'create account', state: properties.provisioningState, principal: identity.principalId}"
principal=$(az cognitiveservices account identity show --name "$account" --resource-group "$group" \
  --query principalId --output tsv)

grant
echo '{"step": "grant access"}'
bind "${first##*/}"
say_binding "bind"

second=$(az keyvault key rotate --vault-name "$vault" --name "$key" --query key.kid --output tsv)
echo "{\"step\": \"rotate key\", \"key\": \"$second\"}"
bind "${second##*/}"
say_binding "bind to the new version"

make_vault "$other_vault" --output none
backup=$(mktemp -u)
trap 'rm -f "$backup"' EXIT
az keyvault key backup --vault-name "$vault" --name "$key" --file "$backup" --output none
az keyvault key restore --vault-name "$other_vault" --file "$backup" --output none
az keyvault key list-versions --vault-name "$other_vault" --name "$key" \
  --query "{step: 'restore key from backup', versions: [].kid}"
refused "restore key where it is" az keyvault key restore --vault-name "$other_vault" --file "$backup"

revoke
echo '{"step": "revoke access"}'
refused "bind without access" bind "${first##*/}"
grant
echo '{"step": "restore access"}'
bind "${second##*/}"
say_binding "bind again"

encrypt '{"keySource": "Microsoft.CognitiveServices"}'
say_binding "unbind"

az cognitiveservices account delete --name "$account" --resource-group "$group" --output none
az cognitiveservices account purge --name "$account" --resource-group "$group" --location "$location" --output none
az cognitiveservices account list-deleted --query "{step: 'delete and purge account', left: [].name}"

az keyvault key delete --vault-name "$vault" --name "$key" --query "{step: 'delete key', recoveryId: recoveryId}"
refused "purge key" az keyvault key purge --vault-name "$vault" --name "$key"

az keyvault delete --name "$vault" --resource-group "$group" --output none
az keyvault delete --name "$other_vault" --resource-group "$group" --output none
az keyvault purge --name "$other_vault" --location "$location" --output none
az keyvault list-deleted --resource-type vault --query "{step: 'delete vaults', left: [].name}"
refused "purge vault" az keyvault purge --name "$vault" --location "$location"

az group delete --name "$group" --yes --output none
az group list --query "{step: 'delete group', left: [].name}"
