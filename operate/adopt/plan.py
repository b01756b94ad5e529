"""What is written for one account: its settings, and the resources that are imported.

Owns: how what was found is said in settings, what is left as it was found, and the ids of imports. Pure. Does
not own: what cannot be taken over (obstacles.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components import names
from components.access_mode import ACCESS_POLICY, RBAC
from components.as_found import OTHER_PROPERTIES
from components.regions import plain
from components.roles import ENCRYPTION_USER
from components.tags import checked_tags
from operate.adopt.found import Found, Json
from operate.evidence.rotation import newest

SERVICE = "language-cmk:index:EncryptedLanguageService"


@dataclass(frozen=True)
class Import:
    """One resource that `pulumi import` takes over, below its service; a component has no id."""

    type: str
    name: str
    id: str = ""


@dataclass(frozen=True)
class Plan:
    """What is written for one account. `notes` are for whoever does the adoption."""

    settings: Mapping[str, Any]
    imports: tuple[Import, ...]
    notes: tuple[str, ...]


def plan(name: str, found: Found, *, takes_vault: bool) -> Plan:
    """Everything for the service `name`. `takes_vault`: vault and key come under the project, too."""
    account = found.account
    settings: dict[str, Any] = {
        "name": name,
        "location": plain(account.location),
        "existingResourceGroupName": names.group_in(account.id),
        "accountName": account.name,
        "sku": account.sku,
        "network": network(found.body["properties"]),
        # Nothing is made in an adoption; it is one word to have it later.
        "audit": {"newWorkspace": False},
    }
    notes: list[str] = []
    as_found = {"network"}
    if tags := _tags(found):
        settings["tags"] = tags
    else:
        as_found.add("tags")
    if _other(found):
        as_found.add("otherProperties")
    imports = [
        Import(SERVICE, name),
        Import("azure-native:cognitiveservices:Account", f"{name}-account", account.id),
    ]
    if account.binding.is_customer_managed:
        settings |= _bound(name, found, as_found, takes_vault=takes_vault)
        imports += _bound_imports(name, found, takes_vault=takes_vault)
        notes += _notes(name, found, settings, takes_vault=takes_vault)
    else:
        settings["encryption"] = "microsoftManaged"
    if _identity_type(found) != _declared_identity(settings):
        as_found.add("identity")
        notes.append(f"{name}: take identity out of asFound when encryption becomes customerManaged")
    settings["asFound"] = sorted(as_found)
    return Plan(settings, tuple(imports), tuple(notes))


def network(properties: Json) -> dict[str, Any]:
    """The nearest that the settings can say of an account's network; the live one stays as it was found."""
    rules = properties.get("networkAcls") or {}
    ranges = [rule["value"] for rule in rules.get("ipRules") or ()]
    subnets = [rule["id"] for rule in rules.get("virtualNetworkRules") or ()]
    if str(properties.get("publicNetworkAccess") or "Enabled").lower() == "disabled":
        return {"access": "closed"}
    if str(rules.get("defaultAction") or ("Deny" if ranges or subnets else "Allow")).lower() == "allow":
        return {"access": "open"}
    if not ranges and not subnets:
        return {"access": "closed"}
    lists = {"allowedIpRanges": ranges, "allowedSubnetIds": subnets}
    return {"access": "selected", **{word: found for word, found in lists.items() if found}}


def grant(name: str, found: Found) -> tuple[Import, bool] | None:
    """The grant of the identity that uses the key, and whether it is exactly what the project would make."""
    vault, user = found.vault, found.account.user
    if user is None:
        return None
    if vault.uses_rbac:
        return _role(name, found.assignments, found.key_id, user.principal_id)
    for entry in found.vault_body["properties"].get("accessPolicies") or ():
        if entry["objectId"].lower() == user.principal_id.lower():
            given = {kind: sorted(words) for kind, words in (entry["permissions"] or {}).items() if words}
            exact = given == {"keys": sorted(ENCRYPTION_USER.permissions)}
            id = f"{vault.id}/accessPolicy/{entry['objectId']}"
            in_order = entry["permissions"].get("keys") == list(ENCRYPTION_USER.permissions)
            return Import("azure-native:keyvault:AccessPolicy", f"{name}-access", id), exact and in_order
    return None


