"""Facts from Azure's answers: the JSON of Resource Manager and Key Vault, azure-native's outputs.

Each fact has one reading of Resource Manager's JSON here; azure-native's outputs of accounts and vaults have
the same shape. Source of the shapes: the published API definitions (Azure/azure-rest-api-specs); for
azure-native, its Python SDK 3.29.0.
"""

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core import arm_ids, roles, values
from core.facts import (
    MICROSOFT_MANAGED,
    Account,
    Deleted,
    DenyAssignment,
    Encryption,
    Key,
    KeyVersion,
    Network,
    PolicyEntry,
    RoleAssignment,
    RotationPolicy,
    UserAssignedIdentity,
    Vault,
)
from core.values import Mark, Value

Json = Mapping[str, Any]


def account(body: Json) -> Account:
    """An account, from JSON or from azure-native's outputs."""
    properties = _mapping(body.get("properties"))
    identity = _mapping(body.get("identity"))
    capabilities = properties.get("capabilities")
    users = _mapping(identity.get("userAssignedIdentities"))
    return Account(
        id=_text(body.get("id")),
        name=_text(body.get("name")) or arm_ids.name_of(_text(body.get("id"))),
        kind=_text(body.get("kind")),
        sku=_text(_mapping(body.get("sku")).get("name")),
        location=_text(body.get("location")),
        provisioning_state=_text(properties.get("provisioningState")),
        encryption=encryption(properties.get("encryption")),
        principal_id=_text(identity.get("principalId")) or None,
        tenant_id=_text(identity.get("tenantId")) or None,
        user_assigned=tuple(
            UserAssignedIdentity(
                id, _text(_mapping(users[id]).get("clientId")), _text(_mapping(users[id]).get("principalId"))
            )
            for id in sorted(users)
        ),
        capabilities=tuple(_text(_mapping(one).get("name")) for one in capabilities)
        if capabilities
        else None,
        restricts_outbound=_flag(properties.get("restrictOutboundNetworkAccess")) is True,
        allowed_fqdns=tuple(_text(one) for one in properties.get("allowedFqdnList") or ()),
        manages_projects=properties.get("allowProjectManagement") is True,
        storage_ids=tuple(
            _text(_mapping(one).get("resourceId")) for one in properties.get("userOwnedStorage") or ()
        ),
        local_auth=properties.get("disableLocalAuth") is not True,
        network=network(properties),
    )


def client_id(body: Json) -> str:
    """The client id of an identity, from ARM's JSON."""
    return _text(_mapping(body.get("properties")).get("clientId"))


def encryption(body: Json | None) -> Encryption:
    """The `encryption` of an account's properties; absent means Microsoft-managed keys."""
    found = _mapping(body)
    key = _mapping(found.get("keyVaultProperties"))
    return Encryption(
        key_source=_text(found.get("keySource")) or MICROSOFT_MANAGED,
        key_vault_uri=_text(key.get("keyVaultUri")),
        key_name=_text(key.get("keyName")),
        key_version=_text(key.get("keyVersion")),
        identity_client_id=_text(key.get("identityClientId")),
    )


def network(properties: object) -> Network:
    """The network settings in the properties of an account or a vault, from any source.

    Rules without a `defaultAction` close the endpoint to everybody else (assumed).
    """
    rules = values.prop(properties, "networkAcls")
    addresses, subnets = (
        listed if isinstance(listed, Mark) else tuple(_value(values.look(one, part)) for one in listed)
        for name, part in (("ipRules", "value"), ("virtualNetworkRules", "id"))
        for listed in [values.items(values.look(rules, name))]
    )
    bypass = values.look(rules, "bypass")
    closed = isinstance(addresses, Mark) or isinstance(subnets, Mark) or addresses or subnets
    connections = values.items(values.prop(properties, "privateEndpointConnections"))
    return Network(
        public_access=_value(values.prop(properties, "publicNetworkAccess")) or Network.public_access,
        default_action=_value(values.look(rules, "defaultAction"))
        or ("Deny" if closed else Network.default_action),
        bypass=Network.bypass if bypass is None else _value(bypass),
        ip_rules=addresses,
        subnet_rules=subnets,
        private_endpoints=0 if isinstance(connections, Mark) else len(connections),
    )


def _value(value: object) -> Value:
    """A text as Azure wrote it, or what hides it."""
    return value if isinstance(value, Mark) else _text(value)


