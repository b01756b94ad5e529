"""For each rule, stacks that it must refuse: one at least for each of its refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from core.facts import LIVE_ENCRYPTION
from policies.rule import Asked, Rule
from tests.policies.asking import (
    ACCOUNT,
    BINDING,
    KEY_URI,
    NOW,
    OTHER_TENANT,
    ROLE,
    UNKNOWN_TEXT,
    Pack,
    Thing,
)
from tests.policies.bags import account_props, with_change
from tests.policies.editing import edited
from tests.policies.stacks import one_phase, run, two_phases

DEPLOYMENT: Final = "azure-native:cognitiveservices:Deployment"
PROJECT: Final = "azure-native:cognitiveservices:Project"
OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CRYPTO_USER: Final = "12338af0-0e69-4776-bea7-57ae8d297424"
OFFICER: Final = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
_DAY: Final = 86_400
_CMK: Final = "account.properties.encryption.keyVaultProperties"
_TEMPLATE: Final = {"properties": {"template": {"resources": [{"type": "Microsoft.KeyVault/vaults"}]}}}


@dataclass(frozen=True)
class Refused:
    """What is shown to a rule, and the rule's settings."""

    things: Sequence[Thing]
    config: Mapping[str, Any] = field(default_factory=dict)


def two(edits: Mapping[str, Any], **config: Any) -> Refused:
    """Two phases, which grant by access policies, with some things changed (editing.edited)."""
    return Refused([*edited(two_phases(), edits).values()], config)


def roles(edits: Mapping[str, Any]) -> Refused:
    """Two phases, which grant by roles."""
    return Refused([*edited(two_phases(roles=True), edits).values()])


def one(edits: Mapping[str, Any]) -> Refused:
    """One phase."""
    return Refused([*edited(one_phase(), edits).values()])


def with_thing(name: str, token: str, props: Mapping[str, Any], of_account: str) -> Refused:
    """Two phases with one more resource, a property of which comes from the account."""
    return two({name: Thing(name, token, {**props}, property_dependencies={of_account: ["account"]})})


def twin(name: str) -> Refused:
    """Two phases with a second resource like another one."""
    return Refused([*two_phases().values(), replace(two_phases()[name], name="twin")])


def only(**options: Any) -> Refused:
    """A resource and nothing else."""
    return Refused([Thing("x", **options)])


