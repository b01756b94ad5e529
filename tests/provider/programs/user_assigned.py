"""An account bound in its create, with plain resources: grant, access in effect, then the account.

What Resource Manager cannot show (whether the role counts in the vault yet) is tried: the account's create is
made again by its `on_error` hook, as long as Azure refuses it for access that may not count yet.
"""

from __future__ import annotations

import asyncio

import pulumi
from pulumi_azure_native import authorization, cognitiveservices, keyvault, managedidentity, resources

from core.refusals import RefusalKind, kind_of_text
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER


class KeyAccessValidation(pulumi.CustomResource):
    """`azure-cmk:index:KeyAccessValidation`."""

    def __init__(self, name: str, props: pulumi.Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("azure-cmk:index:KeyAccessValidation", name, dict(props), opts)


async def _try_again(failed: pulumi.ErrorHookArgs) -> bool:
    if kind_of_text(failed.errors[0]) is not RefusalKind.PROPAGATING:
        return False
    pulumi.log.info(f"waiting for the access to the key to be in effect: {failed.errors[0]}")
    await asyncio.sleep(1.0)
    return True


client = authorization.get_client_config()
group = resources.ResourceGroup("group", resource_group_name="rg-language", location="westeurope")
identity = managedidentity.UserAssignedIdentity(
    "identity", resource_name_="id-language", resource_group_name=group.name, location="westeurope"
)
vault = keyvault.Vault(
    "vault",
    vault_name="kv-language",
    resource_group_name=group.name,
    location="westeurope",
    properties=keyvault.VaultPropertiesArgs(
        tenant_id=client.tenant_id,
        sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
        enable_rbac_authorization=True,
        enable_purge_protection=True,
    ),
)
key = keyvault.Key(
    "key",
    key_name="language",
    resource_group_name=group.name,
    vault_name=vault.name,
    properties=keyvault.KeyPropertiesArgs(kty="RSA", key_size=2048, key_ops=["wrapKey", "unwrapKey"]),
)
grant = authorization.RoleAssignment(
    "grant",
    scope=key.id,
    role_definition_id=CRYPTO_SERVICE_ENCRYPTION_USER.definition_id(client.subscription_id),
    principal_id=identity.principal_id,
    principal_type="ServicePrincipal",
)
access = KeyAccessValidation(
    "access", {"keyId": key.id, "principalId": identity.principal_id, "grantId": grant.id}
)
account = cognitiveservices.Account(
    "account",
    account_name="lang-language",
    resource_group_name=group.name,
    location="westeurope",
    kind="TextAnalytics",
    sku=cognitiveservices.SkuArgs(name="S"),
    identity=cognitiveservices.IdentityArgs(
        type=cognitiveservices.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
    ),
    properties=cognitiveservices.AccountPropertiesArgs(
        custom_sub_domain_name="lang-language",
        encryption=cognitiveservices.EncryptionArgs(
            key_source="Microsoft.KeyVault",
            key_vault_properties=cognitiveservices.KeyVaultPropertiesArgs(
                key_vault_uri=vault.properties.apply(lambda found: found.vault_uri),
                key_name=key.name,
                key_version=key.key_uri_with_version.apply(lambda uri: uri.rpartition("/")[2]),
                identity_client_id=identity.client_id,
            ),
        ),
    ),
    opts=pulumi.ResourceOptions(
        depends_on=[access],
        hooks=pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("account-access", _try_again)]),
    ),
)
pulumi.export("accountId", account.id)
