"""The rules on one resource, value by value: a right stack with one thing changed in it.

Owns the tables of values. Does not own what a rule asks of several resources (the files beside this one).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from tests.policies.asking import (
    ACCESS_POLICY,
    ACCOUNT,
    GENERIC,
    KEY,
    KEY_URI,
    NOW,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_NUMBER,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VAULT,
    VERSION,
    Thing,
)
from tests.policies.bags import (
    ENCRYPTION_USER,
    VAULT_ID,
    inline_account_props,
    with_changes,
)
from tests.policies.editing import ADMIN
from tests.policies.rules.row import SERVICE, UPDATE, UPDATE_WITH_ROLES, Row

DAY: Final = 86_400
CMK: Final = "properties.encryption.keyVaultProperties"
INLINE: Final = ("update of one phase",)
OFFICER: Final = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
AZAPI: Final = "azapi:index/resource:Resource"
Change = dict[str, Any]
Rows = Iterator[tuple[str, Row]]


def stated(rule: str, changes: Change, says: str, on: tuple[str, ...] = UPDATE, **config: Any) -> Rows:
    """What a rule says of a right stack where the program states this of the rule's resource."""
    noun = "account" if rule.startswith("cmk") else rule.partition("-")[0]
    edits = {f"{noun}.{path}": value for path, value in changes.items()}
    yield rule, Row(f"{changes} {config}", on, says, edits, config=config)


def on(
    rule: str,
    path: str,
    passes: Sequence[Any] = (),
    refused: Sequence[Any] = (),
    unsure: Sequence[Any] = (),
    **config: Any,
) -> Rows:
    """The values of one property that pass, that are refused, and that leave the rule open."""
    for says, values in (("pass", passes), ("violation", refused), ("open", unsure)):
        for value in values:
            yield from stated(rule, {path: value}, says, **config)


def together(rule: str, *cases: tuple[Change, str], **config: Any) -> Rows:
    """Several values at once."""
    for changes, says in cases:
        yield from stated(rule, changes, says, **config)


def beside(rule: str, *cases: tuple[str, Change, str]) -> Rows:
    """One more resource of some type in a right stack."""
    for token, props, says in cases:
        yield rule, Row(f"{token} {props}", UPDATE, says, {"x": Thing("x", token, props)})


def actions(*types: Any) -> list[Change]:
    """The lifetime actions of a rotation policy."""
    return [{"action": {"type": one}} for one in types]


NETWORKS: Final[tuple[tuple[Change, str, str], ...]] = (
    ({"publicNetworkAccess": "Disabled"}, "pass", "pass"),
    ({"networkAcls": {"defaultAction": "Deny"}}, "pass", "violation"),
    ({"networkAcls": {"ipRules": [{"value": "10.0.0.0/24"}]}}, "violation", "violation"),
    (
        {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "0.0.0.0/1"}]}},
        "violation",
        "violation",
    ),
    ({}, "violation", "violation"),
    ({"publicNetworkAccess": UNKNOWN_TEXT}, "open", "open"),
    ({"networkAcls": UNKNOWN_OBJECT}, "open", "violation"),
    ({"publicNetworkAccess": "SecuredByPerimeter"}, "open", "violation"),
)


def networks(rule: str) -> Rows:
    """Disabled or Deny will do, or only Disabled as configured; Allow with IP rules is open, and so is an
    endpoint in a network security perimeter."""
    for properties, restricted, disabled in NETWORKS:
        yield from stated(rule, {"properties": properties}, restricted)
        yield from stated(rule, {"properties": properties}, disabled, publicAccess="disabled")


def expiry(expires: Any, policy: Any) -> Change:
    """When a key ends, by a date of its own and by its rotation policy."""
    return {
        "properties.attributes.expires": expires,
        "properties.rotationPolicy.attributes.expiryTime": policy,
    }


