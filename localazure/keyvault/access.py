"""Access to a vault's keys: access policies, roles and the firewall, as plain rules.

Owns: the table of operations and the decision. Does not own: the state of the key itself (usage.py).
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localazure import facts
from localazure.keyvault.models import Vault
from localazure.refusals import refused
from localazure.web import Caller, ServiceError

LOOPBACK = "127.0.0.1"
SERVICE_ADDRESS = "20.61.98.11"
"""Where Azure AI services call a vault from. Made up: Azure has many, in the service tag
CognitiveServicesManagement."""


@dataclass(frozen=True)
class Operation:
    """A data-plane operation: its name in the audit log, the policy permission, the role's data action, and
    what a managed HSM's own roles call it (`keys/read/action`)."""

    audit: str
    permission: str
    data_action: str
    hsm_action: str

    @property
    def collection(self) -> str:
        """What it is about in a vault, by the name that ids and access policies have for it."""
        return "secrets" if "/secrets/" in self.data_action else "keys"


OPERATIONS = {row["audit"]: Operation(**row) for row in facts.read("keyvault/operations.json")["operations"]}
"""By their names in the audit log."""


def describe(caller: Caller) -> str:
    """The caller as Key Vault's messages spell it."""
    issuer = f"https://sts.windows.net/{caller.tenant_id}/"
    return f"appid={caller.client_id};oid={caller.object_id};iss={issuer}"


def firewall_refusal(
    vault: Vault, caller: Caller, *, trusted: bool = False, address: str = LOOPBACK
) -> ServiceError | None:
    """Why the vault's network rules stop this caller, None if they allow it.

    A trusted service passes with `bypass: AzureServices`, the default, also where publicNetworkAccess is
    disabled (key-vault/general/overview-vnet-service-endpoints). Anybody else passes an open vault, or an IP
    rule that holds its address.
    """
    acls = network_acls(vault)
    if trusted and acls["bypass"].lower() == "azureservices":
        return None
    who, where = f"Caller: {describe(caller)}", f"Vault: {vault.name};location={vault.location}"
    if str(vault.properties.get("publicNetworkAccess", "")).lower() == "disabled":
        return refused("ForbiddenByConnection", who=who, where=where)
    if acls["defaultAction"].lower() == "allow" or in_rules(address, acls["ipRules"]):
        return None
    return refused("ForbiddenByFirewall", address=address, who=who, where=where)


def network_acls(vault: Vault) -> Mapping[str, Any]:
    """The vault's network rules, completed by the defaults of absent ones.

    `defaultAction` unset beside rules is taken as Deny: rules that filter nothing would be a trap.
    """
    sent = vault.properties.get("networkAcls") or {}
    rules = bool(sent.get("ipRules") or sent.get("virtualNetworkRules"))
    return {
        "bypass": sent.get("bypass") or "AzureServices",
        "defaultAction": sent.get("defaultAction") or ("Deny" if rules else "Allow"),
        "ipRules": sent.get("ipRules") or [],
        "virtualNetworkRules": sent.get("virtualNetworkRules") or [],
    }


def policy_refusal(
    vault: Vault, caller: Caller, operation: Operation, *, now: float, delay: float
) -> ServiceError | None:
    """Why the vault's access policies refuse an operation, None where one of them grants it.

    An entry counts from `delay` seconds after it was first granted. `all` is everything but purge.
    """
    for entry in vault.properties.get("accessPolicies") or []:
        application = entry.get("applicationId")
        if entry["objectId"].lower() != caller.object_id.lower():
            continue
        if application and application.lower() != caller.client_id.lower():
            continue
        for permission in permissions(entry, operation.collection):
            covers = permission == operation.permission or (
                permission == "all" and operation.permission != "purge"
            )
            since = vault.granted.get(grant_key(entry, permission), float("-inf"))
            if covers and since + delay <= now:
                return None
    return no_policy(vault, caller, operation)


def no_policy(vault: Vault, caller: Caller, operation: Operation) -> ServiceError:
    """The answer if no access policy of the vault allows the operation."""
    return refused(
        "ForbiddenByPolicy",
        caller=describe(caller),
        collection=operation.collection,
        permission=operation.permission,
        vault=vault.name,
        location=vault.location,
    )


def rbac_refusal(vault: Vault, caller: Caller, operation: Operation, resource_id: str) -> ServiceError:
    """The answer of a vault under Azure RBAC if no role assignment allows the operation."""
    return refused(
        "ForbiddenByRbac",
        caller=describe(caller),
        action=operation.data_action,
        resource=resource_id.lower(),
        vault=vault.name,
        location=vault.location,
    )


def permissions(entry: Mapping[str, Any], collection: str = "keys") -> list[str]:
    """The permissions of a policy entry on keys or secrets, lower case: they compare without case."""
    return [str(p).lower() for p in (entry.get("permissions") or {}).get(collection) or []]


def grant_key(entry: Mapping[str, Any], permission: str) -> str:
    """The name under which `Vault.granted` keeps since when an entry grants a permission."""
    return f"{entry['objectId']}|{entry.get('applicationId') or ''}|{permission}".lower()


def grants_since(
    policies: Iterable[Mapping[str, Any]], before: Mapping[str, float], now: float
) -> dict[str, float]:
    """Since when each permission is granted: one that was there keeps its time, a new one has `now`."""
    keys = (grant_key(entry, permission) for entry in policies for permission in permissions(entry))
    return {key: before.get(key, now) for key in keys}


def in_rules(address: str, rules: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an address is in one of the network rules; one that is no range holds none."""
    found = ipaddress.ip_address(address)
    for rule in rules:
        try:
            if found in ipaddress.ip_network(str(rule.get("value")), strict=False):
                return True
        except ValueError:
            continue
    return False