_MORE: Final = {"keys": ["get", "wrapKey", "unwrapKey"], "secrets": ["get"]}
_ATTACHED: Final = {"type": "UserAssigned", "userAssignedIdentities": ["x"]}
_OWN: Final = Thing("own", ACCOUNT, with_change(account_props(), "id", "/own"))
_BOUND: Final = {"accountId": "/own", "keyUriWithVersion": KEY_URI}
_UNNAMED: Final = with_change(one_phase()["account"].props, f"{_CMK[8:]}.identityClientId", ...)
REFUSED: Final[dict[str, list[Refused]]] = {
    "key-vault-api-version": [
        only(type="azure-native:keyvault:Vault"),
        only(type="azure-native:keyvault/v20230701:Key"),
        only(type="azure-native:keyvault:AccessPolicy", props={"policy": {}}),
    ],
    "vault-soft-delete": [two({"vault.properties.enableSoftDelete": False})],
    "vault-purge-protection": [two({"vault.properties.enablePurgeProtection": ...})],
    "vault-permission-model": [
        two({"vault.properties.enableRbacAuthorization": False}, model="rbac"),
        two({"vault.properties.enableRbacAuthorization": True}, model="access-policy"),
    ],
    "vault-no-broad-grants": [two({"grant.policy.permissions.keys": ["all"]})],
    "key-rsa-2048": [
        two({"key.properties.kty": "EC"}),
        two({"key.properties.keySize": 3072}),
        two({"key.properties.keySize": ...}),
    ],
    "key-usable": [
        two({"key.properties.attributes.enabled": False}),
        two({"key.properties.attributes.expires": NOW - 1}),
        two({"key.properties.attributes.notBefore": NOW + 1}),
        two({"key.properties.keyOps": ["wrapKey"]}),
    ],
    "grant-exact": [
        two({"grant.policy.permissions.keys": ["wrapKey"]}),
        two({"grant.policy.permissions": _MORE}),
    ],
    "role-least-privilege": [
        roles({"grant.scope": "/subscriptions/s1"}),
        roles({"grant.principalType": "User"}),
        roles({"grant.roleDefinitionId": OFFICER}),
        roles({"grant.roleDefinitionId": OWNER}),
    ],
    "account-identity": [
        two({"account@ignore_changes": ["identity"]}),
        two({"account.identity": None}),
        two({"account.identity": {"type": "UserAssigned", "userAssignedIdentities": []}}),
        one({f"{_CMK}.identityClientId": ...}),
        one({"account.identity.userAssignedIdentities": []}),
    ],
    "account-fits-its-kind": [
        two({"account.properties.userOwnedStorage": [{"resourceId": "/s"}], "account.kind": "OpenAI"}),
        two({"account.properties.apiProperties": {"qnaAzureSearchEndpointId": "/s"}, "account.kind": "Face"}),
        one({"account.kind": "Face"}),
        with_thing("project", PROJECT, {"accountName": "lang-one"}, "accountName"),
        with_thing("model", DEPLOYMENT, {"accountName": "lang-one"}, "accountName"),
    ],
    "account-tier-supports-cmk": [two({"account.sku.name": "F0"})],
    "cmk-complete": [
        one({f"{_CMK}.keyVaultUri": "http://x"}),
        one({f"{_CMK}.keyName": "a/b"}),
        one({f"{_CMK}.keyVersion": "1"}),
        two({"binding.keyUriWithVersion": "x"}),
    ],
    "cmk-not-at-create-with-system-identity": [
        only(type=ACCOUNT, props={**_UNNAMED, "name": UNKNOWN_TEXT}),
    ],
    "cmk-no-versionless": [
        one({f"{_CMK}.keyVersion": ...}),
        two({"binding.keyUriWithVersion": KEY_URI[:-33]}),
    ],
    "binding-protected": [two({"binding@protect": False})],
    "vault-retention": [two({"vault.properties.softDeleteRetentionInDays": 1})],
    "vault-network-restricted": [
        two({"vault.properties.publicNetworkAccess": "Enabled"}, publicAccess="disabled")
    ],
    "vault-trusted-services": [two({"vault.properties.networkAcls.bypass": "None"})],
    "key-expiry": [
        two({"key.properties": {"kty": "RSA"}}),
        two({"key.properties.attributes.expires": NOW + _DAY}, minimumDays=30),
        two({"key.properties.attributes.expires": NOW + _DAY * 900}, maximumDays=30),
    ],
    "key-rotation-policy": [two({"key.properties.rotationPolicy": None})],
    "account-local-auth-disabled": [two({"account.properties.disableLocalAuth": False})],
    "account-network-restricted": [two({"account.properties.publicNetworkAccess": "Enabled"})],
    "account-outbound-compatible": [two({"account.properties.restrictOutboundNetworkAccess": True})],
    "no-preview-api-version": [only(type="azure-native:keyvault/v20250101preview:Vault")],
    "no-other-provider": [
        only(type="azure:keyvault/keyVault:KeyVault"),
        only(type="azure-native:resources:Deployment", props=_TEMPLATE),
    ],
    "account-has-customer-key": [two({"binding": None})],
    "bound-after-grant": [two({"binding@depends_on": []})],
    "project-after-key": [with_thing("project", PROJECT, {"accountName": "lang-one"}, "accountName")],
    "caller-least-privilege": [
        with_thing("caller", ROLE, {"roleDefinitionId": OWNER, "principalId": "x"}, "scope")
    ],
    "role-wider-than-needed": [roles({"grant.roleDefinitionId": CRYPTO_USER, "account.kind": "AIServices"})],
    "grant-present": [
        two({"grant": None}),
        two({"grant.policy.permissions.keys": ["get"]}),
        two({"grant.policy.permissions.keys": ["get", "wrapKey", "unwrapKey", "sign"]}),
        roles({"grant.roleDefinitionId": OFFICER}),
        two({"vault.properties.enableRbacAuthorization": True}),
        two({"grant.policy.objectId": "somebody"}),
    ],
    "same-region": [two({"vault.location": "northeurope"})],
    "same-tenant": [
        two({"vault.properties.tenantId": OTHER_TENANT}),
        two({"grant.policy.tenantId": OTHER_TENANT}),
    ],
    "one-writer": [twin("binding"), twin("account"), two({"account@ignore_changes": ["tags"]})],
    "account-write-keeps-key": [
        Refused([*edited(two_phases(written=True), {"account@ignore_changes": [LIVE_ENCRYPTION]}).values()])
    ],
    "binding-identity": [
        two({"account.identity": _ATTACHED}),
        two(
            {
                "binding.identityClientId": "nobody",
                "account.identity.userAssignedIdentities": {"x": {"clientId": "another"}},
            }
        ),
    ],
    "no-mixed-access-policies": [two({"vault.properties.accessPolicies": [{"objectId": "x"}]})],
    "vault-audited": [two({"audit": None}), two({"audit.logs": []})],
    "one-key-per-account": [two({"own": _OWN, "y": Thing("y", BINDING, _BOUND)})],
}


def messages(rule: Rule, refused: Refused) -> list[str]:
    """What a rule says of them."""
    pack = Pack({rule.name: dict(refused.config)}, levels={rule.name: "mandatory"}, rules=[rule])
    if rule.asked is Asked.STEP:
        said = [answer for thing in refused.things for answer in pack.ask(thing)]
    else:
        said = run({thing.name: thing for thing in refused.things}, pack)
    return [answer.message for answer in said if answer.rule == rule.name]
