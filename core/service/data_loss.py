"""Changes that would lose the data at rest, or access to it: refused before anything is written.

Owns: which changes those are, and what would happen to the data. Pure. Does not own: what is wrong with the
arguments by themselves (service_args.py), nor the protection of resources, which is the engine's.
"""

from collections.abc import Callable, Iterator

from core import arm_ids, facts, key_uris, kind_limits, regions
from core import resource_types as types
from core.facts import HOURS_HELD
from core.service.desired import ACCESS_POLICY, MICROSOFT_MANAGED, PRIVATE, RBAC, REVOKED, UNKNOWN
from core.service.problem import Problem
from core.service.recorded import SYSTEM, USER, RecordedService
from core.service.state import ServiceState

_ANOTHER = "make a service of another name, move the data, then remove this one"

Problems = Iterator[Problem]


def _replacement(service: ServiceState, account: facts.Account) -> Problems:
    """What an account keeps for its life."""
    desired = service.desired
    existing = desired.existing_resource_group_name is not None
    group = "existingResourceGroupName" if existing else desired.argument_of("resourceGroup")
    places = {
        "location": (regions.normalised(account.location), regions.normalised(desired.location)),
        group: (arm_ids.group_of(account.id).lower(), desired.group_name.lower()),
    }
    changed = {path: pair for path, pair in places.items() if pair[1] not in (pair[0], UNKNOWN)}
    if not changed and desired.account_name != account.name:
        changed[desired.argument_of("account")] = (account.name, desired.account_name)
    for path, (old, new) in changed.items():
        yield Problem(
            path,
            f"changes from {old!r} to {new!r}, but account {account.name!r} cannot move or be renamed: it "
            f"would be deleted, and its data with it (Azure keeps both for {HOURS_HELD} hours); {_ANOTHER}",
        )


def _kind(service: ServiceState, account: facts.Account) -> Problems:
    """Azure turns an account of Azure OpenAI into a Foundry resource, also by itself, and back only while
    nothing of Foundry is in it (azure/foundry/how-to/upgrade-azure-openai, 2026-01-07)."""
    desired, before = service.desired, service.before
    if not account.kind or not kind_limits.kind_change(account.kind, desired.kind):
        return
    change = f"changes from {account.kind!r} to {desired.kind!r}, but account {account.name!r}"
    if not kind_limits.is_way_back(account.kind, desired.kind):
        yield Problem("kind", f"{change} keeps its kind; {_ANOTHER}")
    elif before.outputs.kind.lower() != account.kind.lower():
        yield Problem(
            "kind",
            f"found {desired.kind!r}, but Azure made account {account.name!r} a Foundry resource: set kind: "
            f"{account.kind}. The account keeps its name, its data and its key",
        )
    elif stays := [*before.projects, *before.models_of_others]:
        yield Problem(
            "kind",
            f"{change} has {', '.join(map(repr, stays))}: Azure takes it back only without projects, "
            "connections and models of other publishers. Remove them in an update before this one",
        )


def _identity(service: ServiceState, account: facts.Account) -> Problems:
    desired, before = service.desired, service.before
    declared = SYSTEM if desired.binds_in_two_phases else USER
    if before.key_identity is None or declared == before.key_identity:
        return
    yield Problem(
        "identity",
        f"the data of account {account.name!r} is under a key that its {before.key_identity}-assigned "
        f"identity can use; with a {declared}-assigned one, that identity and its access are deleted, and "
        "the data is out of reach. Keep the setting as it was, or make another service and move the data",
    )


def _encryption(service: ServiceState, account: facts.Account) -> Problems:
    desired, before = service.desired, service.before
    if before.key_identity is None or desired.encryption != MICROSOFT_MANAGED:
        return
    if account.manages_projects:
        yield Problem(
            "encryption",
            f"changes to {MICROSOFT_MANAGED!r}, but account {account.name!r} manages projects, and Azure's "
            f"page about Foundry says: {kind_limits.PROJECTS_STAY!r}; keep encryption: customerManaged",
        )
    elif desired.access == REVOKED:
        yield Problem(
            "encryption",
            f"changes to {MICROSOFT_MANAGED!r}, but access is {REVOKED!r}, and Azure takes account "
            f"{account.name!r} off its key only while its identity can use that key; set access: granted",
        )
    elif desired.unbind_account != account.name:
        yield Problem(
            "encryption",
            f"changes to {MICROSOFT_MANAGED!r}, which takes account {account.name!r} off your key: no data "
            "is lost, but revoking the key no longer takes the data out of reach. To do that on purpose, "
            f"set unbindAccount: {account.name}, which keeps vault, key and access; if the account is "
            "protected, run `pulumi up` with that change alone first",
        )
    elif before.vault is None and before.key_id and desired.makes_vault:
        path, id = "key.id", before.key_id
        if arm_ids.same(before.made_key_id or "", id):
            path, id = "vault.id", arm_ids.key_id(id).parent.text
        yield Problem(
            path,
            f"account {account.name!r} leaves its key in this update, which would make a vault and a key "
            f"that nobody needs: set {path}: {id}, and remove it together with unbindAccount afterwards",
        )


