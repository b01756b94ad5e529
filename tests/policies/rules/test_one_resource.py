"""The rules on one resource, value by value: a right vault, key or account with one thing changed.

Owns the table of values. Does not own what a rule asks of several resources (the files beside this one).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from tests.policies.asking import (
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
    Pack,
    Thing,
    secret,
)
from tests.policies.bags import account_props, inline_account_props, key_props, vault_props, with_change
from tests.policies.editing import judged, shapes

PINNED: Final = "azure-native:keyvault/v20230701:Vault"
PACKAGE: Final = "azure-native_keyvault_v20230701:keyvault:Vault"
RIGHT: Final = {"vault": (VAULT, vault_props), "key": (KEY, key_props), "account": (ACCOUNT, account_props)}
DAY: Final = 86_400
CMK: Final = "properties.encryption.keyVaultProperties"
Change = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What a rule says of a right resource with some values changed; `...` takes a value out."""

    rule: str
    changes: Change
    says: str
    config: Change = field(default_factory=dict)
    inline: bool = False

    def props(self) -> dict[str, Any]:
        """The resource's properties."""
        props = inline_account_props() if self.inline else RIGHT[self.noun][1]()
        for path, value in self.changes.items():
            props = with_change(props, path, value)
        return props

    @property
    def noun(self) -> str:
        """The kind of resource."""
        return "account" if self.rule.startswith("cmk") else self.rule.partition("-")[0]


def on(
    rule: str,
    path: str,
    passes: Sequence[Any] = (),
    refused: Sequence[Any] = (),
    unsure: Sequence[Any] = (),
    **config: Any,
) -> Iterator[Case]:
    """The values of one property that pass, that are refused, and that leave the rule open."""
    for says, values in (("pass", passes), ("violation", refused), ("open", unsure)):
        yield from (Case(rule, {path: value}, says, config) for value in values)


def together(rule: str, *cases: tuple[Change, str], inline: bool = False, **config: Any) -> Iterator[Case]:
    """Several values at once."""
    yield from (Case(rule, changes, says, config, inline) for changes, says in cases)