RETENTION: Final = "properties.softDeleteRetentionInDays"
MODEL: Final = "properties.enableRbacAuthorization"
EXPIRES: Final = "properties.attributes.expires"
# The values of what core judges are in tests/consistency/test_each_demand.py.
OF_PROPERTIES: Final = (
    *on("vault-soft-delete", "properties.enableSoftDelete", refused=(False,)),
    *on("vault-purge-protection", "properties.enablePurgeProtection", refused=(..., False)),
    *on("vault-trusted-services", "properties.networkAcls.bypass", refused=("None",)),
    *on("key-rsa-2048", "properties.keySize", refused=(3072, ...)),
    *on("key-rsa-2048", "properties.kty", refused=("EC",)),
    # Foundry follows its key by itself.
    *together("cmk-complete", ({f"{CMK}.keyVersion": ..., "kind": "AIServices"}, "pass"), on=INLINE),
    *on("account-tier-supports-cmk", "sku", refused=({"name": "F0"}, {"name": "X", "tier": "Free"}, None)),
    *on("vault-retention", RETENTION, (90, 7), (6, 91, 30.5, "soon"), (UNKNOWN_TEXT,)),
    *on("vault-retention", RETENTION, (90, ...), (30,), minimumDays=90),
    # Access policies that a move to RBAC left over do no harm: grant-present asks for one that counts.
    *on("vault-permission-model", MODEL, (True, False, ...), (), (UNKNOWN_FLAG,), model="any"),
    *on("vault-permission-model", MODEL, (True,), (False, ...), model="rbac"),
    *on("vault-permission-model", MODEL, (False,), (True, ...), model="access-policy"),
    *together("vault-permission-model", ({"properties": {"createMode": "recover"}}, "pass"), model="rbac"),
    *networks("vault-network-restricted"),
    *networks("account-network-restricted"),
    # Enabled, within its dates, allowed to wrap and unwrap; what is not stated is Azure's default.
    *on("key-usable", "properties.attributes.enabled", (True, ...), (False,), (UNKNOWN_TEXT,)),
    *on("key-usable", "properties.attributes", (None,)),
    *on("key-usable", EXPIRES, (NOW + 1, 0), (NOW,), (UNKNOWN_NUMBER,)),
    *on("key-usable", "properties.attributes.notBefore", (NOW,), (NOW + 1, 1e30), (UNKNOWN_NUMBER,)),
    *on("key-usable", "properties.keyOps", refused=(["wrapKey"],)),
    # ARM's own names are none of azure-native's.
    *on("key-usable", "properties.attributes.exp", (NOW - 1,)),
    # A date on the key or in its rotation policy, within the configured distance; zero dates are none.
    *together(
        "key-expiry",
        (expiry(NOW + DAY * 400, ...), "pass"),
        (expiry(..., "P2Y"), "pass"),
        (expiry(..., ...), "violation"),
        (expiry(0, ""), "violation"),
        (expiry(UNKNOWN_NUMBER, ...), "open"),
        (expiry(NOW + DAY, UNKNOWN_TEXT), "pass"),
        (expiry(..., UNKNOWN_TEXT), "open"),
        # A disabled key encrypts nothing, so it is left to key-usable.
        ({**expiry(..., ...), "properties.attributes.enabled": False}, "pass"),
    ),
    *on("key-expiry", EXPIRES, (NOW + DAY * 30,), (NOW + DAY * 29,), minimumDays=30),
    *on("key-expiry", EXPIRES, (NOW + DAY * 30,), (NOW + DAY * 31,), maximumDays=30),
    # One action of type rotate is needed; a notification is none.
    *on(
        "key-rotation-policy",
        "properties.rotationPolicy",
        (
            {"lifetimeActions": actions("Notify", "Rotate")},
            {"lifetimeActions": actions(UNKNOWN_TEXT, "rotate")},
        ),
        (
            {"lifetimeActions": actions("notify")},
            {"lifetimeActions": []},
            {"lifetimeActions": [None]},
            {},
            ...,
        ),
        (UNKNOWN_TEXT, {"lifetimeActions": [UNKNOWN_TEXT]}, {"lifetimeActions": actions(UNKNOWN_TEXT)}),
    ),
    # Absent is on, which is what the service does.
    *on("account-local-auth-disabled", "properties.disableLocalAuth", (True,), (False, ...), (UNKNOWN_FLAG,)),
    # An identity of its own, or one attached to it: a binding may name an attached one.
    *on(
        "account-identity",
        "identity",
        (
            {"type": "SystemAssigned"},
            {"type": "SystemAssigned, UserAssigned"},
            {"type": "UserAssigned", "userAssignedIdentities": ["x"]},
        ),
        (
            {"type": "UserAssigned", "userAssignedIdentities": []},
            {"type": "None"},
            *(None, ..., "SystemAssigned"),
        ),
        (UNKNOWN_OBJECT, {"type": UNKNOWN_TEXT}),
    ),
    # Inline encryption with the client id of an attached identity will do instead of a system identity.
    *together(
        "account-identity",
        ({}, "pass"),
        ({"identity.userAssignedIdentities": UNKNOWN_LIST}, "pass"),
        ({f"{CMK}.identityClientId": UNKNOWN_TEXT}, "pass"),
        ({"identity.userAssignedIdentities": []}, "violation"),
        ({f"{CMK}.identityClientId": ""}, "violation"),
        ({f"{CMK}.identityClientId": ...}, "violation"),
        ({"properties.encryption.keySource": "Microsoft.CognitiveServices"}, "pass"),
        ({"properties.encryption": UNKNOWN_OBJECT}, "pass"),
        on=INLINE,
    ),
)
OF_INLINE_KEYS: Final[tuple[tuple[str, Any, str, str], ...]] = (
    (f"{CMK}.keyVersion", VERSION, "pass", "pass"),
    *((f"{CMK}.keyVersion", value, "violation", "violation") for value in ("", ...)),
    (f"{CMK}.keyVersion", "latest", "violation", "pass"),
    (f"{CMK}.keyVersion", UNKNOWN_TEXT, "open", "open"),
    *((f"{CMK}.keyName", value, "violation", "pass") for value in ("a/b", ...)),
    (f"{CMK}.keyName", UNKNOWN_TEXT, "open", "pass"),
    (f"{CMK}.keyVaultUri", "https://hsm.managedhsm.azure.net/", "pass", "pass"),
    *(
        (f"{CMK}.keyVaultUri", uri, "violation", "pass")
        for uri in ("http://kv-one.vault.azure.net/", KEY_URI)
    ),
    (f"{CMK}.keyVaultUri", UNKNOWN_TEXT, "open", "pass"),
    (CMK, ..., "violation", "violation"),
    (CMK, UNKNOWN_OBJECT, "open", "open"),
    # SDKs leave the source to its default.
    *(
        ("properties.encryption.keySource", one, "pass", "pass")
        for one in (..., "Microsoft.CognitiveServices", "Microsoft.Storage")
    ),
    ("properties.encryption.keySource", UNKNOWN_TEXT, "open", "open"),
    ("properties.encryption", None, "pass", "pass"),
    ("properties.encryption", UNKNOWN_OBJECT, "open", "open"),
    ("properties.encryption", {}, "pass", "pass"),
    ("properties.encryption", {"keyVaultProperties": {"keyName": " "}}, "violation", "violation"),
)
"""What cmk-complete and cmk-no-versionless say of an inline key: its vault is an https URI of a known cloud,
the key has a name, and the version is one."""


