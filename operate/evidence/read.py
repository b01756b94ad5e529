"""ARM's answers as facts.

Owns: which property of an answer means what, and what its absence means. Pure. Source of the shapes: the
published API definitions of the api-versions named in ask.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from operate.evidence.model import (
    AccessPolicy,
    Account,
    Assignment,
    Binding,
    Deleted,
    DiagnosticSetting,
    Exemption,
    Identity,
    Key,
    KeyVersion,
    Lock,
    Network,
    RotationPolicy,
    Vault,
)

Json = Mapping[str, Any]
RETENTION_WHERE_UNSAID = 90
"""Days of soft delete of a vault that does not say. Source: azure/key-vault/general/soft-delete-overview."""


def moment(value: object) -> datetime | None:
    """A time: epoch seconds, a datetime, or ISO 8601 with up to 7 digits; cut to whole seconds."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(int(value), UTC)
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC).replace(microsecond=0)


def account(body: Json) -> Account:
    """An account."""
    properties = body["properties"]
    identity = body.get("identity") or {}
    return Account(
        id=body["id"],
        name=body["name"],
        kind=body.get("kind") or "",
        sku=(body.get("sku") or {}).get("name") or "",
        location=body["location"],
        tenant_id=identity.get("tenantId") or "",
        state=properties.get("provisioningState") or "",
        local_auth=properties.get("disableLocalAuth") is not True,
        network=_network(properties),
        identities=tuple(_identities(identity)),
        binding=_binding(properties.get("encryption") or {}),
    )


def _identities(identity: Json) -> Iterable[Identity]:
    if identity.get("principalId"):
        yield Identity("systemAssigned", identity["principalId"])
    assigned = identity.get("userAssignedIdentities") or {}
    for id in sorted(assigned):
        found = assigned[id] or {}
        yield Identity("userAssigned", found.get("principalId") or "", found.get("clientId") or "")


def _binding(encryption: Json) -> Binding:
    key = encryption.get("keyVaultProperties") or {}
    return Binding(
        # An account that says nothing is on Microsoft's keys: so the service's documentation.
        key_source=encryption.get("keySource") or "Microsoft.CognitiveServices",
        vault_uri=(key.get("keyVaultUri") or "").rstrip("/"),
        key_name=key.get("keyName") or "",
        key_version=key.get("keyVersion") or "",
        identity_client_id=key.get("identityClientId") or "",
    )


def _network(properties: Json) -> Network:
    rules = properties.get("networkAcls") or {}
    ip_rules, subnets = rules.get("ipRules") or (), rules.get("virtualNetworkRules") or ()
    return Network(
        public_access=properties.get("publicNetworkAccess") or "Enabled",
        default_action=rules.get("defaultAction") or ("Deny" if ip_rules or subnets else "Allow"),
        # What a vault does when it is not told; an account knows no bypass.
        bypass=rules.get("bypass") or "AzureServices",
        ip_rules=len(ip_rules),
        subnet_rules=len(subnets),
        private_endpoints=len(properties.get("privateEndpointConnections") or ()),
    )


def vault(body: Json) -> Vault:
    """A vault."""
    properties = body["properties"]
    policies = [
        AccessPolicy(
            entry["objectId"],
            tuple(sorted(str(p).lower() for p in (entry.get("permissions") or {}).get("keys") or ())),
            entry.get("applicationId") or "",
        )
        for entry in properties.get("accessPolicies") or ()
    ]
    return Vault(
        id=body["id"],
        name=body["name"],
        location=body["location"],
        tenant_id=properties["tenantId"],
        uses_rbac=bool(properties.get("enableRbacAuthorization")),
        soft_delete=properties.get("enableSoftDelete") is not False,
        retention_days=properties.get("softDeleteRetentionInDays") or RETENTION_WHERE_UNSAID,
        purge_protection=properties.get("enablePurgeProtection") is True,
        network=_network(properties),
        policies=tuple(sorted(policies, key=lambda p: (p.object_id, p.application_id))),
    )