def vault(body: Json) -> Vault:
    """A vault, from JSON or from azure-native's outputs; or a managed HSM, from JSON. Soft delete of an HSM
    is always on (managed-hsm/soft-delete-overview)."""
    properties, in_hsm = _mapping(body.get("properties")), arm_ids.in_managed_hsm(_text(body.get("id")))
    return Vault(
        id=_text(body.get("id")),
        name=_text(body.get("name")) or arm_ids.name_of(_text(body.get("id"))),
        uri=_text(properties.get("hsmUri" if in_hsm else "vaultUri")),
        location=_text(body.get("location")),
        tenant_id=_text(properties.get("tenantId")),
        soft_delete=in_hsm or _flag(properties.get("enableSoftDelete")),
        purge_protection=_flag(properties.get("enablePurgeProtection")),
        retention_days=_whole(properties.get("softDeleteRetentionInDays")),
        uses_rbac=in_hsm or properties.get("enableRbacAuthorization") is True,
        policies=tuple(policy_entry(entry) for entry in properties.get("accessPolicies") or ()),
        network=network(properties),
        activated=_activated(properties) if in_hsm else None,
        sku=_text(_mapping((body if in_hsm else properties).get("sku")).get("name")).lower(),
    )


def _activated(properties: Json) -> bool | None:
    state = _text(_mapping(properties.get("securityDomainProperties")).get("activationStatus")).lower()
    if not state and _text(properties.get("provisioningState")).lower() == "activated":
        return True
    return None if state in ("", "unknown") else state == "active"


def policy_entry(body: Json) -> PolicyEntry:
    """One access policy: an entry of a vault's list, or the `policy` of azure-native's AccessPolicy."""
    permissions = _mapping(body.get("permissions"))
    return PolicyEntry(
        object_id=_text(body.get("objectId")),
        keys=tuple(sorted({_text(one).lower() for one in permissions.get("keys") or ()})),
        tenant_id=_text(body.get("tenantId")),
        application_id=_text(body.get("applicationId")),
    )


def key(body: Json, versions: Iterable[Json] = ()) -> Key:
    """A key from its own answer and those of its versions.

    Azure counts whole seconds, so two versions may share a time; the key itself names its current one, which
    comes last.
    """
    properties = _mapping(body.get("properties"))
    current = arm_ids.name_of(_text(properties.get("keyUriWithVersion")))
    found = [key_version(one) for one in versions]
    operations = properties.get("keyOps")
    return Key(
        id=_text(body.get("id")),
        name=_text(body.get("name")) or arm_ids.name_of(_text(body.get("id"))),
        type=_text(properties.get("kty")) or None,
        size=_whole(properties.get("keySize")),
        operations=None if operations is None else tuple(_text(one) for one in operations),
        versions=tuple(
            sorted(found, key=lambda one: (one.created or 0, one.version == current, one.version))
        ),
        rotation=rotation_policy(properties.get("rotationPolicy")),
    )


def key_version(body: Json) -> KeyVersion:
    """A key version, from its own answer or from a key's, which describes the current version."""
    properties = _mapping(body.get("properties"))
    attributes = _mapping(properties.get("attributes"))
    uri = _text(properties.get("keyUriWithVersion"))
    operations = properties.get("keyOps")
    return KeyVersion(
        version=arm_ids.name_of(uri or _text(body.get("id"))),
        type=_text(properties.get("kty")) or None,
        size=_whole(properties.get("keySize")),
        operations=None if operations is None else tuple(_text(one) for one in operations),
        enabled=attributes.get("enabled") is not False,
        created=seconds(attributes.get("created")),
        not_before=seconds(attributes.get("nbf")),
        expires=seconds(attributes.get("exp")),
        uri=uri or None,
    )


def key_version_from_vault(bundle: Json) -> KeyVersion:
    """A version as the API of its vault or managed HSM gives it, in full or as a row of a list, which says
    neither type nor operations."""
    return key_version(arm_key("", bundle))


def arm_key(key_id: str, bundle: Json, rotation: Json | None = None) -> Json:
    """A key or a version of one as Resource Manager would describe it: `bundle` is the answer, or a row of a
    list, of the API of the vault or managed HSM that the key of the id is in; `rotation` its rotation
    policy's."""
    told = _mapping(bundle.get("key"))
    uri = _text(told.get("kid") or bundle.get("kid"))
    modulus = _text(told.get("n"))
    return {
        "id": key_id,
        "properties": {
            "kty": told.get("kty"),
            "keySize": len(base64.urlsafe_b64decode(modulus + "==").lstrip(b"\0")) * 8 if modulus else None,
            "keyOps": told.get("key_ops"),
            "attributes": bundle.get("attributes"),
            "keyUriWithVersion": uri,
            "rotationPolicy": rotation,
        },
        "tags": bundle.get("tags"),
    }


