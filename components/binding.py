"""The binding: an account's data at rest is encrypted under one version of one key.

It is made after the grant and deleted with its account; provider/ writes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from components.access import KeyAccess
from components.account import AIServicesAccount
from components.arguments import checks
from components.arguments.inputs import ArgumentRule, ComponentArguments, argument, read
from components.azure_cmk import CustomerManagedKey, KeyVersion
from components.component import Component
from components.key import AUTOMATIC, PINNED, EncryptionKey, pinned_or_automatic
from components.references import vault_of
from core import arm_ids


@dataclass(frozen=True, kw_only=True)
class KeyBindingArgs(ComponentArguments):
    """Inputs of KeyBinding."""

    _RULES: ClassVar[tuple[ArgumentRule, ...]] = (ArgumentRule(pinned_or_automatic, ("pin", "version")),)

    account_id: pulumi.Input[str] = argument(check=checks.resource_id(arm_ids.ACCOUNT))
    """Required. ARM id of the account, which has a system-assigned identity."""
    account_digest: pulumi.Input[str] | None = None
    """Optional. For an account that a program makes with azure-native itself: another value writes the
    binding again, as it must be after each write of such an account."""
    key_id: pulumi.Input[str] = argument(check=checks.key_id)
    """Required. ARM id of the key, without a version."""
    grant_id: pulumi.Input[str]
    """Required. The account's access to the key, `KeyAccess.grant_id`; the binding waits for it."""
    generation: pulumi.Input[int] | None = argument(None, minimum=0)
    """Optional. A higher number makes a new version of the key and binds it; it only counts up."""
    pin: pulumi.Input[str] | None = argument(None, check=checks.key_version)
    """Optional. The version (32 hex digits) to stay on instead of the newest."""
    version: str = argument(PINNED, choices=(PINNED, AUTOMATIC))
    """Optional. "pinned" (default): the account names the version. "automatic", only for an account of kind
    AIServices: it names none and uses the newest by itself."""
    on_delete: str | None = argument(None, choices=("unbind",))
    """Optional. "unbind": deleting the binding puts the account back on Microsoft-managed keys; a destroy
    deletes the binding first. Default: deleting it is an error while the account is bound."""


class KeyBinding(Component):
    """Puts an account's data under the newest version of a key, once the account's identity may use it.

    The binding is protected. Deleting it fails unless `on_delete` is "unbind", because the grant may be
    deleted next, and the account's data would then be out of reach.

    Produces: azure-cmk:index:KeyVersion, azure-cmk:index:CustomerManagedKey.
    """

    key_uri_with_version: pulumi.Output[str]
    """The key and version that the account really is bound to."""

    @classmethod
    def of(
        cls,
        name: str,
        *,
        account: AIServicesAccount,
        key: EncryptionKey,
        grant: KeyAccess,
        generation: pulumi.Input[int] | None = None,
        pin: pulumi.Input[str] | None = None,
        version: str = PINNED,
        on_delete: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> "KeyBinding":
        """Binds an account to a key that its identity was granted, all made by this program."""
        args = KeyBindingArgs(
            account_id=account.account_id,
            key_id=key.key_id,
            grant_id=grant.grant_id,
            generation=generation,
            pin=pin,
            version=version,
            on_delete=on_delete,
        )
        return cls(name, args, opts)

    def __init__(
        self, name: str, args: KeyBindingArgs | Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        inputs = read(KeyBindingArgs, name, args)
        automatic = inputs.version == AUTOMATIC
        super().__init__(name, opts, {"version": AUTOMATIC} if automatic else None)
        key_id = pulumi.Output.from_input(inputs.key_id)
        version = KeyVersion(
            f"{name}-key-version",
            key_id=key_id,
            generation=inputs.generation,
            pin=inputs.pin,
            opts=self.child(),
        )
        binding = CustomerManagedKey(
            f"{name}-binding",
            # The grant is no input of the binding, and still it has to be there before.
            account_id=pulumi.Output.all(inputs.account_id, inputs.grant_id).apply(lambda ids: str(ids[0])),
            key_uri_with_version=version.key_uri if automatic else version.key_uri_with_version,
            vault_id=key_id.apply(vault_of),
            account_digest=inputs.account_digest,
            on_delete=inputs.on_delete,
            opts=self.protected_child(),
        )
        self.key_uri_with_version = binding.key_uri_with_version
        self.register_outputs(self.outputs())
