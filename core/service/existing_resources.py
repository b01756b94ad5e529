"""Existing resources: the vault and the key that a service is to use, and the account that it has.

Pure. Does not own: the calls that read them (provider/service_look.py), nor what the
service demands of a vault and a key (the provider's checkDeployment).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from core import adapters, arm_ids, commands, kind_limits, kinds
from core import resource_types as types
from core.service.desired import ACCESS_POLICY, CLOSED, DISABLED, RBAC, DesiredService
from core.service.problem import Problem
from core.service.state import ServiceState, gives_reading_role


def documented(desired: DesiredService) -> Iterator[str]:
    """What Azure's pages say about the kind of account: its end, and that they list no managed HSM for it."""
    kind, today = desired.account_kind, datetime.now(UTC).date()
    for text, instead in kinds.ends(kind.name, today, whole=True):
        yield f"account {desired.account_name!r}: {text}; {instead}"
    if desired.in_managed_hsm and not kind.hsm:
        yield (
            f"account {desired.account_name!r}: Azure's table of services "
            "(azure/security/fundamentals/encryption-customer-managed-keys-support) lists no managed HSM for "
            f"{kind.product}: Azure may refuse such a key. A premium vault has keys in hardware, too"
        )


def upgraded(service: ServiceState) -> Iterator[str]:
    """What an upgrade of Azure OpenAI to Foundry asks for: one that Azure plans, or that this update makes or
    records (azure/foundry/how-to/upgrade-azure-openai, 2026-01-07)."""
    desired, before, account = service.desired, service.before, service.before.account
    if account is None:
        return
    plan, becomes = service.live.upgrade.text, desired.account_kind.becomes
    if plan and becomes and desired.foundry_auto_upgrade != DISABLED:
        yield (
            f"account {account.name!r}: {plan}; set kind: {becomes} then, or "
            f"foundryAutoUpgrade: {DISABLED} now, which opts it out"
        )
    if not kind_limits.is_way_back(desired.kind, before.outputs.kind):
        return
    if before.is_bound and account.kind.lower() != desired.kind.lower():
        yield (
            f"account {account.name!r} is under a customer's key: Azure upgrades such an account by request "
            "only; the form is in learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai"
        )
    part = "account-endpoint"
    if before.has(types.PRIVATE_ENDPOINT, part):
        yield (
            f"the private endpoint of account {account.name!r} has no addresses of Foundry until it is made "
            f"anew: after this update run `pulumi up --target-replace '**::{before.name}-{part}' "
            "--target-dependents`. Until it is there again, nobody reaches the account through it"
        )


def closed_before_rotation(service: ServiceState) -> Iterator[Problem]:
    """The update would close the vault's network, and then make a version of its key on its data plane, which
    fails once the vault is closed. That nobody reaches a vault that is closed already, the provider tells."""
    desired, vault = service.desired, service.before.vault
    if not desired.makes_vault or vault is None or not service.before.has(types.KEY_VERSION, "key-version"):
        return
    if service.rotates and desired.network == CLOSED and not vault.network.is_disabled:
        yield Problem(
            "key.generation",
            f"rises to {desired.key.generation} in the update that closes the network of vault "
            f"{vault.name!r}, after which no version of its key can be made from here. Rotate first, with "
            "network.access as it was; then close the network in an update of its own",
        )


def other_vault(service: ServiceState) -> Iterator[Problem]:
    """The existing vault has another access model than the declared one, or already has the key that is to be
    made. The provider judges whether it can hold the key at all."""
    place, desired, vault = service.place, service.desired, service.live.vault
    if desired.makes_vault or vault is None:
        return
    found = adapters.vault(vault)
    model = RBAC if found.uses_rbac else ACCESS_POLICY
    if not found.is_managed_hsm and model != desired.access_model:
        yield Problem(
            "accessModel",
            f"found {desired.access_model!r}, but the vault {found.name!r} grants by {model!r}; set "
            f"accessModel: {model}",
        )
    is_own = service.before.bound_to == place.names
    if service.live.key is not None and place.makes_key and not is_own:
        yield Problem(
            "key.name",
            f"the vault {found.name!r} already has a key {place.key_name!r}; to use it, leave key.name "
            f"out and set key.id: {place.key_id}; to make another, give another key.name",
        )


def other_key(service: ServiceState) -> Iterator[Problem]:
    """The service's key has another type or size than is declared, and keeps both: a rotation changes neither
    (observed)."""
    key, desired, place = service.live.key, service.desired, service.place
    if key is None or not desired.makes_key:
        return
    found = adapters.key_version(key)
    way_out = "or give another key.name: a new key is made, and the account moves to it"
    for name, has, wanted in (("type", found.type, desired.key.type), ("size", found.size, desired.key.size)):
        if has not in (None, wanted):
            yield Problem(
                f"key.{name}",
                f"found {wanted!r}, but key {place.key_name!r} has {has!r}, and a key keeps its type and "
                f"size; set key.{name}: {has}, {way_out}",
            )


def operator_has_access(service: ServiceState) -> Iterator[Problem]:
    """A key operator has an access to the vault that another program or a person gave, and a vault has one
    access for each identity."""
    for object_id, existing_id in service.live.operators.items():
        if not service.recovers:
            owned = existing_id if service.desired.makes_vault else ""
            yield Problem("vault.keyOperators", leave_operator_out(object_id, owned))


def leave_operator_out(operator: str, existing_id: str) -> str:
    """The way out if a key operator has the access already. `existing_id` is that of the access in a vault
    that the service makes, whose owner may delete it; "" for a vault of others."""
    text = (
        "the key operator has this access already, from another program or person, who may delete it. Leave "
        f"{operator} out of vault.keyOperators here, which is `deployer` for the identity that deploys, and "
        "name it only in the program that owns the vault"
    )
    if not existing_id:
        return text
    vault, _, object_id = existing_id.partition("/accessPolicy/")
    delete = f"az role assignment delete --ids {existing_id}"
    if object_id:
        delete = f"az keyvault delete-policy --name {arm_ids.name_of(vault)} --object-id {object_id}"
        delete += commands.in_subscription(vault)
    return f"{text}. Or, if nobody else relies on it, run `{delete}` and then the same command again"


def absent_key(service: ServiceState) -> Iterator[Problem]:
    """The named key does not exist, although its vault does."""
    place, live, before = service.place, service.live, service.before
    is_named = service.desired.key.id is not None and not before.is_bound
    is_absent = live.vault is not None and live.key is None and "key" not in live.unread
    if is_named and is_absent and not gives_reading_role(service.desired, before):
        yield Problem(
            "key.id",
            f"there is no key {place.key_name!r} in {place.noun} {arm_ids.name_of(place.vault_id)!r}; "
            "correct it, or make the key first; if it was deleted, run `az keyvault key recover "
            f"{place.cli_options}`",
        )


def unreadable_account(service: ServiceState) -> Iterator[Problem]:
    """The login may not read which key the stack's account has, so it may not write the account."""
    account = service.before.account
    if account is not None and "account" in service.live.unread:
        yield Problem(
            "accountName",
            f"whether account {account.name!r} is under its key is unknown, because this login may not "
            f"read it: ask for Microsoft.CognitiveServices/accounts/read at {account.id}, or, if a "
            "deny assignment forbids it, have that assignment changed",
        )
