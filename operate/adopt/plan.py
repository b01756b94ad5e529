"""The plan for one account: its settings, the parts that stay as found, and the resources to import."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core import arm_ids, kinds, regions, resource_types, rights, roles
from core.facts import Account, Network, UserAssignedIdentity
from core.roles import encryption_user
from core.service.desired import AUTOMATIC
from core.values import Hidden
from operate.adopt.existing import Existing
from operate.evidence.history import newest
from operate.evidence.model import NotChecked


@dataclass(frozen=True)
class Import:
    """One resource that `pulumi import` adopts, below its service; a component has no id."""

    type: str
    name: str
    id: str = ""


@dataclass(frozen=True)
class Plan:
    """The settings and imports of one account. `notes` are for the person who adopts it."""

    settings: Mapping[str, Any]
    imports: tuple[Import, ...]
    notes: tuple[str, ...]


def plan(name: str, existing: Existing) -> Plan:
    """Everything for the service `name`. Its vault and key are used as they are."""
    account = existing.account
    settings: dict[str, Any] = {
        "name": name,
        "location": regions.normalised(account.location),
        "existingResourceGroupName": arm_ids.group_of(account.id),
        "accountName": account.name,
        **({} if account.kind == kinds.LANGUAGE.name else {"kind": account.kind}),
        "sku": account.sku,
        "network": network(account.network),
        # An adoption creates nothing; taking the word out creates one later.
        "audit": {"newWorkspace": False},
    }
    notes: list[str] = []
    as_found = {"network", "tags"}
    imports = [
        Import(resource_types.SERVICE, name),
        Import(resource_types.ACCOUNT, f"{name}-account", account.id),
    ]
    if account.encryption.is_customer_managed:
        settings |= _bound(name, existing, as_found)
        imports += _bound_imports(name, existing)
        notes += _notes(name, existing, settings)
    else:
        settings["encryption"] = "microsoftManaged"
    if _identities(account) != _declared_identities(settings):
        as_found.add("identity")
        notes.append(f"{name}: take identity out of asFound when encryption becomes customerManaged")
    settings["asFound"] = sorted(as_found)
    return Plan(settings, tuple(imports), tuple(notes))


def network(found: Network) -> dict[str, Any]:
    """The settings that come nearest to an account's network; the live network stays as found."""
    if found.is_open:
        return {"access": "open"}
    named = {"allowedIpRanges": found.ip_rules, "allowedSubnetIds": found.subnet_rules}
    lists = {word: [*map(str, rules)] for word, rules in named.items() if not isinstance(rules, Hidden)}
    if found.is_disabled or not any(lists.values()):
        return {"access": "closed"}
    return {"access": "selected", **{word: rules for word, rules in lists.items() if rules}}


def grant(name: str, existing: Existing) -> tuple[Import, bool] | None:
    """The grant of the identity that uses the key, and whether it is exactly what the project would make."""
    vault, user = existing.vault, existing.account.key_user
    if user is None:
        return None
    if vault.uses_rbac:
        return _role(name, existing, user)
    for entry in vault.policies:
        if rights.of_entry(entry, user, vault.tenant_id):
            id = f"{vault.id}/accessPolicy/{entry.object_id}"
            exact = entry.keys == rights.NEEDED and not entry.others
            return Import(resource_types.ACCESS_POLICY, f"{name}-access", id), exact
    return None


def _role(name: str, existing: Existing, user: str) -> tuple[Import, bool] | None:
    """Of several the nearest to the key, and none that counts for more than the vault; in a managed HSM, the
    one at the key itself, which the resource's id does not name."""
    vault, key, given = existing.vault, existing.key_id, existing.service.assignments
    role = encryption_user(vault.id)
    wanted = roles.assignment_name(key, user, role.id)
    for scope in (key,) if vault.is_managed_hsm else (key, vault.id):
        for one in () if given is None or isinstance(given, NotChecked) else given:
            if one.role_id == role.id and one.is_for(user, scope):
                if vault.is_managed_hsm:
                    return Import(resource_types.HSM_ROLE_ASSIGNMENT, f"{name}-access", f"{key}|{user}"), True
                exact = scope == key and arm_ids.name_of(one.id) == wanted
                return Import(resource_types.ROLE_ASSIGNMENT, f"{name}-access", one.id), exact
    return None


def granted_elsewhere(existing: Existing) -> bool:
    """Whether the grant is in another subscription: it is then of another provider, and the program imports
    it by itself. The roles of a managed HSM are in no subscription."""
    there, own = (arm_ids.subscription_of(id) for id in (existing.vault.id, existing.account.id))
    return there != own and not existing.vault.is_managed_hsm


def _bound(name: str, existing: Existing, as_found: set[str]) -> dict[str, Any]:
    vault, key, account = existing.vault, existing.key, existing.account
    settings: dict[str, Any] = {}
    if not vault.is_managed_hsm:
        settings["accessModel"] = "rbac" if vault.uses_rbac else "accessPolicy"
    if account.encryption.identity_client_id:
        settings["identity"] = "systemAndUserAssigned" if account.principal_id else "userAssigned"
    settings["key"] = {"id": existing.key_id}
    latest = newest(key, existing.taken)
    if not account.encryption.key_version:
        settings["key"]["version"] = AUTOMATIC
    elif latest is None or latest.version != account.encryption.key_version:
        settings["key"]["pin"] = account.encryption.key_version
    given = grant(name, existing)
    if given and not given[1]:
        as_found.add("access")
    return settings


def _bound_imports(name: str, existing: Existing) -> Iterator[Import]:
    key = existing.key_id
    if isinstance(existing.identity, UserAssignedIdentity):
        yield Import(resource_types.USER_ASSIGNED_IDENTITY, f"{name}-identity", existing.identity.id)
    given = grant(name, existing)
    if given and not granted_elsewhere(existing):
        yield given[0]
    yield Import(resource_types.KEY_VERSION, f"{name}-key-version", key)
    if not existing.account.encryption.identity_client_id:
        both = f"{key}|{existing.account.id}"
        yield Import(resource_types.KEY_ACCESS_CLEANUP, f"{name}-access-cleanup", both)
        yield Import(resource_types.BINDING, f"{name}-binding", existing.account.id)


def _notes(name: str, existing: Existing, settings: Mapping[str, Any]) -> Iterator[str]:
    if "pin" in settings["key"]:
        yield f"{name}: key.pin keeps the bound version, not the newest; take key.pin out to bind the newest"
    if granted_elsewhere(existing):
        yield (
            f"{name}: the vault is in another subscription; the first preview shows a provider for it and "
            "the grant being imported (=), which changes neither"
        )


def _identities(account: Account) -> tuple[bool, bool]:
    """Whether the account has an identity of its own, and whether others."""
    return account.principal_id is not None, bool(account.user_assigned)


def _declared_identities(settings: Mapping[str, Any]) -> tuple[bool, bool]:
    kind = settings.get("identity")
    return kind != "userAssigned", kind in ("userAssigned", "systemAndUserAssigned")
