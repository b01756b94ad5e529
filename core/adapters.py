"""Facts from Azure's answers: the JSON of Resource Manager and Key Vault, azure-native's outputs.

Each fact is read here once, at the places in Resource Manager's JSON that `facts` names for its fields;
azure-native's outputs of accounts and vaults have the same shape. Source of the shapes: the published API
definitions (Azure/azure-rest-api-specs); for azure-native, its Python SDK 3.29.0.
"""

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from core import arm_ids, audit_log, roles, values
from core.facts import (
    GROUPS,
    KEY_VAULT_SOURCE,
    Account,
    Deleted,
    DenyAssignment,
    DiagnosticSetting,
    Encryption,
    Key,
    KeyVersion,
    Network,
    PolicyEntry,
    RoleAssignment,
    RotationPolicy,
    StatedEncryption,
    StatedIdentity,
    StatedPolicyEntry,
    StatedRoleAssignment,
    Upgrade,
    UserAssignedIdentity,
    Vault,
)
from core.values import Hidden, Shown, Value, get_path

Json = Mapping[str, Any]
_Fact = TypeVar("_Fact")


def _read(fact: type[_Fact], body: object, *, marks: bool = False, **more: Any) -> _Fact:
    """Reads a fact, each field from its place. `marks`: a text that is hidden is its mark, not absent. `more`
    has the fields that are read in another way. If the answer has no name, the id's last part is the name.
    """
    found = dict(more)
    for field in fields(fact):  # type: ignore[arg-type] # every fact is a dataclass
        if field.name not in found and (path := field.metadata.get("path")):
            type = str(field.type).removesuffix(" | None")
            read = values.name if marks and type in ("Text", "Shown") else _READINGS[type]
            found[field.name] = read(get_path(body, path))
            if found[field.name] is None:
                found[field.name] = field.default
    if found.get("name") == "" and "id" in found:
        found["name"] = arm_ids.name_of(found["id"])
    return fact(**found)


def account(body: Json) -> Account:
    """An account, from JSON or from azure-native's outputs."""
    properties = body.get("properties")
    return _read(
        Account,
        body,
        encryption=encryption(get_path(properties, "encryption")),
        user_assigned=attached_identities(get_path(body, "identity.userAssignedIdentities")),
        capabilities=_each(get_path(properties, "capabilities"), "name") or None,
        storage_ids=_each(get_path(properties, "userOwnedStorage"), "resourceId"),
        local_auth=_flag(get_path(properties, "disableLocalAuth")) is not True,
        network=network(properties),
    )


def attached_identities(listed: object) -> tuple[UserAssignedIdentity, ...]:
    """An account's user-assigned identities, as answers about it describe them; inputs list ids alone."""
    answers = listed if isinstance(listed, Mapping) else {}
    return tuple(_read(UserAssignedIdentity, answers[id], id=id) for id in sorted(answers))


def stated_identity(bag: object) -> StatedIdentity:
    """The identity in an account's properties. Inputs list user-assigned ids; outputs map them to what Azure
    says of each. What is listed beside a type without user-assigned identities is not attached."""
    listed = get_path(bag, "identity.userAssignedIdentities")
    type = values.word(get_path(bag, "identity.type")) or ""
    found = _read(StatedIdentity, bag, marks=True, type=type, shown=attached_identities(listed))
    ids = values.items(listed)
    if isinstance(type, Hidden) or (found.is_user and (isinstance(ids, Hidden) or Hidden.UNKNOWN in ids)):
        return replace(found, attached=None)
    if found.is_user and not isinstance(ids, Hidden):
        return replace(found, attached=frozenset(str(id).lower() for id in ids))
    return found


def identity(body: Json) -> UserAssignedIdentity:
    """A user-assigned identity, or the own one of a resource, from its own answer."""
    return _read(UserAssignedIdentity, body.get("properties"), id=_text(body.get("id")) or "")