def ranges(*values: Any) -> Change:
    """A firewall that lets in some ranges."""
    return {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": value} for value in values]}}


def actions(*types: Any) -> list[Change]:
    """The lifetime actions of a rotation policy."""
    return [{"action": {"type": one}} for one in types]


ON: Final = (True, "true", " True ", secret(True), secret("TRUE"))
OFF: Final = (False, "false", 1, [True], {"value": True}, "[parameters('on')]")
HIDDEN_FLAGS: Final = (UNKNOWN_FLAG, UNKNOWN_TEXT, secret(UNKNOWN_FLAG))
NETWORKS: Final[tuple[tuple[Change, str, str], ...]] = (
    (ranges("0.0.0.0/1", "128.0.0.0/1"), "violation", "violation"),
    (ranges("20.0.0.0/7"), "violation", "violation"),
    (ranges("20.0.0.0/8", "1.2.3.4", "1.2.3.4/32", UNKNOWN_TEXT, None), "pass", "violation"),
    (ranges("20.0.0.0/x", "/"), "pass", "violation"),
    ({"publicNetworkAccess": "Disabled"}, "pass", "pass"),
    ({"publicNetworkAccess": "disabled", "networkAcls": {"defaultAction": "Allow"}}, "pass", "pass"),
    ({"networkAcls": {"defaultAction": "deny"}}, "pass", "violation"),
    ({"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}}, "pass", "violation"),
    (ranges("0.0.0.0/0"), "violation", "violation"),
    (ranges("::/0"), "violation", "violation"),
    (ranges("10.0.0.0/24"), "pass", "violation"),
    (
        {"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "10.0.0.0/24"}]}},
        "violation",
        "violation",
    ),
    ({"networkAcls": {"ipRules": [{"value": "10.0.0.0/24"}]}}, "violation", "violation"),
    ({"networkAcls": {"defaultAction": "Deny", "ipRules": UNKNOWN_LIST}}, "open", "violation"),
    ({"publicNetworkAccess": "Enabled"}, "violation", "violation"),
    ({"publicNetworkAccess": None, "networkAcls": None}, "violation", "violation"),
    ({}, "violation", "violation"),
    ({"publicNetworkAccess": UNKNOWN_TEXT}, "open", "open"),
    ({"networkAcls": UNKNOWN_OBJECT}, "open", "violation"),
    ({"publicNetworkAccess": secret("Disabled")}, "pass", "pass"),
)


def networks(rule: str, perimeter: str) -> Iterator[Case]:
    """Disabled or Deny will do, or only Disabled as configured; Allow with IP rules is open. `perimeter` is
    what the rule says of an endpoint in a network security perimeter."""
    for properties, restricted, disabled in (
        *NETWORKS,
        ({"publicNetworkAccess": "SecuredByPerimeter"}, perimeter, "violation"),
    ):
        yield Case(rule, {"properties": properties}, restricted)
        yield Case(rule, {"properties": properties}, disabled, {"publicAccess": "disabled"})


def firewall(public: Any, action: Any) -> Change:
    """A vault's network that keeps trusted services out, if it has a firewall."""
    acls = {"bypass": "None"} | ({} if action is ... else {"defaultAction": action})
    return {"properties.networkAcls": acls, "properties.publicNetworkAccess": public}


def expiry(expires: Any, policy: Any) -> Change:
    """When a key ends, by a date of its own and by its rotation policy."""
    return {
        "properties.attributes.expires": expires,
        "properties.rotationPolicy.attributes.expiryTime": policy,
    }


CASES: Final[tuple[Case, ...]] = (
    # Passes when nothing is stated, too: Azure then switches it on, and off it cannot be.
    *on("vault-soft-delete", "properties.enableSoftDelete", (*ON, None, ...), OFF, HIDDEN_FLAGS),
    *on("vault-purge-protection", "properties.enablePurgeProtection", ON, (*OFF, None, ...), HIDDEN_FLAGS),
    # What stands beside `properties` and belongs inside, azure-native drops.
    *together(
        "vault-soft-delete",
        ({"properties": {"enableSoftDelete": False}, "enableSoftDelete": True}, "violation"),
    ),
    *together("vault-purge-protection", ({"properties": {}, "enablePurgeProtection": True}, "violation")),
    *together("account-local-auth-disabled", ({"properties": {}, "disableLocalAuth": True}, "violation")),
    *together("account-tier-supports-cmk", ({"sku": ..., "properties.sku": {"name": "S"}}, "violation")),
    *on(
        "vault-retention",
        "properties.softDeleteRetentionInDays",
        (90, 7),
        (6, 91, 30.5, "soon", True),
        (UNKNOWN_TEXT,),
        minimumDays=7,
    ),
    *on("vault-retention", "properties.softDeleteRetentionInDays", ("90", ..., None), (30,), minimumDays=90),
    # Access policies that a move to RBAC left over do no harm: grant-present asks for one that counts.
    *together(
        "vault-permission-model",
        ({"properties": {"enableRbacAuthorization": True}}, "pass"),
        ({"properties": {"enableRbacAuthorization": False, "accessPolicies": [{}]}}, "pass"),
        ({"properties": {}}, "pass"),
        ({"properties": {"enableRbacAuthorization": "true", "accessPolicies": [{}]}}, "pass"),
        ({"properties": {"enableRbacAuthorization": UNKNOWN_FLAG}}, "open"),
        model="any",
    ),
    *together("vault-permission-model", ({"properties": {"createMode": "recover"}}, "pass"), model="rbac"),
    *on(
        "vault-permission-model",
        "properties.enableRbacAuthorization",
        (secret(True),),
        (False, None, ...),
        model="rbac",
    ),
    *on(
        "vault-permission-model",
        "properties.enableRbacAuthorization",
        ("False",),
        (..., True),
        model="access-policy",
    ),
    *networks("vault-network-restricted", "open"),
    *networks("account-network-restricted", "pass"),
    # The service reaches its key as a trusted service, which Azure allows unless it is told not to.
    *on(
        "vault-trusted-services",
        "properties.networkAcls.bypass",
        ("AzureServices", "azureservices", "Logging, AzureServices", ..., None),
        ("None", "none", "", 3),
        (UNKNOWN_TEXT,),
    ),
    # A vault without a firewall needs no way through it: that it is open, vault-network-restricted says.
    *together(
        "vault-trusted-services",
        (firewall("Enabled", "Allow"), "pass"),
        (firewall(..., ...), "pass"),
        (firewall("Enabled", "Deny"), "violation"),
        (firewall(..., "deny"), "violation"),
        (firewall("Disabled", "Allow"), "violation"),
        (firewall("SecuredByPerimeter", "Allow"), "open"),
        (firewall(UNKNOWN_TEXT, "Allow"), "open"),
        (firewall("Enabled", UNKNOWN_TEXT), "open"),
        (firewall(UNKNOWN_TEXT, "Deny"), "violation"),
    ),
    *on(
        "key-rsa-2048",
        "properties.kty",
        ("RSA", "rsa", "RSA-HSM"),
        ("EC", "oct-HSM", ..., None),
        (UNKNOWN_TEXT,),
    ),
    *on(
        "key-rsa-2048",
        "properties.keySize",
        (2048, 2048.0, "2048", secret(2048)),
        (3072, 4096, "large", None, ...),
        (UNKNOWN_NUMBER,),
    ),
    *together("key-rsa-2048", ({"properties.kty": UNKNOWN_TEXT, "properties.keySize": 4096}, "violation")),
    # Enabled, within its dates, allowed to wrap and unwrap; what is not stated is Azure's default.
    *on(
        "key-usable",
        "properties.attributes.enabled",
        (True, "true", ..., None),
        (False, "False", 0),
        (UNKNOWN_TEXT,),
    ),
    *on("key-usable", "properties.attributes", (None,)),
    *on(
        "key-usable",
        "properties.attributes.expires",
        (NOW + 1, "2050-12-30", 0, 1e30),
        (NOW, str(int(NOW - 1)), "2020-12-30T20:00:00Z"),
        (UNKNOWN_NUMBER,),
    ),
    # ARM's own names are none of azure-native's.
    *on("key-usable", "properties.attributes.exp", (NOW + 1, NOW - 1)),
    *on("key-usable", "properties.attributes.nbf", (NOW + 1,)),
    *on("key-usable", "properties.attributes.notBefore", (NOW,), (NOW + 1, 1e30), (UNKNOWN_NUMBER,)),
    *on(
        "key-usable",
        "properties.keyOps",
        (["WrapKey", "UNWRAPKEY", "sign"], ..., None, ["wrapKey", "unwrapKey", UNKNOWN_TEXT]),
        (["wrapKey"], ["unwrapKey"], ["encrypt", "decrypt"], []),
        (UNKNOWN_LIST, ["wrapKey", UNKNOWN_TEXT]),
    ),
    # A date on the key or in its rotation policy, within the configured distance; zero dates are none.
    *together(
        "key-expiry",
        (expiry(NOW + DAY * 400, ...), "pass"),
        (expiry(..., "P2Y"), "pass"),
        (expiry(..., ...), "violation"),
        (expiry(None, None), "violation"),
        (expiry(0, ""), "violation"),
        (expiry("0001-01-01T00:00:00Z", ...), "violation"),
        (expiry(secret(NOW + DAY), ...), "pass"),
        (expiry(UNKNOWN_NUMBER, ...), "open"),
        (expiry(NOW + DAY, UNKNOWN_TEXT), "pass"),
        (expiry(..., UNKNOWN_TEXT), "open"),
        # A disabled key encrypts nothing, so it is left to key-usable.
        ({**expiry(..., ...), "properties.attributes.enabled": False}, "pass"),
    ),
    *on("key-expiry", "properties.attributes.expires", (NOW + DAY * 31,), (NOW + DAY * 29,), minimumDays=30),
    *on("key-expiry", "properties.attributes.expires", (NOW + DAY * 30,), minimumDays=30, maximumDays=30),
    *on(
        "key-expiry",
        "properties.attributes.expires",
        (NOW + DAY * 700,),
        (NOW + DAY * 800,),
        maximumDays=730.0,
    ),
    # One action of type rotate is needed; a notification is none.
    *on(
        "key-rotation-policy",
        "properties.rotationPolicy",
        (
            {"lifetimeActions": actions("rotate")},
            {"lifetimeActions": actions("Notify", "Rotate")},
            {"lifetimeActions": actions(UNKNOWN_TEXT, "rotate")},
        ),
        (
            {"lifetimeActions": actions("notify")},
            {"lifetimeActions": []},
            {"lifetimeActions": [None]},
            {},
            None,
            ...,
        ),
        (UNKNOWN_TEXT, {"lifetimeActions": [UNKNOWN_TEXT]}, {"lifetimeActions": actions(UNKNOWN_TEXT)}),
    ),
    # Absent is on, which is what the service does.
    *on(
        "account-local-auth-disabled",
        "properties.disableLocalAuth",
        (True, "True", secret(True)),
        (False, "false", None, ...),
        (UNKNOWN_FLAG,),
    ),
    # Free tiers cannot use a customer's key, and a tier must be stated.
    *on(
        "account-tier-supports-cmk",
        "sku",
        ({"name": "S"}, {"name": "S0", "tier": "Standard"}),
        (
            *({"name": name} for name in ("F0", "f0", secret("F0"), None)),
            *({"name": "X", "tier": "Free"}, None, ...),
        ),
        ({"name": UNKNOWN_TEXT}, UNKNOWN_OBJECT),
    ),
    # An identity of its own, or one attached to it: a binding may name an attached one.
    *on(
        "account-identity",
        "identity",
        (
            *({"type": type} for type in ("SystemAssigned", "systemassigned", "SystemAssigned,UserAssigned")),
            {"type": secret("SystemAssigned")},
            {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": ["x"]},
            {"type": "UserAssigned", "userAssignedIdentities": ["x"]},
        ),
        (
            {"type": "UserAssigned", "userAssignedIdentities": []},
            *({"type": type} for type in ("UserAssigned", "None", None)),
            *({}, None, ..., "SystemAssigned"),
        ),
        (UNKNOWN_OBJECT, {"type": UNKNOWN_TEXT}),
    ),
    # Inline encryption with the client id of an attached identity will do instead of a system identity.
    *together(
        "account-identity",
        ({}, "pass"),
        ({"identity.userAssignedIdentities": UNKNOWN_LIST}, "pass"),
        ({"identity.userAssignedIdentities": [UNKNOWN_TEXT]}, "pass"),
        ({f"{CMK}.identityClientId": UNKNOWN_TEXT}, "pass"),
        ({"identity.userAssignedIdentities": []}, "violation"),
        ({"identity.userAssignedIdentities": None}, "violation"),
        ({f"{CMK}.identityClientId": ""}, "violation"),
        ({f"{CMK}.identityClientId": ...}, "violation"),
        ({"properties.encryption.keySource": "Microsoft.CognitiveServices"}, "pass"),
        ({"properties.encryption": UNKNOWN_OBJECT}, "pass"),
        inline=True,
    ),
)
INLINE: Final[tuple[tuple[str, Any, str, str], ...]] = (
    (f"{CMK}.keyVersion", VERSION.upper(), "pass", "pass"),
    *((f"{CMK}.keyVersion", value, "violation", "violation") for value in ("", ..., None)),
    (f"{CMK}.keyVersion", "latest", "violation", "pass"),
    (f"{CMK}.keyVersion", UNKNOWN_TEXT, "open", "open"),
    *((f"{CMK}.keyName", value, "violation", "pass") for value in ("a/b", ...)),
    (f"{CMK}.keyName", UNKNOWN_TEXT, "open", "pass"),
    *(
        (f"{CMK}.keyVaultUri", uri, "pass", "pass")
        for uri in (
            "https://kv-one.vault.azure.net",
            "HTTPS://KV-ONE.VAULT.AZURE.NET/",
            "https://kv-one.vault.azure.cn:443/",
            "https://hsm.managedhsm.azure.net/",
        )
    ),
    *(
        (f"{CMK}.keyVaultUri", uri, "violation", "pass")
        for uri in (
            "http://kv-one.vault.azure.net/",
            "https://kv-one.vault.azure.net.evil.example/",
            "https://kv-one.vaultXazure.net/",
            "https://westus.hsm.managedhsm.azure.net/",
            KEY_URI,
        )
    ),
    (f"{CMK}.keyVaultUri", UNKNOWN_TEXT, "open", "pass"),
    (CMK, ..., "violation", "violation"),
    (CMK, UNKNOWN_OBJECT, "open", "open"),
    *(
        ("properties.encryption.keySource", source, "pass", "pass")
        for source in ("microsoft.keyvault", ..., "Microsoft.CognitiveServices")
    ),
    ("properties.encryption.keySource", "Microsoft.Storage", "violation", "pass"),
    ("properties.encryption.keySource", UNKNOWN_TEXT, "open", "open"),
    ("properties.encryption", None, "pass", "pass"),
    ("properties.encryption", {"keySource": "Microsoft.CognitiveServices"}, "pass", "pass"),
    ("properties.encryption", UNKNOWN_OBJECT, "open", "open"),
    ("properties.encryption", {}, "violation", "violation"),
)
"""What cmk-complete and cmk-no-versionless say of an inline key: its vault is an https URI of a known cloud,
the key has a name, and the version is one."""
OF_INLINE: Final = [
    Case(rule, {path: value}, says, inline=True)
    for path, value, *both in INLINE
    for rule, says in zip(("cmk-complete", "cmk-no-versionless"), both, strict=True)
]
ENTRIES: Final[tuple[tuple[Any, str], ...]] = (
    *(({"keys": keys}, "pass") for keys in (["get", "wrapKey", "unwrapKey"], [], None)),
    ({}, "pass"),
    (None, "pass"),
    *(({"keys": keys}, "violation") for keys in (["All"], ["get", "Purge"], "all")),
    ({"secrets": ["purge"]}, "violation"),
    ({"certificates": [secret("all")]}, "violation"),
    ({"storage": ["ALL"]}, "violation"),
    *(({"keys": keys}, "open") for keys in (UNKNOWN_LIST, ["get", UNKNOWN_TEXT])),
    ({"keys": UNKNOWN_LIST, "secrets": ["all"]}, "violation"),
    (UNKNOWN_OBJECT, "open"),
)


def flat(props: dict[str, Any]) -> dict[str, Any]:
    """The same key as azure-native outputs it."""
    return {name: value for name, value in props.items() if name != "properties"} | (
        props["properties"] or {}
    )


@pytest.mark.parametrize(
    "case", [*CASES, *OF_INLINE], ids=lambda one: f"{one.rule}-{one.changes}-{one.config}"
)
def test_a_rule_on_one_resource_judges_each_value(case: Case) -> None:
    """Known, unknown, secret, absent, oddly spelt; a key nested or flat, a vault of a pinned version, too."""
    token, props = RIGHT[case.noun][0], case.props()
    assert judged(case.rule, Thing("one", token, props), case.config) == case.says
    if case.noun == "key":
        assert judged(case.rule, Thing("one", token, flat(props)), case.config) == case.says
    for other in (PINNED, PACKAGE) if case.rule in ("vault-soft-delete", "vault-purge-protection") else ():
        assert judged(case.rule, Thing("one", other, props), case.config) == case.says


@pytest.mark.parametrize(("permissions", "expected"), ENTRIES)
def test_nobody_holds_everything_or_purge(permissions: Any, expected: str) -> None:
    """All and purge are refused in each group, and in each place where ARM and azure-native take an entry;
    what is not known is said to be open."""
    for thing in shapes(permissions):
        assert judged("vault-no-broad-grants", thing) == expected, thing.name


@pytest.mark.parametrize("properties", [None, "text", [], UNKNOWN_OBJECT])
def test_a_vault_of_another_shape_never_passes(properties: Any) -> None:
    """A bag without a readable `properties` is refused, or left open when it is unknown."""
    unknown, vault = properties == UNKNOWN_OBJECT, Thing("v", VAULT, {"properties": properties})
    assert judged("vault-purge-protection", vault) == ("open" if unknown else "violation")
    assert judged("vault-soft-delete", vault) == ("open" if unknown else "pass")


@pytest.mark.parametrize("mode", ["recover", "Recover"])
def test_a_recovered_vault_keeps_what_it_had(mode: str) -> None:
    """Azure ignores the properties of a request that recovers a vault; so do Azure Policy and these rules."""
    off = {"enableSoftDelete": False}
    for rule in ("vault-soft-delete", "vault-purge-protection", "vault-network-restricted"):
        for said, expected in ((mode, "pass"), ("default", "violation")):
            vault = Thing("v", VAULT, {"properties": {"createMode": said, **off}})
            assert judged(rule, vault) == expected


def test_a_generic_resource_is_judged_as_what_it_is() -> None:
    """azure-native's generic resource for Microsoft.KeyVault/vaults is a vault; another type is none."""
    for type, expected in (("Vaults", "violation"), ("managedHSMs", "pass")):
        props = {"resourceProviderNamespace": "Microsoft.KeyVault", "resourceType": type, "properties": {}}
        assert judged("vault-purge-protection", Thing("v", GENERIC, props)) == expected


@pytest.mark.parametrize(
    "token", ["aws:kms:Key", "azure-native:storage:Vault", "azure:keyvault:Vault", "x", ""]
)
def test_other_resources_are_left_alone(token: str) -> None:
    """No rule answers for a resource of another service."""
    assert Pack().ask(Thing("v", token, {"properties": {}})) == []


@pytest.mark.parametrize(
    ("rule", "ignored", "expected"),
    [
        # An ignored identity could be lost unseen.
        *(
            ("account-identity", (path,), "violation")
            for path in ("identity", "identity.type", '["identity"]', "*", "identity.userAssignedIdentities")
        ),
        ("account-identity", ("properties.encryption", "tags"), "pass"),
        # Of an account that is bound by a resource of its own, azure-native keeps the parts that changed.
        ("cmk-complete", (), "violation"),
        ("cmk-complete", ("properties.encryption.keySource",), "violation"),
        ("cmk-complete", ("properties.encryption",), "pass"),
    ],
)
def test_what_an_account_ignores_is_judged_by_the_rule(
    rule: str, ignored: tuple[str, ...], expected: str
) -> None:
    """The identity is never ignored; what a refresh has found of a key is not stated."""
    props = (
        account_props()
        if rule == "account-identity"
        else with_change(inline_account_props(), CMK, {"keyVersion": VERSION})
    )
    assert judged(rule, Thing("a", ACCOUNT, props, ignore_changes=ignored)) == expected
