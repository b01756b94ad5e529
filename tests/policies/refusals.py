"""For each rule, resources or stacks that it must refuse: one at least for each of its refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from policies.adapter import to_policy
from policies.rule import ResourceRule, Rule, UsedResourceRule
from policies.session import Session
from tests.policies.asking import (
    ACCESS_POLICY,
    ACCOUNT,
    BINDING,
    KEY,
    KEY_URI,
    NOW,
    OTHER_TENANT,
    ROLE,
    UNKNOWN_TEXT,
    VAULT,
    Answer,
    Pack,
    Thing,
)
from tests.policies.bags import (
    account_props,
    inline_account_props,
    key_props,
    policy_props,
    role_props,
    vault_props,
    with_change,
)
from tests.policies.editing import around
from tests.policies.stacks import Stack, declared, one_phase, run, two_phases

DEPLOYMENT: Final = "azure-native:cognitiveservices:Deployment"
PROJECT: Final = "azure-native:cognitiveservices:Project"
OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CRYPTO_USER: Final = "12338af0-0e69-4776-bea7-57ae8d297424"
OFFICER: Final = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
_DAY: Final = 86_400
_CMK: Final = "properties.encryption.keyVaultProperties"


_TEMPLATE: Final = {"properties": {"template": {"resources": [{"type": "Microsoft.KeyVault/vaults"}]}}}


@dataclass(frozen=True)
class Refused:
    """What is shown to a rule, and the rule's settings."""

    things: Sequence[Thing]
    config: Mapping[str, Any] = field(default_factory=dict)


def _one(token: str, props: Mapping[str, Any], path: str, value: Any, **config: Any) -> Refused:
    return Refused([Thing("x", token, with_change(props, path, value))], config)


def vault(path: str, value: Any, **config: Any) -> Refused:
    return _one(VAULT, vault_props(), path, value, **config)


def key(path: str, value: Any, **config: Any) -> Refused:
    return _one(KEY, key_props(), path, value, **config)


def account(path: str, value: Any) -> Refused:
    return _one(ACCOUNT, account_props(), path, value)


def inline(path: str, value: Any) -> Refused:
    return _one(ACCOUNT, inline_account_props(), path, value)


def bound(uri: Any) -> Refused:
    return Refused([Thing("x", BINDING, {"accountId": "a", "keyUriWithVersion": uri}, protect=True)])


def role(path: str, value: Any) -> Refused:
    return _one(ROLE, role_props(), path, value)


def stack(
    name: str, path: str = "", value: Any = None, *, of: Stack | None = None, **changes: Any
) -> Refused:
    """Two phases with one resource changed; without it when nothing is to change."""
    found = two_phases() if of is None else of
    if path:
        changes["props"] = with_change(found[name].props, path, value)
    if changes:
        found = {**found, name: replace(found[name], **changes)}
    else:
        found = {key: thing for key, thing in found.items() if key != name}
    return Refused(list(found.values()))


def of_kind(kind: str, *, of: Stack | None = None) -> Stack:
    """Two phases with an account of another kind."""
    return {thing.name: thing for thing in stack("account", "kind", kind, of=of).things}


def with_thing(name: str, token: str, props: Mapping[str, Any], of_account: str) -> Refused:
    """Two phases with one more resource, a property of which comes from the account."""
    more = Thing(name, token, {**props}, property_dependencies={of_account: ["account"]})
    return Refused([*two_phases().values(), more])


def twin(name: str, **changes: Any) -> Refused:
    """Two phases with a second resource like another one."""
    found = two_phases()
    return Refused([*found.values(), replace(found[name], name="twin", **changes)])


_OTHER: Final = {"x": {"clientId": "another"}}
_MORE: Final = {"keys": ["get", "wrapKey", "unwrapKey"], "secrets": ["get"]}
_OWN: Final = Thing("own", ACCOUNT, with_change(account_props(), "id", "/own"))


def _other_client() -> Stack:
    found = stack("binding", "identityClientId", "nobody").things
    named = {thing.name: thing for thing in found}
    props = with_change(named["account"].props, "identity.userAssignedIdentities", _OTHER)
    return {**named, "account": replace(named["account"], props=props)}