def diagnostic_setting(body: Json) -> DiagnosticSetting:
    """A diagnostic setting. Raises KeyError for what is none."""
    properties = body["properties"]
    return _read(
        DiagnosticSetting,
        body,
        categories=tuple(sorted(map(str, audit_log.recorded(properties.get("logs"))))),
        dedicated=values.word(properties.get("logAnalyticsDestinationType")) == "dedicated",
        others=tuple(filter(None, map(properties.get, (audit_log.STORAGE, audit_log.EVENT_HUB)))),
    )


def encryption(body: object) -> Encryption:
    """The `encryption` of an account's properties; absent means Microsoft-managed keys."""
    return _read(Encryption, _with_key_source(body))


def stated_encryption(body: object) -> StatedEncryption:
    """The `encryption` that a program states, or a preview shows; marks alone where all of it is hidden."""
    return _read(StatedEncryption, _with_key_source(body), marks=True)


def _with_key_source(body: object) -> object:
    """Encryption with the source of its key, which is Key Vault where a key is named without one (the default
    in azure-rest-api-specs, CognitiveServices, Encryption)."""
    if (
        isinstance(body, Mapping)
        and body.get("keyVaultProperties")
        and not values.name(body.get("keySource"))
    ):
        return {**body, "keySource": KEY_VAULT_SOURCE}
    return body


def upgrade(account: object) -> Upgrade:
    """Azure's plan for an account, from its JSON by an API version that shows it."""
    return _read(Upgrade, get_path(account, "properties.foundryAutoUpgrade"))


def network(properties: object) -> Network:
    """The network settings in the properties of an account or a vault, from any source.

    Rules without a `defaultAction` close the endpoint to everybody else (assumed).
    """
    rules = values.prop(properties, "networkAcls")
    addresses = _allowed(rules, "ipRules", "value")
    subnets = _allowed(rules, "virtualNetworkRules", "id")
    default_action = _value(values.get_path(rules, "defaultAction"))
    # A mark that hides the rules counts as rules.
    if not default_action and (addresses or subnets):
        default_action = "Deny"
    bypass = values.get_path(rules, "bypass")
    if bypass is None:
        bypass = Network.bypass
    connections = values.items(values.prop(properties, "privateEndpointConnections"))
    return Network(
        public_access=_value(values.prop(properties, "publicNetworkAccess")) or Network.public_access,
        default_action=default_action or Network.default_action,
        bypass=_value(bypass),
        ip_rules=addresses,
        subnet_rules=subnets,
        private_endpoints=0 if isinstance(connections, Hidden) else len(connections),
    )


def _allowed(rules: object, kind: str, part: str) -> tuple[Value, ...] | Hidden:
    """What one kind of network rules lets in, each by the property `part`; the mark that hides the rules."""
    listed = values.items(values.get_path(rules, kind))
    if isinstance(listed, Hidden):
        return listed
    return tuple(_value(values.get_path(rule, part)) for rule in listed)


def _value(value: object) -> Value:
    """A text as Azure wrote it, or the mark that hides it."""
    if isinstance(value, Hidden):
        return value
    return _text(value) or ""


def vault(body: Json) -> Vault:
    """A vault, from JSON or from azure-native's outputs; or a managed HSM, from JSON. Soft delete of an HSM
    is always on (managed-hsm/soft-delete-overview)."""
    properties = body.get("properties")
    entries = values.items(get_path(properties, "accessPolicies"))
    found: dict[str, Any] = {
        "policies": () if isinstance(entries, Hidden) else tuple(map(policy_entry, entries)),
        "network": network(properties),
    }
    if arm_ids.in_managed_hsm(_text(body.get("id")) or ""):
        uri, sku = (_text(get_path(body, path)) or "" for path in ("properties.hsmUri", "sku.name"))
        found |= {"uri": uri, "soft_delete": True, "uses_rbac": True, "sku": sku}
        found["activated"] = _activated(properties)
    made = _read(Vault, body, **found)
    return replace(made, sku=made.sku.lower())


def _activated(properties: object) -> bool | None:
    paths = ("securityDomainProperties.activationStatus", "provisioningState")
    state, provisioned = ((_text(get_path(properties, path)) or "").lower() for path in paths)
    if not state:
        return True if provisioned == "activated" else None
    if state == "unknown":
        return None
    return state == "active"