def key(body: Json, versions: Iterable[Json]) -> Key:
    """A key, from its own answer and the list of its versions."""
    properties = body["properties"]
    found = [_version(version) for version in versions]
    # Times are whole seconds, so that two versions may share one; the key itself names its current version.
    current = str(properties.get("keyUriWithVersion") or "").rsplit("/", 1)[-1]
    return Key(
        id=body["id"],
        name=body["name"],
        type=properties.get("kty") or "",
        size=properties.get("keySize"),
        operations=tuple(sorted(properties.get("keyOps") or ())),
        versions=tuple(sorted(found, key=lambda v: (v.created, v.version == current, v.version))),
        rotation=_rotation(properties.get("rotationPolicy")),
    )


def _version(body: Json) -> KeyVersion:
    attributes = body["properties"]["attributes"]
    created = moment(attributes["created"])
    if created is None:
        raise ValueError(f"the key version {body['name']} has no time of creation")
    return KeyVersion(
        version=body["name"],
        enabled=attributes.get("enabled") is True,
        created=created,
        not_before=moment(attributes.get("nbf")),
        expires=moment(attributes.get("exp")),
    )


def _rotation(body: Json | None) -> RotationPolicy | None:
    if not body:
        return None
    triggers = [
        action.get("trigger") or {}
        for action in body.get("lifetimeActions") or ()
        if str((action.get("action") or {}).get("type")).lower() == "rotate"
    ]
    trigger = triggers[0] if triggers else {}
    return RotationPolicy(
        rotates_after_create=trigger.get("timeAfterCreate") or "",
        rotates_before_expiry=trigger.get("timeBeforeExpiry") or "",
        expires_after=(body.get("attributes") or {}).get("expiryTime") or "",
    )


def assignment(body: Json, definition: Json) -> Assignment:
    """A role assignment with its role's definition."""
    properties, role = body["properties"], definition["properties"]
    blocks = role.get("permissions") or ()

    def listed(name: str) -> tuple[str, ...]:
        return tuple(str(action) for block in blocks for action in block.get(name) or ())

    def withheld(name: str) -> tuple[str, ...]:
        # What one block of a role excepts, another may still give; so only what all except counts.
        return tuple(a for a in dict.fromkeys(listed(name)) if all(a in (b.get(name) or ()) for b in blocks))

    return Assignment(
        principal_id=properties["principalId"],
        principal_type=properties.get("principalType") or "",
        role=role.get("roleName") or properties["roleDefinitionId"],
        scope=properties["scope"],
        conditional=bool(properties.get("condition")),
        actions=listed("actions"),
        not_actions=withheld("notActions"),
        data_actions=listed("dataActions"),
        not_data_actions=withheld("notDataActions"),
    )


def diagnostic_setting(body: Json) -> DiagnosticSetting:
    """A diagnostic setting; `categories` are those that are on, of both kinds."""
    properties = body["properties"]
    categories = {
        str(log.get("category") or log.get("categoryGroup"))
        for log in properties.get("logs") or ()
        if log.get("enabled")
    }
    return DiagnosticSetting(
        name=body["name"],
        workspace_id=properties.get("workspaceId") or "",
        categories=tuple(sorted(categories)),
        dedicated=str(properties.get("logAnalyticsDestinationType")).lower() == "dedicated",
    )


def deleted(kind: str, body: Json) -> Deleted:
    """A soft-deleted vault or account."""
    properties = body["properties"]
    times = (moment(properties.get(name)) for name in ("deletionDate", "scheduledPurgeDate"))
    return Deleted(kind, body["name"], *times)


def lock(body: Json) -> Lock:
    """A management lock, with the scope that it is set at."""
    scope = str(body["id"]).rsplit("/providers/Microsoft.Authorization/locks/", 1)[0]
    return Lock(body["name"], body["properties"]["level"], scope)


def exemption(body: Json) -> Exemption:
    """An exemption of Azure Policy."""
    properties = body["properties"]
    return Exemption(
        policy=properties["policyAssignmentId"],
        subject=str(body["id"]).rsplit("/providers/Microsoft.Authorization/policyExemptions/", 1)[0],
        reason=properties.get("description") or properties.get("exemptionCategory") or "",
        until=properties.get("expiresOn") or "",
    )