def _bound_and_inline() -> Rows:
    for path, value, *both in OF_INLINE_KEYS:
        for rule, says in zip(("cmk-complete", "cmk-no-versionless"), both, strict=True):
            yield from stated(rule, {path: value}, says, on=INLINE)
    for uri, *both in OF_URIS:
        for rule, says in zip(("cmk-complete", "cmk-no-versionless"), both, strict=True):
            yield rule, Row(f"bound {uri}", UPDATE, says, {"binding.keyUriWithVersion": uri})


OF_URIS: Final = (
    *((KEY_URI.removesuffix(end), "pass", "violation") for end in (f"/{VERSION}", VERSION)),
    (KEY_URI.replace(VERSION, "current"), "violation", "pass"),
    *((uri, "violation", "violation") for uri in (None, ["x"])),
    (UNKNOWN_TEXT, "open", "open"),
)
"""URIs of the key of a binding: each with what two rules say of it."""


def _entries() -> Rows:
    """An entry of access policies: of a resource of its own, and in the list of the vault."""
    exact = ["get", "wrapKey", "unwrapKey"]
    for permissions, wide, inexact in (
        ({"keys": ["UnwrapKey", "GET", "wrapkey"]}, "pass", "pass"),
        ({"keys": exact, "secrets": [], "storage": None}, "pass", "pass"),
        ({"keys": [*exact, "list"]}, "pass", "violation"),
        ({"keys": exact[:2]}, "pass", "violation"),
        ({"keys": exact[1:]}, "pass", "violation"),
        ({"keys": "all"}, "violation", "violation"),
        ({"keys": ["get", "Purge"]}, "violation", "pass"),
        ({"keys": exact, "certificates": ["list"]}, "pass", "violation"),
        ({"keys": exact, "storage": ["ALL"]}, "violation", "violation"),
        # Others manage keys or secrets.
        ({"keys": ["get", "list", "create"]}, "pass", "pass"),
        (None, "pass", "pass"),
        ({"keys": ["get", UNKNOWN_TEXT]}, "open", "open"),
        ({"keys": exact, "secrets": UNKNOWN_LIST}, "open", "open"),
        ({"keys": UNKNOWN_LIST, "secrets": ["all"]}, "violation", "open"),
    ):
        for rule, says in (("vault-no-broad-grants", wide), ("grant-exact", inexact)):
            yield rule, Row(str(permissions), UPDATE, says, {"grant.policy.permissions": permissions})
    # An object id in `administrators`, in any case, may hold more than the three; never all or purge.
    listed = [{}, {"objectId": ADMIN, "permissions": {"keys": [*exact, "create", "purge"]}}]
    for rule, says, config in (
        ("grant-exact", "violation", {}),
        ("grant-exact", "pass", {"administrators": [ADMIN.upper()]}),
        ("vault-no-broad-grants", "violation", {"administrators": [ADMIN]}),
    ):
        edits: Change = {"vault.properties.accessPolicies": listed}
        yield rule, Row(f"listed in the vault {config}", UPDATE, says, edits, config=config)
    for keys, words in (
        (["wrapKey", "sign"], "holds on keys: sign, wrapKey (missing get, unwrapKey)\n"),
        (["all"], "holds on keys: all\n"),
    ):
        edits = {"grant.policy.permissions.keys": keys}
        yield "grant-exact", Row("in Azure's spelling", UPDATE, "violation", edits, words)
    for rule in ("grant-exact", "vault-no-broad-grants"):
        yield rule, Row("a policy that is not known", UPDATE, "open", {"grant.policy": UNKNOWN_OBJECT})