def policy_entry(body: Json) -> PolicyEntry:
    """One access policy: an entry of a vault's list, or the `policy` of azure-native's AccessPolicy."""
    return _policy(PolicyEntry, body)


def stated_policies(listed: object) -> tuple[StatedPolicyEntry, ...]:
    """The entries of a vault's list, each on its own: if an entry or the whole list is hidden, an entry of
    marks stands for it."""
    return tuple(_policy(StatedPolicyEntry, entry, marks=True) for entry in values.each(listed))


def _policy(fact: type[_Fact], body: object, *, marks: bool = False) -> _Fact:
    words: dict[str, list[Shown]] = {}
    for group in GROUPS:
        read = map(values.name if marks else _text, values.each(get_path(body, f"permissions.{group}")))
        words[group] = [word for word in read if word]
    keys = tuple(words.pop(GROUPS[0]))
    others = tuple((group, word) for group, listed in words.items() for word in listed)
    return _read(fact, body, marks=marks, keys=keys, others=others)


def key(body: Json, versions: Iterable[Json] = ()) -> Key:
    """A key from its own answer and those of its versions.

    Azure counts whole seconds, so two versions may share a time; the key itself names its current one, which
    comes last.
    """
    current = key_version(body).version
    found = sorted(
        map(key_version, versions), key=lambda one: (one.created or 0, one.version == current, one.version)
    )
    rotation = rotation_policy(get_path(body, "properties.rotationPolicy"))
    return _read(Key, body, versions=tuple(found), rotation=rotation)


def key_version(body: Json) -> KeyVersion:
    """A key version, from its own answer or from a key's, which describes the current version."""
    uri = _text(get_path(body, "properties.keyUriWithVersion")) or _text(body.get("id")) or ""
    return _read(KeyVersion, body, version=arm_ids.name_of(uri))


def key_version_from_vault(bundle: Json) -> KeyVersion:
    """A version as the API of its vault or managed HSM gives it, in full or as a row of a list, which says
    neither type nor operations."""
    return key_version(arm_key("", bundle))


def arm_key(key_id: str, bundle: Json, rotation: Json | None = None) -> Json:
    """A key or a version of one as Resource Manager would describe it: `bundle` is the answer of the API of
    the vault or managed HSM, or a row of one of its lists; `rotation` is the answer about the rotation
    policy."""
    key = bundle.get("key") or {}
    bits = None
    if modulus := _text(key.get("n")):
        bits = len(base64.urlsafe_b64decode(modulus + "==").lstrip(b"\0")) * 8
    return {
        "id": key_id,
        "properties": {
            "kty": key.get("kty"),
            "keySize": bits,
            "keyOps": key.get("key_ops"),
            "attributes": bundle.get("attributes"),
            "keyUriWithVersion": key.get("kid") or bundle.get("kid"),
            "rotationPolicy": rotation,
        },
        "tags": bundle.get("tags"),
    }


def local_role_assignment(hsm_id: str, body: Json, definition: Json | None = None) -> RoleAssignment:
    """A role assignment that a managed HSM keeps itself, from the HSM's API, in the form of
    `role_assignment`: its scope becomes an id of Resource Manager."""
    properties = body.get("properties") or {}
    scope = arm_ids.of_local_scope(hsm_id, _text(properties.get("scope")) or "")
    id = arm_ids.child(scope, arm_ids.ROLE_ASSIGNMENT, _text(body.get("name")) or "")
    return role_assignment({"id": id, "properties": {**properties, "scope": scope}}, definition)


def role_assignment(body: Json, definition: Json | None = None) -> RoleAssignment:
    """A role assignment; `definition` is its role's answer, needed unless the role is built in."""
    paths = ("id", "properties.roleDefinitionId", "properties.scope")
    id, named, scope = (_text(get_path(body, path)) or "" for path in paths)
    if id and not scope:
        scope = arm_ids.parse(id).scope
    found = role(definition) if definition else roles.built_in(named)
    return _read(RoleAssignment, body, scope=scope, role_id=_role_id(named), role=found)


