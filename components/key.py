"""The customer-managed key: RSA, wrap and unwrap only, with a rotation policy."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pulumi

from components.arguments import checks, names
from components.arguments.checks import Tags
from components.arguments.inputs import Arguments, ComponentArguments, Rule, argument, read
from components.component import Component
from components.declared import Declaration, Declare, Registering
from components.references import KeyReference, VaultReference, vault_at
from components.vault_writes import in_turn
from core import arm_ids, demands, kinds
from core import resource_types as types
from core.service.problem import Problem

RSA, RSA_HSM = demands.KEY_TYPES
EXPIRES_AFTER_DAYS = 730
ROTATES_AFTER_DAYS = 540
# A `pulumi up` must bind the new version before the old one expires (demands.EXPIRED).
DAYS_TO_REBIND = 30
# Azure makes no new version sooner (azure/key-vault/keys/how-to-configure-key-rotation). It takes an expiry
# of 28 days, which leaves no room for both.
LEAST_ROTATION_DAYS, MOST_ROTATION_DAYS = 7, 3620
LEAST_EXPIRY_DAYS, MOST_EXPIRY_DAYS = LEAST_ROTATION_DAYS + DAYS_TO_REBIND, 3650
NOTIFIES_BEFORE_EXPIRY_DAYS = 30


def _rotation_before_expiry(key: "MadeKeyArguments") -> Iterator[Problem]:
    expires, rotates = key.expires_after_days, key.rotates_after_days
    if rotates > expires - DAYS_TO_REBIND:
        yield Problem(
            "rotatesAfterDays",
            f"found {rotates}, with expiry after {expires} days; expected at most "
            f"{expires - DAYS_TO_REBIND}: {demands.EXPIRED}, and it takes a `pulumi up` to bind the next one",
        )


@dataclass(frozen=True, kw_only=True)
class MadeKeyArguments(Arguments):
    """The properties of a key made here, and when the vault rotates it: early enough for a new version to be
    bound before the old one expires."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_rotation_before_expiry,)

    type: str = argument(RSA, choices=demands.KEY_TYPES)
    """Optional. `RSA` (default), which software protects, or `RSA-HSM`, which hardware protects, in a vault
    of tier `premium`. A key keeps the type that it was made with."""
    size: int = argument(demands.KEY_SIZE, choices=kinds.KEY_SIZES)
    """Optional. Bits of the key: 2048 by default; for accounts of kind AIServices also 3072 or 4096. A key
    keeps the size that it was made with."""
    expires_after_days: int = argument(
        EXPIRES_AFTER_DAYS, minimum=LEAST_EXPIRY_DAYS, maximum=MOST_EXPIRY_DAYS
    )
    """Optional. Days until a version made by rotation expires; 730 by default. Applied when the key is
    made."""
    rotates_after_days: int = argument(
        ROTATES_AFTER_DAYS, minimum=LEAST_ROTATION_DAYS, maximum=MOST_ROTATION_DAYS
    )
    """Optional. Days after which the vault creates a new version automatically; 540 by default. `pulumi up`
    binds it. Applied when the key is made."""


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyArgs(MadeKeyArguments, ComponentArguments):
    """Inputs of EncryptionKey."""

    vault_id: pulumi.Input[str] = argument(check=checks.resource_id(arm_ids.VAULT))
    """Required. ARM id of the vault the key is in."""
    key_name: str = argument("", check=names.KEY.checked)
    """Optional. Unique in its vault; default `cmk-<name>`."""
    tags: Tags | None = None
    """Optional. Tags of the key."""

    def completed(self) -> Self:
        """The arguments with the key's name."""
        return dataclasses.replace(
            self, key_name=self.key_name or names.derived("key", self, argument="keyName")
        )


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