REFUSED: Final[dict[str, list[Refused]]] = {
    "key-vault-api-version": [
        Refused([Thing("x", "azure-native:keyvault:Vault", vault_props())]),
        Refused([Thing("x", "azure-native:keyvault/v20230701:Key", key_props())]),
        Refused([Thing("x", "azure-native:keyvault:AccessPolicy", policy_props())]),
    ],
    "vault-soft-delete": [vault("properties.enableSoftDelete", False)],
    "vault-purge-protection": [vault("properties.enablePurgeProtection", ...)],
    "vault-permission-model": [
        vault("properties.enableRbacAuthorization", False, model="rbac"),
        vault("properties.enableRbacAuthorization", True, model="access-policy"),
    ],
    "vault-no-broad-grants": [_one(ACCESS_POLICY, policy_props(), "policy.permissions.keys", ["all"])],
    "key-rsa-2048": [
        key("properties.kty", "EC"),
        key("properties.keySize", 3072),
        key("properties.keySize", ...),
    ],
    "key-usable": [
        key("properties.attributes.enabled", False),
        key("properties.attributes.expires", NOW - 1),
        key("properties.attributes.notBefore", NOW + 1),
        key("properties.keyOps", ["wrapKey"]),
    ],
    "grant-exact": [
        _one(ACCESS_POLICY, policy_props(), "policy.permissions.keys", ["wrapKey"]),
        _one(ACCESS_POLICY, policy_props(), "policy.permissions", _MORE),
    ],
    "role-least-privilege": [
        role("scope", "/subscriptions/s1"),
        role("principalType", "User"),
        role("roleDefinitionId", OFFICER),
        role("roleDefinitionId", OWNER),
    ],
    "account-identity": [
        Refused([Thing("x", ACCOUNT, account_props(), ignore_changes=["identity"])]),
        account("identity", None),
        account("identity", {"type": "UserAssigned", "userAssignedIdentities": []}),
        inline(f"{_CMK}.identityClientId", ...),
        inline("identity.userAssignedIdentities", []),
    ],
    "account-fits-its-kind": [
        stack("account", "properties.userOwnedStorage", [{"resourceId": "/s"}], of=of_kind("OpenAI")),
        stack("account", "properties.apiProperties", {"qnaAzureSearchEndpointId": "/s"}, of=of_kind("Face")),
        stack("account", "kind", "Face", of=one_phase()),
        with_thing("project", PROJECT, {"accountName": "lang-one"}, "accountName"),
        with_thing("model", DEPLOYMENT, {"accountName": "lang-one"}, "accountName"),
    ],
    "account-tier-supports-cmk": [account("sku.name", "F0")],
    "cmk-complete": [
        inline("properties.encryption.keySource", "Microsoft.Storage"),
        inline(f"{_CMK}.keyVaultUri", "http://x"),
        inline(f"{_CMK}.keyName", "a/b"),
        inline(f"{_CMK}.keyVersion", "1"),
        bound("x"),
    ],
    "cmk-not-at-create-with-system-identity": [
        _one(ACCOUNT, {**inline_account_props(), "name": UNKNOWN_TEXT}, f"{_CMK}.identityClientId", ...)
    ],
    "cmk-no-versionless": [inline(f"{_CMK}.keyVersion", ...), bound(KEY_URI[:-33])],
    "binding-protected": [Refused([Thing("x", BINDING, {"keyUriWithVersion": KEY_URI})])],
    "vault-retention": [vault("properties.softDeleteRetentionInDays", 1)],
    "vault-network-restricted": [vault("properties.publicNetworkAccess", "Enabled", publicAccess="disabled")],
    "vault-trusted-services": [vault("properties.networkAcls.bypass", "None")],
    "key-expiry": [
        _one(KEY, {"properties": {}}, "properties.kty", "RSA"),
        key("properties.attributes.expires", NOW + _DAY, minimumDays=30),
        key("properties.attributes.expires", NOW + _DAY * 900, maximumDays=30),
    ],
    "key-rotation-policy": [key("properties.rotationPolicy", None)],
    "account-local-auth-disabled": [account("properties.disableLocalAuth", False)],
    "account-network-restricted": [account("properties.publicNetworkAccess", "Enabled")],
    "account-outbound-compatible": [stack("account", "properties.restrictOutboundNetworkAccess", True)],
    "no-preview-api-version": [Refused([Thing("x", "azure-native:keyvault/v20250101preview:Vault")])],
    "no-other-provider": [
        Refused([Thing("x", "azure:keyvault/keyVault:KeyVault")]),
        Refused([Thing("x", "azure-native:resources:Deployment", _TEMPLATE)]),
    ],
    "account-has-customer-key": [stack("binding")],
    "bound-after-grant": [stack("binding", depends_on=[])],
    "project-after-key": [with_thing("project", PROJECT, {"accountName": "lang-one"}, "accountName")],
    "caller-least-privilege": [
        with_thing("caller", ROLE, {"roleDefinitionId": OWNER, "principalId": "x"}, "scope")
    ],
    "role-wider-than-needed": [
        stack("grant", "roleDefinitionId", CRYPTO_USER, of=of_kind("AIServices", of=two_phases(roles=True)))
    ],
    "grant-present": [
        stack("grant"),
        stack("grant", "policy.permissions.keys", ["get"]),
        stack("grant", "policy.permissions.keys", ["get", "wrapKey", "unwrapKey", "sign"]),
        stack("grant", "roleDefinitionId", OFFICER, of=two_phases(roles=True)),
        stack("vault", "properties.enableRbacAuthorization", True),
        stack("grant", "policy.objectId", "somebody"),
    ],
    "same-region": [stack("vault", "location", "northeurope")],
    "same-tenant": [
        stack("vault", "properties.tenantId", OTHER_TENANT),
        stack("grant", "policy.tenantId", OTHER_TENANT),
    ],
    "one-writer": [twin("binding"), twin("account"), stack("account", ignore_changes=["tags"])],
    "account-write-keeps-key": [
        stack("account", of=two_phases(written=True), ignore_changes=["properties.encryption"])
    ],
    "binding-identity": [
        stack("account", "identity", {"type": "UserAssigned", "userAssignedIdentities": ["x"]}),
        Refused([*_other_client().values()]),
    ],
    "no-mixed-access-policies": [stack("vault", "properties.accessPolicies", [{"objectId": "x"}])],
    "vault-audited": [stack("audit"), stack("audit", "logs", [])],
    "one-key-per-account": [
        Refused(
            [
                *two_phases().values(),
                _OWN,
                Thing("y", BINDING, {"accountId": "/own", "keyUriWithVersion": KEY_URI}),
            ]
        )
    ],
}


def messages(rule: Rule, refused: Refused) -> list[str]:
    """What a rule says of them."""
    pack = Pack(
        {rule.name: dict(refused.config)},
        levels={rule.name: "mandatory"},
        policies=[to_policy(rule, Session(lambda: NOW))],
    )
    said: list[Answer] = []
    if isinstance(rule, UsedResourceRule):
        for thing in refused.things:
            said += run(around(thing), pack)
    elif isinstance(rule, ResourceRule):
        for thing in refused.things:
            said += pack.ask(thing)
    else:
        for thing in refused.things:
            pack.ask(declared(thing))
        said += pack.ask_stack(refused.things)
    return [answer.message for answer in said]