def _roles() -> Rows:
    """Crypto Service Encryption User on one vault or key, as ServicePrincipal."""
    group = "/subscriptions/s1/resourceGroups/rg"
    rule, officer = "role-least-privilege", {"roleDefinitionId": OFFICER}
    cases: tuple[tuple[Change, str], ...] = (
        *(({"scope": scope}, "pass") for scope in (VAULT_ID, VAULT_ID.upper() + "/KEYS/CMK/")),
        *(({"scope": scope}, "violation") for scope in (group, f"{VAULT_ID}/secrets/x", ...)),
        ({"roleDefinitionId": f"{VAULT_ID}{ENCRYPTION_USER}".upper()}, "pass"),
        *(({"principalType": type}, "violation") for type in ("User", ...)),
        *(({path: UNKNOWN_TEXT}, "open") for path in ("scope", "principalType", "roleDefinitionId")),
        ({"roleDefinitionId": OFFICER}, "violation"),
        ({**officer, "principalType": "User"}, "pass"),
        *(({**officer, "principalType": type}, "open") for type in (..., UNKNOWN_TEXT)),
        *(({"roleDefinitionId": id}, "pass") for id in (None, "00000000-0000-0000-0000-000000000000")),
    )
    for changes, says in cases:
        edits = {f"grant.{path}": value for path, value in changes.items()}
        yield rule, Row(str(changes), UPDATE_WITH_ROLES, says, edits)
    held, config = (
        {"grant.roleDefinitionId": OFFICER, "grant.principalId": ADMIN},
        {"administrators": [ADMIN]},
    )
    yield rule, Row("of a pipeline", UPDATE_WITH_ROLES, "pass", held, config=config)


def _of_other_shapes() -> Rows:
    """Bags without readable properties, requests that Azure reads otherwise, and what an account ignores."""
    for given, says in ((None, "violation"), ("text", "violation"), (UNKNOWN_OBJECT, "open")):
        yield from stated("vault-purge-protection", {"properties": given}, says)
    # Azure ignores the properties of a request that recovers a vault; so do Azure Policy and these rules.
    for rule in ("vault-soft-delete", "vault-purge-protection", "vault-network-restricted"):
        for mode, says in (("Recover", "pass"), ("default", "violation")):
            yield from stated(rule, {"properties": {"createMode": mode, "enableSoftDelete": False}}, says)
    # An ignored identity could be lost unseen; what a refresh has found of a key is not stated.
    for rule, on, ignored, says in (
        *(("account-identity", UPDATE, [path], "violation") for path in ("*", "identity.type")),
        ("account-identity", UPDATE, ["properties.encryption", "tags"], "pass"),
        ("cmk-complete", INLINE, ["properties.encryption.keySource"], "violation"),
        ("cmk-complete", INLINE, ["properties.encryption"], "pass"),
    ):
        edits: Change = {"account@ignore_changes": ignored}
        if rule == "cmk-complete":
            edits[f"account.{CMK}"] = {"keyVersion": VERSION}
        yield rule, Row(f"ignores {ignored}", on, says, edits)


