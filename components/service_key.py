"""A service's key: made in a new or an existing vault, or an existing key."""

import pulumi
from pulumi.runtime.sync_await import _sync_await

from components.arguments.inputs import source_resources
from components.as_found import keep_as_found
from components.component import Component, waited_for
from components.guards.plan import ServicePlan
from components.invokes import InvokeError, invoke, is_absent
from components.key import EncryptionKeyArgs, make_key
from components.key_operators import assign_officers
from components.references import KeyReference, VaultReference, key_at, vault_at
from components.service_args import EncryptedAIServicesAccountArgs
from components.vault import KeyVaultArgs, make_vault
from core import arm_ids, facts


def service_key(
    inputs: EncryptedAIServicesAccountArgs,
    preflight: ServicePlan,
    owner: Component,
    *,
    resource_group_name: pulumi.Input[str],
    vault_provider: pulumi.ProviderResource | None,
) -> tuple[KeyReference, list[pulumi.Resource]]:
    """A service's key, with the vault and key that are not there yet made, and the roles of its operators.

    `vault_provider` serves the subscription of an existing vault, if that is another one.
    """
    if inputs.key.id is not None:
        key = key_at(inputs.key.id, vault_provider, _maker(inputs.key.id))
        return key, assign_officers(inputs, preflight, key.vault, owner.child)
    if inputs.vault.id is not None:
        vault = vault_at(inputs.vault.id, vault_provider, _maker(inputs.vault.id))
    else:
        vault = make_vault(
            KeyVaultArgs(
                _name=inputs.name,
                resource_group_name=resource_group_name,
                location=inputs.location,
                tenant_id=preflight.login.tenant_id,
                vault_name=inputs.vault.name,
                access_model=inputs.access_model,
                network=inputs.network,
                tags=inputs.tags,
            ),
            keep_as_found(owner.protected_child, "vault", inputs.as_found),
            recovers=preflight.recovers_vault,
        )
    officers = assign_officers(inputs, preflight, vault, owner.child)
    if preflight.keeps_key and not (preflight.recovers_vault and _lacks(vault, inputs.key.name, owner)):
        # It exists already, and azure-native refuses to create an existing key.
        made: pulumi.Output[str] = pulumi.Output.from_input(vault.id)
        id = made.apply(lambda vault_id: facts.key_id(vault_id, inputs.key.name))
        return KeyReference(id, vault), officers
    key = make_key(
        EncryptionKeyArgs(
            _name=inputs.name,
            vault_id=vault.id,
            key_name=inputs.key.name,
            expires_after_days=inputs.key.expires_after_days,
            rotates_after_days=inputs.key.rotates_after_days,
            tags=inputs.tags,
        ),
        vault,
        # Not protected: deleting it leaves the key in the vault, and a change of its name replaces it.
        owner.child,
        officers,
        preflight.shared.writes,
    )
    return key, officers


def _lacks(vault: VaultReference, key_name: str, owner: Component) -> bool:
    """Whether a vault that this update recovers came back without the key; waits for the vault. A preview
    cannot look."""
    vault_id = waited_for(vault.id)
    if vault_id is None:
        return False
    place = arm_ids.vault_id(vault_id)
    arguments = {"resourceGroupName": place.group, "vaultName": place.name, "keyName": key_name}
    try:
        _sync_await(invoke("azure-native:keyvault:getKey", pulumi.InvokeOptions(parent=owner), **arguments))
    except InvokeError as error:
        if is_absent(str(error)):
            return True
        raise
    return False


def _maker(resource_id: pulumi.Input[str]) -> pulumi.Resource | None:
    """What in this program makes the vault that an id is, or is in; None for a plain id."""
    return next(iter(source_resources(resource_id)), None)
