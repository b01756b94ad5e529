"""The binding: an account's data at rest is encrypted under one version of one key.

Owns: that it comes after the grant and goes with its account. Does not own: how it is written (provider/).
"""

from typing import NotRequired, TypedDict

import pulumi

from components.account import Account
from components.cmk_resource import CmkResource
from components.component import Component, Options
from components.key_version import KeyVersion


class CustomerManagedKeyArgs(TypedDict):
    """Inputs of CustomerManagedKey."""

    account_id: pulumi.Input[str]
    """Required. ARM id of the account."""
    key_uri_with_version: pulumi.Input[str]
    """Required. https://VAULT.vault.azure.net/keys/KEY/VERSION."""
    vault_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of the vault; lets the provider check it before it writes."""
    account_digest: NotRequired[pulumi.Input[str] | None]
    """Optional. Any other value writes the binding again."""


class CustomerManagedKey(CmkResource):
    """`azure-cmk:index:CustomerManagedKey` of this project's provider; `id` is the account's."""

    key_uri_with_version: pulumi.Output[str]
    """The key and version that the account really is bound to."""
    key_source: pulumi.Output[str]
    """Microsoft.KeyVault."""

    def __init__(
        self, name: str, args: CustomerManagedKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        outputs = dict.fromkeys(
            (
                "key_source",
                "key_name",
                "key_version",
                "key_vault_uri",
                "principal_id",
                "bound_at",
                "operation_id",
            )
        )
        inputs = {"identity_client_id": None, "vault_id": None, "account_digest": None, **args}
        super().__init__("azure-cmk:index:CustomerManagedKey", name, {**outputs, **inputs}, opts)


class KeyBindingArgs(TypedDict):
    """Inputs of KeyBinding."""

    account: Account
    """Required. The account, which has a system-assigned identity: `LanguageAccount.made`."""
    key_version: KeyVersion
    """Required. The version to bind it to."""
    grant: pulumi.Resource
    """Required. The account's access to the key, `KeyAccess.grant`; the binding waits for it."""
    vault_id: pulumi.Input[str]
    """Required. ARM id of the vault, which the provider checks before it writes."""


def make_binding(name: str, args: KeyBindingArgs, kept: Options) -> CustomerManagedKey:
    """Binds the account, once its identity may use the key."""
    account = args["account"]
    return CustomerManagedKey(
        f"{name}-binding",
        {
            "account_id": account.resource.id,
            "key_uri_with_version": args["key_version"].key_uri_with_version,
            "vault_id": args["vault_id"],
            "account_digest": account.declared_digest,
        },
        kept(depends_on=[args["grant"]], deleted_with=account.resource),
    )


class KeyBinding(Component):
    """Puts an account's data under a key, once the account's identity may use it.

    Produces: azure-cmk:index:CustomerManagedKey. Written again whenever this program writes the account,
    because such a write may unbind it.
    """

    key_uri_with_version: pulumi.Output[str]
    """The key and version that the account really is bound to."""

    def __init__(self, name: str, args: KeyBindingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.key_uri_with_version = make_binding(name, args, self.kept).key_uri_with_version
        self.register_outputs({"keyUriWithVersion": self.key_uri_with_version})