def _of_first_creates() -> Rows:
    """An inline key needs the client id of an identity that can have access before the account exists."""
    rule, client = "cmk-not-at-create-with-system-identity", f"{CMK}.identityClientId"
    source = "properties.encryption.keySource"
    new: Change = {"name": UNKNOWN_TEXT, client: ...}
    elsewhere = "properties.encryption.keySource", "tags"
    for changes, ignored, says in (
        ({**new, client: "33333333-3333-3333-3333-333333333333"}, (), "pass"),
        ({**new, client: UNKNOWN_TEXT}, (), "pass"),
        (new, (), "violation"),
        ({**new, client: "", "identity.type": "SystemAssigned, UserAssigned"}, (), "violation"),
        ({**new, source: UNKNOWN_TEXT}, (), "open"),
        ({**new, source: "Microsoft.CognitiveServices"}, (), "pass"),
        ({**new, "properties.encryption": UNKNOWN_OBJECT}, (), "open"),
        ({**new, "properties.encryption": None}, (), "pass"),
        # The usual two deployments: the first makes the account, the second grants access and states the key.
        ({**new, "name": "lang-one"}, (), "pass"),
        # After a refresh the ignored encryption of a bound account is in its inputs; it is no key at create.
        (new, ("properties.encryption",), "pass"),
        (new, elsewhere, "violation"),
    ):
        thing = Thing("x", ACCOUNT, with_changes(inline_account_props(), changes), ignore_changes=ignored)
        yield rule, Row(f"{changes} {ignored}", UPDATE, says, {"x": thing})


def _protected() -> Rows:
    """A binding is protected, unless a setting of a service of ours around it takes that off on purpose."""
    rule, off = "binding-protected", {"binding@protect": False, "binding@parent": "service"}
    yield rule, Row("by the option", UPDATE, "pass")
    yield rule, Row("in no service of ours", UPDATE, "violation", {"binding@protect": False})
    settings: tuple[tuple[Change, str], ...] = (
        ({"protect": False}, "pass"),
        *(({"protect": said}, "violation") for said in (True, UNKNOWN_FLAG)),
        ({"unbindAccount": "lang-one"}, "pass"),
        ({"unbindAccount": UNKNOWN_TEXT}, "violation"),
        ({"access": "revoked", "replaceAccount": "lang-one"}, "violation"),
    )
    for said, says in settings:
        yield rule, Row(str(said), UPDATE, says, {**off, "service": Thing("service", SERVICE, said)})
    ours = Thing("service", SERVICE, {"unbindAccount": "lang-one"})
    inner = Thing("part", "language-cmk:index:KeyBinding", parent="service")
    for claim, edits, says in (
        ("through an inner component", {"part": inner, "service": ours, "binding@parent": "part"}, "pass"),
        ("of others", {"service": replace(ours, type="shop:index:Service")}, "violation"),
    ):
        yield rule, Row(claim, UPDATE, says, {**off, **edits})
    # The engine shows a pack no replaceOnChanges, with which any change would take key or data away; an
    # engine does not replace what is protected.
    for token, protect, first, says in (
        (ACCOUNT, False, True, "open"),
        (VAULT, False, True, "open"),
        (KEY, False, True, "open"),
        (KEY, True, True, "pass"),
        (KEY, False, None, "pass"),
    ):
        thing = Thing("x", token, {}, protect=protect, deletes_first=first)
        yield rule, Row(f"{token} deleted first", UPDATE, says, {"x": thing})