def stated_role_assignment(bag: object) -> StatedRoleAssignment:
    """A role assignment that a program states, or a preview shows. Only older types of azure-native have
    `properties`."""
    inner = get_path(bag, "properties")
    body = {"properties": bag if inner is None else inner}
    found = _read(StatedRoleAssignment, body, marks=True, scope=values.name(values.prop(bag, "scope")) or "")
    if isinstance(found.role_id, Hidden):
        return found
    return replace(found, role_id=_role_id(found.role_id), role=roles.built_in(found.role_id))


def _role_id(named: str) -> str:
    return roles.id_of(named) or named.lower()


def role_definition_id(assignment: Json) -> str:
    """The id of the definition of a role assignment's role. Raises KeyError for what is none."""
    return str(assignment["properties"]["roleDefinitionId"])


def role(definition: Json) -> roles.Role:
    """A role from its definition's answer."""
    id, name = _text(definition.get("id")) or _text(definition.get("name")) or "", "properties.roleName"
    blocks = get_path(definition, "properties.permissions") or ()
    return roles.Role(
        arm_ids.name_of(id).lower(),
        _text(get_path(definition, name)) or "",
        tuple(map(permissions, blocks)),
    )


def deny_assignment(body: Json) -> DenyAssignment:
    """A deny assignment."""
    properties = body.get("properties") or {}
    principals, excluded = (
        tuple(map(str.lower, _each(properties.get(name), "id")))
        for name in ("principals", "excludePrincipals")
    )
    return DenyAssignment(
        scope=_text(properties.get("scope")) or "",
        principals=principals,
        excluded=excluded,
        denied=roles.Role(
            "",
            _text(properties.get("denyAssignmentName")) or "",
            tuple(map(permissions, properties.get("permissions") or ())),
        ),
        applies_below=_flag(properties.get("doNotApplyToChildScopes")) is not True,
    )


def deleted(body: Json) -> Deleted:
    """A soft-deleted account or vault."""
    location = _text(get_path(body, "properties.location")) or _text(body.get("location")) or ""
    return _read(Deleted, body, location=location)


def seconds(value: object) -> int | None:
    """Seconds since 1970, from a number of seconds, a datetime or an ISO 8601 text; None for an absent
    time. Raises ValueError for what is no time, which is never taken for none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | datetime) or value == "":
        return None
    if isinstance(value, int | float) and math.isfinite(value):
        return int(value)
    if isinstance(found := values.number(value), int):
        return found
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


def permissions(block: Json) -> roles.Permissions:
    """One block of what a role or a principal may do."""
    names = ("actions", "notActions", "dataActions", "notDataActions")
    return roles.Permissions(*(_texts(block.get(name)) or () for name in names))


def rotation_policy(body: Json | None) -> RotationPolicy | None:
    """A key's rotation policy, from its `rotationPolicy`."""
    if not body:
        return None
    actions = get_path(body, "lifetimeActions") or ()
    rotates = (action for action in actions if values.word(get_path(action, "action.type")) == "rotate")
    valid = _text(get_path(body, "attributes.expiryTime")) or ""
    return _read(RotationPolicy, get_path(next(rotates, {}), "trigger"), expires_after=valid)


def _text(value: object) -> str | None:
    """Text as Azure wrote it. For a word that they know, Azure's clients give an enum, whose value is the
    word. None for what is absent, empty or hidden."""
    if value is None or isinstance(value, Hidden):
        return None
    return str(getattr(value, "value", value)) or None


def _flag(value: object) -> bool | None:
    found = values.flag(value)
    return found if isinstance(found, bool) else None


def _texts(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(_text(text) or "" for text in value)


def _each(listed: Any, name: str) -> tuple[str, ...]:
    """The value under a name in each object of a list."""
    return tuple(_text(get_path(each, name)) or "" for each in listed or ())


_READINGS: Final = {
    "str": _text,
    "Text": _text,
    "Shown": _text,
    "bool": _flag,
    "int": seconds,
    "tuple[str, ...]": _texts,
}
"""By the type of a fact's field."""