def _projects(service: ServiceState, account: facts.Account) -> Problems:
    """Projects hold data."""
    desired, before = service.desired, service.before
    named = {name.lower() for name in desired.named_projects}
    for name in before.projects:
        if name.lower() not in named:
            yield Problem(
                "projects",
                f"account {account.name!r} has the project {name!r}, but the settings do not list it: it "
                f"would be deleted with its data. To do that on purpose, set removedProjects: [{name}]; if "
                "the project is protected, run `pulumi up` with that change alone first",
            )


def elsewhere(account: facts.Account, *, tenant_id: str | None, subscription_id: str | None) -> Problems:
    """Refuses a login to another tenant or subscription than the account's. Does not judge None."""
    subscription = arm_ids.subscription_of(account.id)
    if subscription_id and subscription != subscription_id.lower():
        yield Problem(
            "azure-native:subscriptionId",
            f"found {subscription_id}, but account {account.name!r} and its data are in {subscription} and "
            "cannot move: a new account in the other one would have none of the data. Log in to "
            f"{subscription}, or use a separate stack for {subscription_id}",
        )
    if tenant_id and account.tenant_id and account.tenant_id.lower() != tenant_id.lower():
        yield Problem(
            "azure-native:tenantId",
            f"found {tenant_id}, but account {account.name!r} is in {account.tenant_id}; "
            "an identity does not move between tenants, so the key, and with it the data, would be out of "
            f"reach. Log in to {account.tenant_id}",
        )


def _vault(service: ServiceState, account: facts.Account) -> Problems:
    desired, before = service.desired, service.before
    if before.vault is None or before.key_identity is None:
        return
    if not desired.makes_vault:
        if desired.is_revoked:
            yield Problem(
                "key.id" if desired.key.id is not None else "vault.id",
                f"takes account {account.name!r} away from vault {before.vault.name!r}, which would be "
                f"deleted; but access is {REVOKED!r}, and the account stays under the key of that vault "
                "until it can use that key again. Keep the setting as it was until access is granted again",
            )
        return
    if desired.vault.name != before.vault.name:
        yield Problem(
            desired.argument_of("vault"),
            f"changes from {before.vault.name!r} to {desired.vault.name!r}, which deletes the former one "
            f"while the data of account {account.name!r} is under its key. Make the new vault elsewhere and "
            "give its vault.id: the account is then bound to its key before the old vault is deleted. While "
            "the old one is protected, the engine refuses that and prints the commands that allow it",
        )
    model, declared = RBAC if before.vault.uses_rbac else ACCESS_POLICY, desired.access_model
    # If Azure takes no key under Azure RBAC and says so only when the operation fails, the account shows a
    # key that it never used, and another model is the way out.
    failed = account.provisioning_state == "Failed" and model == RBAC and not _has_used_key(before)
    if model != declared and not (desired.is_revoked or failed):  # there is no access to lose
        yield Problem(
            "accessModel",
            f"found {declared!r}, but vault {before.vault.name!r} is under {model!r}: the change removes "
            f"the access of account {account.name!r} to its key before the new access is in effect, and the "
            f"data is out of reach until then; set accessModel: {model}, or make a vault of the model "
            f"{declared!r} elsewhere and give its vault.id: the account is then bound to its key before the "
            "old access goes",
        )


def _has_used_key(before: RecordedService) -> bool:
    """Whether an update has ended well, or the state shows that the account got its key: by the time of its
    binding (removed if somebody else binds the account) or, for an account that was made with its key, by its
    audit, which comes later."""
    if before.outputs.account_id:
        return True
    if before.key_identity == USER:
        return before.has(types.DIAGNOSTIC_SETTING, "account-audit")
    return bool(before.part(types.BINDING, "binding").get("boundAt"))