def _by_types() -> Rows:
    """Which types, versions and templates rules can read."""
    yield from beside(
        "no-preview-api-version",
        ("azure-native:cognitiveservices/v20240401preview:Account", {}, "violation"),
        ("azure-native_storage_v20240101preview:storage:Blob", {}, "violation"),
        (ACCOUNT, {}, "pass"),
        (GENERIC, {"apiVersion": "2024-04-01"}, "pass"),
        (GENERIC, {"apiVersion": UNKNOWN_TEXT}, "pass"),
        (AZAPI, {"type": "Microsoft.KeyVault/vaults@2024-04-01-preview", "body": {}}, "violation"),
    )
    vault = {"resourceProviderNamespace": "Microsoft.KeyVault", "resourceType": "vaults", "properties": {}}
    yield from beside(
        "key-vault-api-version",
        ("azure-native:keyvault:Vault", {}, "violation"),
        ("azure-native:keyvault:Key", {"azureApiVersion": "2024-11-01"}, "violation"),
        ("azure-native:keyvault/v20250501:Vault", {}, "violation"),
        ("azure-native_keyvault_v20260201:keyvault:Vault", {}, "pass"),
        *((token, {"policy": {}}, "pass") for token in (VAULT, KEY, ACCESS_POLICY)),
        ("azure-native:storage:StorageAccount", {}, "pass"),
    )
    for token, words in (
        ("Vault", "run `pulumi package add azure-native keyvault 2026-02-01`, and make it of that package's"),
        ("AccessPolicy", "make it an azure-cmk:index:AccessPolicy"),
        ("Vault", "refuses from 27 February 2027 on"),
    ):
        thing = Thing("x", f"azure-native:keyvault:{token}", {"policy": {}})
        yield "key-vault-api-version", Row("the way out", UPDATE, "violation", {"x": thing}, words)
    update, action = "azapi:index/updateResource:UpdateResource", "azapi:index/resourceAction:ResourceAction"
    yield from beside(
        "no-other-provider",
        ("azure:keyvault/keyVault:KeyVault", {}, "violation"),
        *((token, {}, "pass") for token in ("azure:keyvault/secret:Secret", "azure-native:keyvault:Vault")),
        (GENERIC, vault, "violation"),
        (update, {"type": "Microsoft.KeyVault/vaults@2023-07-01"}, "violation"),
        (action, {"type": "microsoft.cognitiveservices/ACCOUNTS@1"}, "violation"),
        (update, {"type": "Microsoft.Storage/storageAccounts@1"}, "pass"),
        # What a template elsewhere makes may be the account of this stack, written a second time.
        (f"{DEPLOYMENT}:Deployment", {"properties": {"mode": "Incremental", "templateLink": LINK}}, "open"),
        (f"{DEPLOYMENT}/v20240301:DeploymentStackAtSubscription", {"templateLink": LINK}, "open"),
        ("azure-native:blueprint:Assignment", {"blueprintId": "/subscriptions/s1/blueprints/b"}, "open"),
        ("azure-native:blueprint/v20181101preview:Assignment", {"blueprintId": UNKNOWN_TEXT}, "open"),
        *((f"{DEPLOYMENT}:Deployment", {"properties": {"template": one}}, says) for one, says in TEMPLATES),
        *((token, {name: json.dumps(WITH_VAULT)}, "violation") for token, name in TEXTS),
        *((TEXTS[0][0], {"templateContent": text}, says) for text, says in WRITTEN),
    )


DEPLOYMENT: Final = "azure-native:resources"
LINK: Final = {"uri": "https://templates.example.org/account.json"}
WITH_VAULT: Final = {
    "resources": [{"type": "Microsoft.KeyVault/Vaults", "apiVersion": "2023-07-01", "name": "kv"}]
}
TEMPLATES: Final = (
    ({"resources": {"kv": {"type": "Microsoft.KeyVault/vaults/keys"}}}, "violation"),
    ({"resources": [{"properties": {"template": WITH_VAULT}}]}, "violation"),
    ({"resources": [{"type": "Microsoft.Storage/storageAccounts"}, UNKNOWN_OBJECT]}, "open"),
    ({"resources": [{"type": "Microsoft.Storage/storageAccounts"}]}, "pass"),
    (None, "open"),
)
TEXTS: Final = (
    ("azure:core/resourceGroupTemplateDeployment:ResourceGroupTemplateDeployment", "templateContent"),
    ("azure:core/templateDeployment:TemplateDeployment", "templateBody"),
    ("azurerm:index/subscriptionTemplateDeployment:SubscriptionTemplateDeployment", "templateContent"),
    ("azure-native:resources:Deployment", "template"),
)
WRITTEN: Final = (
    (json.dumps({"resources": []}), "pass"),
    ("no JSON", "open"),
    (json.dumps(WITH_VAULT).replace("/", "\\/"), "violation"),
    (json.dumps(WITH_VAULT).replace("Micro", "\\u004dicro"), "violation"),
    ("// Bicep made this\n" + json.dumps(WITH_VAULT), "violation"),
    ('{"resources": [{"type": "[variables(\'type\')]"}]} // and no more', "open"),
)
ROWS: Final = [
    *OF_PROPERTIES,
    *_bound_and_inline(),
    *_entries(),
    *_roles(),
    *_of_other_shapes(),
    *_of_first_creates(),
    *_protected(),
    *_by_types(),
]