def _role(
    name: str, assignments: Sequence[Json], key_id: str, principal_id: str
) -> tuple[Import, bool] | None:
    """Of several the nearest to the key; none that counts for more than the vault."""
    vault_id = key_id.rsplit("/keys/", 1)[0]
    wanted = names.role_assignment_name(key_id, principal_id, ENCRYPTION_USER.definition)
    for scope in (key_id, vault_id):
        for body in assignments:
            properties = body["properties"]
            of_role = properties["roleDefinitionId"].rsplit("/", 1)[-1].lower() == ENCRYPTION_USER.definition
            if properties["scope"].lower() == scope.lower() and of_role:
                made = Import("azure-native:authorization:RoleAssignment", f"{name}-access", body["id"])
                return made, scope == key_id and body["name"] == wanted
    return None


def in_own_group(found: Found) -> bool:
    """Whether the vault is where the project would make one: in the account's subscription and group."""
    return _home(found.vault.id) == _home(found.account.id)


def _home(id: str) -> tuple[str, str]:
    return id.split("/")[2].lower(), names.group_in(id).lower()


def _bound(name: str, found: Found, as_found: set[str], *, takes_vault: bool) -> dict[str, Any]:
    vault, key, account = found.vault, found.key, found.account
    settings: dict[str, Any] = {"accessModel": RBAC if vault.uses_rbac else ACCESS_POLICY}
    if account.binding.identity_client_id:
        both = "systemassigned" in _identity_type(found).lower()
        settings["identity"] = "systemAndUserAssigned" if both else "userAssigned"
    if takes_vault:
        settings["vault"], settings["key"] = {"name": vault.name}, {"name": key.name}
        as_found.add("vault")
    else:
        settings["key"] = {"id": found.key_id}
    latest = newest(key, found.taken)
    if latest is None or latest.version != account.binding.key_version:
        settings["key"]["pin"] = account.binding.key_version
    given = grant(name, found)
    if given and not given[1]:
        as_found.add("access")
    return settings


def _bound_imports(name: str, found: Found, *, takes_vault: bool) -> Iterator[Import]:
    vault, key = found.vault, found.key_id
    if takes_vault:
        yield Import("azure-native:keyvault:Vault", f"{name}-vault", vault.id)
        yield Import("azure-native:keyvault:Key", f"{name}-key", key)
    if found.identity:
        yield Import(
            "azure-native:managedidentity:UserAssignedIdentity", f"{name}-identity", found.identity["id"]
        )
    given = grant(name, found)
    # A grant in another subscription is of another provider, and the program takes it over by itself.
    if given and _home(key)[0] == _home(found.account.id)[0]:
        yield given[0]
    yield Import("azure-cmk:index:KeyVersion", f"{name}-key-version", key)
    if not found.account.binding.identity_client_id:
        yield Import("azure-cmk:index:CustomerManagedKey", f"{name}-binding", found.account.id)


def _notes(name: str, found: Found, settings: Mapping[str, Any], *, takes_vault: bool) -> Iterator[str]:
    if takes_vault:
        yield (
            f"{name}: the policy pack demands an audit log of a vault that is the project's; take "
            "audit.newWorkspace out to have one made, or exempt it from vault-audited"
        )
    if "pin" in settings["key"]:
        yield f"{name}: key.pin keeps the bound version, which is not the newest; take it out to bind that"
    if _home(found.key_id)[0] != _home(found.account.id)[0]:
        yield (
            f"{name}: the vault is in another subscription; the first preview shows a provider for it and "
            "the grant being imported (=), which changes neither"
        )


def _tags(found: Found) -> dict[str, str]:
    """The account's tags, where the settings can say them: they are those of everything made here."""
    tags = dict(found.body.get("tags") or {})
    others = [found.identity] if found.identity else []
    try:
        checked_tags(tags)
    except ValueError:
        # Azure's own tags, such as hidden-link:/…, keep none of the rules for others.
        return {}
    return tags if all((other.get("tags") or {}) == tags for other in others) else {}


def _other(found: Found) -> bool:
    """Whether any of the other properties holds anything; a service answers some with nulls in them."""
    properties = found.body["properties"]

    def says(value: object) -> bool:
        if isinstance(value, Mapping):
            return any(says(one) for one in value.values())
        return value not in (None, [], False)

    return any(says(properties.get(word)) for word in OTHER_PROPERTIES)


def _identity_type(found: Found) -> str:
    return str((found.body.get("identity") or {}).get("type") or "None")


def _declared_identity(settings: Mapping[str, Any]) -> str:
    return {"userAssigned": "UserAssigned", "systemAndUserAssigned": "SystemAssigned, UserAssigned"}.get(
        settings.get("identity", ""), "SystemAssigned"
    )