def _other_vault(service: ServiceState, account: facts.Account) -> Problems:
    desired, before = service.desired, service.before
    if before.bound_to is None or not desired.has_key:
        return
    key_id, vault_id = desired.key.id, desired.vault.id
    path, declared = "vault.name", desired.vault.name
    if key_id:
        path, declared = "key.id", key_uris.place_of(arm_ids.key_id(key_id).parent.text)
    elif vault_id:
        path, declared = "vault.id", key_uris.place_of(vault_id)
    declared = (declared or desired.vault.name).lower()
    if declared and (unmet := kind_limits.vault_change(account.kind, before.bound_to[0], declared)):
        yield Problem(path, f"found {unmet.text}")


def _made_here(service: ServiceState) -> Problems:
    """The settings give a resource that this stack made as an existing one: the engine would delete it,
    because the program no longer declares it."""
    desired, before = service.desired, service.before
    key_id = desired.key.id or ""
    made = before.vault.id if before.vault else None
    group, vault = before.group_name, arm_ids.name_of(made or "")
    workspace = before.part(types.WORKSPACE, "workspace").get("id")
    key = f" and set key.name: {arm_ids.name_of(key_id)}, with vault.name: {vault}"
    named = {
        "existingResourceGroupName": (
            desired.existing_resource_group_name,
            group,
            f" and set resourceGroupName: {group}",
        ),
        "vault.id": (desired.vault.id, made, f" and set vault.name: {vault}"),
        "key.id": (arm_ids.key_id(key_id).parent.text if key_id else "", made, key),
        "audit.workspaceId": (desired.workspace_id, workspace, ""),
    }
    for path, (declared, here, name) in named.items():
        if declared and here and arm_ids.same(declared, here):
            yield Problem(
                path,
                f"{arm_ids.name_of(here)!r} was made by this stack: named as existing, it would be deleted "
                f"with all that is in it or under its keys; leave {path} out{name}",
            )


def _formerly_made(service: ServiceState, account: facts.Account) -> Problems:
    """Earlier versions made the zones of private endpoints, and locks. The record of an endpoint in a zone
    depends on that, and goes from the state with it; the next preview says how it comes back."""
    zones = ("account-zone", "account-openai-zone", "account-services-zone", "vault-zone")
    parts = [(types.LOCK, f"{what}-lock", "lock") for what in ("account", "vault")]
    if service.desired.network == PRIVATE:
        parts += [(types.PRIVATE_ZONE, zone, "network.privateDnsZoneIds") for zone in zones]
    for type, part, path in parts:
        if id := service.before.part(type, part).get("id"):
            way = f". To delete it, run `az lock delete --ids {id}`, and then run `pulumi refresh`"
            way = ", and list its id here" if type == types.PRIVATE_ZONE else way
            yield Problem(
                path,
                f"{id} was made by this stack, which makes none any more, and would be deleted. To keep it, "
                "take it with what depends on it out of the state: `pulumi state delete --target-dependents "
                f"'URN'`, as `pulumi stack --show-urns` lists it{way}",
            )


def no_longer_declared(before: RecordedService, name: str) -> Problem:
    """Refuses a program that declares all of its services and silently leaves a recorded one out."""
    account = before.account.name if before.account else ""
    return Problem(
        "services",
        f"the stack has this service with account {account!r}, but its settings do not list it: the account "
        f"and its data would be deleted. If the service has a new name, set previousName: {name} there. "
        f"If it is to be deleted, set removedServices: [{name}]; where it is protected, run `pulumi up` "
        "with its protect: false first. Otherwise list it again",
    )


_RULES: tuple[Callable[[ServiceState, facts.Account], Problems], ...] = (
    _replacement,
    _kind,
    _identity,
    _encryption,
    _projects,
    _vault,
    _other_vault,
    _formerly_made,
)


def losses(service: ServiceState) -> Problems:
    """A change of arguments would lose the data, or access to it."""
    yield from _made_here(service)
    if account := service.before.account:
        for rule in _RULES:
            yield from rule(service, account)
        login = service.login
        yield from elsewhere(account, tenant_id=login.tenant_id, subscription_id=login.subscription_id)
