"""The customer-managed key: RSA, wrap and unwrap only, with a rotation policy."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.arguments.checks import Tags
from components.arguments.inputs import read
from components.arguments.key_args import EncryptionKeyArgs, MadeKeyArguments
from components.component import Component
from components.declared import Declaration, Declare, Registering
from components.resources.references import KeyReference, VaultReference, vault_at
from components.resources.vault_writes import in_turn
from core import demands
from core import resource_types as types

NOTIFIES_BEFORE_EXPIRY_DAYS = 30


class EncryptionKey(Component):
    """An RSA key that can wrap and unwrap, and nothing else, with a rotation policy.

    Produces: azure-native:keyvault/v20260201:Key. Azure takes its properties when the key is made and ignores
    later changes, and so does this component: change them with `az keyvault key`. Raises ValueError when the
    name breaks Azure's limits.
    """

    key_id: pulumi.Output[str]
    """The key's ARM id, without a version."""

    def __init__(
        self,
        name: str,
        args: EncryptionKeyArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = read(EncryptionKeyArgs, name, args)
        super().__init__(name, opts)
        vault, declare = vault_at(inputs.vault_id), Registering(self.protected_child)
        key = make_key(name, inputs.key_name, inputs, vault, declare, tags=inputs.tags)
        self.key_id = pulumi.Output.from_input(key.id)
        self.register_outputs(self.outputs())


def make_key(
    name: str,
    key_name: str,
    inputs: MadeKeyArguments,
    vault: VaultReference,
    declare: Declare,
    *,
    tags: Tags | None,
    roles: Sequence[pulumi.Resource] = (),
    argument: str = "keyName",
) -> KeyReference:
    """Makes the first version of the key `key_name`, after earlier writes to the vault, and once `roles` on
    it count. `argument` is the path of the argument that names it."""
    given = {
        "resourceGroupName": vault.resource_group_name,
        "vaultName": vault.name,
        "keyName": key_name,
        "tags": tags,
        "properties": {
            "kty": inputs.type,
            "keySize": inputs.size,
            "keyOps": [*demands.KEY_OPERATIONS],
            "rotationPolicy": {
                "attributes": {"expiryTime": f"P{inputs.expires_after_days}D"},
                "lifetimeActions": [
                    _action("rotate", timeAfterCreate=f"P{inputs.rotates_after_days}D"),
                    _action("notify", timeBeforeExpiry=f"P{NOTIFIES_BEFORE_EXPIRY_DAYS}D"),
                ],
            },
        },
    }
    key = Declaration(types.KEY, f"{name}-key", given, argument, "key.id", at=vault.id)
    made = in_turn(
        vault,
        declare,
        key,
        # ARM's PUT leaves an existing key as it is, so the engine would report a change that was never made;
        # and a rotation changes what ARM shows.
        ignore_changes=["properties", "tags"],
        # Deleting this resource would delete the key in the vault, and the data with it.
        retain_on_delete=True,
        # If a key moves, the old one stays in its place, and accounts stay bound to it.
        delete_before_replace=False,
        provider=vault.provider,
        depends_on=[*roles],
        waits_for_access=(name, "key") if roles else None,
    )
    return KeyReference(made.id, vault)


def _action(type: str, **trigger: str) -> dict[str, Any]:
    return {"action": {"type": type}, "trigger": trigger}