def local_role_assignment(hsm_id: str, body: Json, definition: Json | None = None) -> RoleAssignment:
    """A role assignment of a managed HSM's own, from its API, as `role_assignment`; its scope becomes an id
    of Resource Manager."""
    properties = _mapping(body.get("properties"))
    scope = arm_ids.of_local_scope(hsm_id, _text(properties.get("scope")))
    id = arm_ids.child(scope, arm_ids.ROLE_ASSIGNMENT, _text(body.get("name")))
    return role_assignment({"id": id, "properties": {**properties, "scope": scope}}, definition)


def role_assignment(body: Json, definition: Json | None = None) -> RoleAssignment:
    """A role assignment; `definition` is its role's answer, needed unless the role is built in."""
    properties = _mapping(body.get("properties"))
    id, named = _text(body.get("id")), _text(properties.get("roleDefinitionId"))
    return RoleAssignment(
        scope=_text(properties.get("scope")) or (arm_ids.parse(id).scope if id else ""),
        principal_id=_text(properties.get("principalId")),
        role_id=roles.id_of(named) or named.lower(),
        role=role(definition) if definition else roles.built_in(named),
        principal_type=_text(properties.get("principalType")),
        condition=_text(properties.get("condition")),
        id=id,
    )


def role(definition: Json) -> roles.Role:
    """A role from its definition's answer."""
    properties = _mapping(definition.get("properties"))
    return roles.Role(
        arm_ids.name_of(_text(definition.get("id")) or _text(definition.get("name"))).lower(),
        _text(properties.get("roleName")),
        tuple(permissions(block) for block in properties.get("permissions") or ()),
    )


def deny_assignment(body: Json) -> DenyAssignment:
    """A deny assignment."""
    properties = _mapping(body.get("properties"))

    def ids(name: str) -> tuple[str, ...]:
        return tuple(_text(_mapping(one).get("id")).lower() for one in properties.get(name) or ())

    denied = tuple(permissions(block) for block in properties.get("permissions") or ())
    return DenyAssignment(
        scope=_text(properties.get("scope")),
        principals=ids("principals"),
        excluded=ids("excludePrincipals"),
        denied=roles.Role("", _text(properties.get("denyAssignmentName")), denied),
        applies_below=properties.get("doNotApplyToChildScopes") is not True,
    )


def deleted(body: Json) -> Deleted:
    """A soft-deleted account or vault."""
    properties = _mapping(body.get("properties"))
    return Deleted(
        id=_text(body.get("id")),
        name=_text(body.get("name")),
        location=_text(properties.get("location")) or _text(body.get("location")),
        deletion_date=_text(properties.get("deletionDate")) or None,
        scheduled_purge_date=_text(properties.get("scheduledPurgeDate")) or None,
        resource_id=_text(properties.get("vaultId")) or None,
        principal_id=_text(_mapping(body.get("identity")).get("principalId")) or None,
        kind=_text(body.get("kind")) or None,
        sku=_text(_mapping(body.get("sku")).get("name")) or None,
    )


def seconds(value: object) -> int | None:
    """A time in seconds since 1970: from such a number, a datetime, or ISO 8601; None where there is none."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def permissions(block: Json) -> roles.Permissions:
    """One block of what a role or a principal may do."""

    def listed(name: str) -> tuple[str, ...]:
        return tuple(_text(one) for one in block.get(name) or ())

    return roles.Permissions(
        listed("actions"), listed("notActions"), listed("dataActions"), listed("notDataActions")
    )


def rotation_policy(body: Json | None) -> RotationPolicy | None:
    """A key's rotation policy, from its `rotationPolicy`."""
    if not body:
        return None
    triggers = [
        _mapping(action.get("trigger"))
        for action in map(_mapping, body.get("lifetimeActions") or ())
        if _text(_mapping(action.get("action")).get("type")).lower() == "rotate"
    ]
    trigger = triggers[0] if triggers else {}
    return RotationPolicy(
        rotates_after_create=_text(trigger.get("timeAfterCreate")),
        rotates_before_expiry=_text(trigger.get("timeBeforeExpiry")),
        expires_after=_text(_mapping(body.get("attributes")).get("expiryTime")),
    )


def _mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Text as Azure wrote it. The clients give enums for words that they know, whose value is the word."""
    return "" if value is None else str(getattr(value, "value", value))


def _flag(value: object) -> bool | None:
    found = values.flag(value)
    return found if isinstance(found, bool) else None


def _whole(value: object) -> int | None:
    found = values.number(value)
    return found if isinstance(found, int) else None
