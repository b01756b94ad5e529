"""Rules on accounts and their vaults, over whole stacks."""

from collections.abc import Iterator
from typing import Any, Final

from core import roles
from tests.policies.asking import (
    GENERIC,
    NOW,
    OTHER_TENANT,
    ROLE,
    TENANT,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VERSION,
    Thing,
)
from tests.policies.bags import VAULT_ID
from tests.policies.rules.row import BOTH, EVERY, ONE, PREVIEW, SERVICE, TWO, UPDATE, WRITE, Row, each, values
from tests.policies.stacks import ACCOUNT_ID, PRINCIPAL, live_encryption, two_phases

STORAGE: Final = [{"resourceId": "/one"}]
TWO_STORAGES: Final = [*STORAGE, {"resourceId": UNKNOWN_TEXT}]
SEARCH: Final = {"qnaAzureSearchEndpointId": UNKNOWN_TEXT, "qnaAzureSearchEndpointKey": "x"}
SOURCE: Final = "account.properties.encryption.keySource"
HSM_URI: Final = f"https://hsm-one.managedhsm.azure.net/keys/cmk/{VERSION}"
ALONE: Final = {"binding@property_dependencies": {"accountId": ["account"]}}


def of_account(**properties: Any) -> dict[str, Any]:
    """Properties of the account; its kind by `kind`."""
    kind = {"account.kind": properties.pop("kind")} if "kind" in properties else {}
    return {**kind, **{f"account.properties.{name}": value for name, value in properties.items()}}


def below(type: str) -> Iterator[tuple[tuple[str, ...], Thing]]:
    """What is below the account, as a program may write it, and as it then exists: by stacks in which the
    account's name is known, and is not."""
    for on, name in ((UPDATE, "lang-one"), (PREVIEW, UNKNOWN_TEXT)):
        props = {"accountName": name}
        token = f"azure-native:cognitiveservices:{type}"
        yield on, Thing("below", token, props, property_dependencies={"accountName": ["account"]})


def outbound(allowed: Any, restricts: Any = True) -> dict[str, Any]:
    """What the account may call."""
    return of_account(restrictOutboundNetworkAccess=restricts, allowedFqdnList=allowed)


def caller(role: roles.Role, scope: str, **more: Any) -> dict[str, Any]:
    """Somebody's role; at the account by where its scope comes from."""
    definition = f"/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
    props = {"roleDefinitionId": definition, "principalId": PRINCIPAL, "scope": scope, **more}
    sources = {} if scope == VAULT_ID else {"scope": ["account"]}
    return {"caller": Thing("caller", ROLE, props, property_dependencies=sources)}


def said(**settings: Any) -> dict[str, Any]:
    """An account without a binding in a service with these settings."""
    return {"service": Thing("service", SERVICE, settings), "binding": None, "account@parent": "service"}


INLINE: Final = "account.properties.encryption"
UNWRITTEN: Final = {INLINE: ..., "account.id": ..., "account.etag": ...}
NO_VAULT: Final = dict.fromkeys(("vault", "key", "version", "audit"))
OF_ANOTHER_STACK: Final = (
    Row("a vault of another stack", UPDATE, "open", NO_VAULT),
    Row("a vault of another stack", UPDATE, "open", {"vault": None}, "its vault, which is not"),
    Row("an account of another stack", UPDATE, "open", {"account": None}, "its account, which is not"),
)
BY_PARTS: Final = {"resourceProviderNamespace": "Microsoft.CognitiveServices", "resourceType": "accounts"}
BY_TYPE: Final = {"type": "microsoft.cognitiveservices/ACCOUNTS@2025-06-01"}
NO_REGIONS: Final = {f"{name}.location": UNKNOWN_TEXT for name in ("vault", "account")}
AUDITED: Final = {"category": "AuditEvent", "enabled": True}
ROWS: Final[dict[str, list[Row]]] = {
    "account-fits-its-kind": [
        # Which kinds take what: core/kind_limits.py.
        *each(
            "storage, search and network rules",
            BOTH,
            [
                (of_account(kind="SpeechServices", userOwnedStorage=TWO_STORAGES), "violation"),
                (of_account(kind="OpenAI", userOwnedStorage=STORAGE), "violation"),
                (of_account(kind="Face", apiProperties=SEARCH), "violation"),
                (of_account(kind="Face", apiProperties={"qnaAzureSearchEndpointKey": None}), "pass"),
                (of_account(kind="SpeechServices", userOwnedStorage=UNKNOWN_LIST), "open"),
                (of_account(kind="SpeechServices", apiProperties=UNKNOWN_OBJECT), "open"),
                (of_account(kind="SpeechServices", networkAcls={"bypass": UNKNOWN_TEXT}), "violation"),
                (of_account(kind="SpeechServices", networkAcls=UNKNOWN_OBJECT), "open"),
                (of_account(kind=UNKNOWN_TEXT, userOwnedStorage=STORAGE), "open"),
                # Of a kind that is not listed nothing is known.
                (of_account(kind="SomethingNew", userOwnedStorage=STORAGE, apiProperties=SEARCH), "pass"),
            ],
        ),
        # Face uses a key only through its own identity; a binding names none by default.
        *each(
            "the identity that a binding names",
            BOTH,
            [
                ({"account.kind": "Face"}, "pass"),
                ({"account.kind": "Face", "binding.identityClientId": "client"}, "violation"),
            ],
        ),
        *(
            Row(f"a {type} of kind {kind}", on, says, {"account.kind": kind, "below": thing})
            for kind, type, says in (
                ("OpenAI", "Project", "violation"),
                ("OpenAI", "Deployment", "pass"),
                ("Face", "Deployment", "violation"),
            )
            for on, thing in below(type)
        ),
    ],
    "account-has-customer-key": [
        # Also when Azure says that it is bound: the program must keep it so.
        Row("no binding", TWO, "violation", {"binding": None}),
        *values(
            "the source of an inline key",
            ONE,
            SOURCE,
            [
                ("Microsoft.CognitiveServices", "violation"),
                ("Microsoft.Storage", "violation"),
                ("microsoft.keyVault", "pass"),
            ],
        ),
        Row(
            "a binding of an unknown account",
            UPDATE,
            "open",
            {"binding.accountId": UNKNOWN_TEXT, "binding@property_dependencies": {}},
        ),
        Row(
            "an id of another kind",
            UPDATE,
            "violation",
            {"binding.accountId": VAULT_ID, "binding@property_dependencies": {}},
        ),
        Row(
            "an excluded kind", UPDATE, "pass", {"binding": None}, config={"excludedKinds": ["textanalytics"]}
        ),
        # Azure would take no key for what stores nothing.
        *each(
            "kinds",
            UPDATE,
            [
                ({"binding": None, "account.kind": "ComputerVision"}, "pass"),
                ({"binding": None, "account.kind": None}, "violation"),
                ({"second": "account", "second.id": ACCOUNT_ID + "2"}, "violation"),
            ],
        ),
        *each(
            "accounts that no rule reads, of azure-native and azapi",
            BOTH,
            [
                ({"x": Thing("x", GENERIC, BY_PARTS)}, "violation"),
                ({"x": Thing("x", GENERIC, {**BY_PARTS, "kind": "ComputerVision"})}, "pass"),
                ({"x": Thing("x", GENERIC, {**BY_PARTS, "resourceType": "commitmentPlans"})}, "pass"),
                ({"x": Thing("x", "azapi:resources:Resource", BY_TYPE)}, "violation"),
                ({"x": Thing("x", "azapi:resources:UpdateResource", BY_TYPE)}, "pass"),
            ],
        ),
        *each(
            "encryption that names no key, or is not known",
            ("preview of one phase",),
            [
                ({"account.properties.encryption": {}}, "violation"),
                ({"account.properties.encryption": UNKNOWN_OBJECT}, "open"),
                ({SOURCE: UNKNOWN_TEXT}, "open"),
            ],
        ),
        *each(
            "unbound on purpose",
            BOTH,
            [
                (said(unbindAccount="LANG-one"), "pass"),
                (said(unbindAccount="lang-two"), "violation"),
                (said(unbindAccount=UNKNOWN_TEXT), "violation"),
                (said(replaceAccount="lang-one"), "violation"),
            ],
        ),
    ],
    "account-outbound-compatible": [
        *each(
            "the host of the vault in full",
            (*PREVIEW, *ONE),
            [
                (outbound(["kv-two.vault.azure.net"]), "violation"),
                (outbound([UNKNOWN_TEXT]), "open"),
                (outbound(["x.org", "KV-one.vault.azure.net"]), "pass"),
            ],
        ),
        # Of a vault of another stack that is not known yet, any may be it.
        *each(
            "a vault elsewhere",
            PREVIEW,
            [
                ({**ALONE, "vault": None, "key": None, "binding.vaultId": None, **outbound(hosts)}, says)
                for hosts, says in ((["kv-two.vault.azure.net"], "pass"), (["example.org"], "violation"))
            ],
        ),
        Row("no key", UPDATE, "pass", {**outbound([]), "binding": None}),
        Row("an account of another stack", UPDATE, "pass", {"account": None}),
        *(
            Row(
                "a managed HSM",
                UPDATE,
                says,
                {**ALONE, "binding.keyUriWithVersion": HSM_URI, "binding.vaultId": None, **outbound([host])},
                words,
            )
            for host, says, words in (
                ("hsm-one.managedhsm.azure.net", "pass", ""),
                ("hsm-one.vault.azure.net", "violation", "add hsm-one.managedhsm.azure.net to"),
            )
        ),
        Row("a vault", UPDATE, "violation", outbound([]), "add kv-one.vault"),
    ],
    "caller-least-privilege": [
        *(
            Row("a role that changes the account", on, "violation", caller(role, scope))
            for role in (roles.OWNER, roles.COGNITIVE_CONTRIBUTOR)
            for on, scope in ((UPDATE, ACCOUNT_ID), (PREVIEW, UNKNOWN_TEXT))
        ),
        Row("a role of callers", UPDATE, "pass", caller(roles.AI_SERVICES_USER, ACCOUNT_ID)),
        Row("a wide role elsewhere", UPDATE, "pass", caller(roles.CONTRIBUTOR, VAULT_ID)),
        Row(
            "an administrator",
            UPDATE,
            "pass",
            caller(roles.OWNER, ACCOUNT_ID),
            config={"administrators": [PRINCIPAL.upper()]},
        ),
    ],
    "same-region": [
        *values("known", EVERY, "vault.location", [("northeurope", "violation"), (UNKNOWN_TEXT, "open")]),
        # Neither states a region, or both take their group's: the update knows it.
        Row("of one group", BOTH, "open", NO_REGIONS),
        Row("without inputs", UPDATE, "open", NO_REGIONS, alone=True),
        *OF_ANOTHER_STACK,
    ],
    "same-tenant": [
        # By the identity's tenant; else one provider is one tenant, which its configuration may tell.
        Row(
            "another",
            EVERY,
            "violation",
            {
                "vault.properties.tenantId": OTHER_TENANT.upper(),
                "account@provider_props": {"tenantId": TENANT},
            },
        ),
        Row("of two providers that tell nothing", PREVIEW, "open", {"vault@provider": "another"}),
        Row("of two providers", UPDATE, "pass", {"vault@provider": "another"}),
        Row("of an access policy", PREVIEW, "violation", {"grant.policy.tenantId": OTHER_TENANT}),
        *each(
            "of the vault that is not known",
            UPDATE,
            [
                ({"vault.properties.tenantId": UNKNOWN_TEXT, **more}, says)
                for more, says in (
                    ({}, "pass"),
                    ({"vault@provider": "another"}, "open"),
                    (
                        {
                            "vault@provider": None,
                            "account@provider": None,
                            "account.identity.tenantId": UNKNOWN_TEXT,
                        },
                        "open",
                    ),
                )
            ],
        ),
        *OF_ANOTHER_STACK,
        Row(
            "a policy for a vault elsewhere",
            UPDATE,
            "pass",
            {
                **dict.fromkeys(two_phases()),
                "policy": Thing(
                    "policy",
                    two_phases()["grant"].type,
                    {"vaultName": "elsewhere", "policy": {"tenantId": OTHER_TENANT}},
                ),
            },
        ),
    ],
    "vault-audited": [
        *values(
            "AuditEvent, or the group audit or allLogs, enabled",
            BOTH,
            "audit.logs",
            [
                ([{"category": "auditevent", "enabled": "true"}], "pass"),
                ([{"categoryGroup": "audit", "enabled": True}], "pass"),
                (
                    [{"categoryGroup": "allLogs", "enabled": True}, {"category": "x", "enabled": False}],
                    "pass",
                ),
                ([{"category": "AuditEvent", "enabled": False}], "violation"),
                ([{"category": "AzurePolicyEvaluationDetails", "enabled": True}], "violation"),
                (None, "violation"),
                (UNKNOWN_LIST, "open"),
                ([UNKNOWN_OBJECT], "open"),
                ([UNKNOWN_OBJECT, AUDITED], "pass"),
                ([{"category": UNKNOWN_TEXT, "enabled": True}], "open"),
                ([{"category": "AuditEvent", "enabled": UNKNOWN_FLAG}], "open"),
            ],
        ),
        *each(
            "a destination",
            UPDATE,
            [
                ({"audit.workspaceId": None}, "violation"),
                ({"audit.workspaceId": UNKNOWN_TEXT}, "pass"),
                ({"audit.workspaceId": None, "audit.storageAccountId": "/somewhere"}, "pass"),
            ],
        ),
        *(
            Row(
                "by the vault's id",
                UPDATE,
                says,
                {"audit.resourceUri": uri, "audit@property_dependencies": {}},
            )
            for uri, says in ((f"{VAULT_ID}2", "violation"), (VAULT_ID.strip("/").upper(), "pass"))
        ),
        Row("no setting", UPDATE, "violation", {"audit": None}, "has no diagnostic setting\n"),
        Row(
            "a useless setting",
            UPDATE,
            "violation",
            {"audit.logs": []},
            "has no diagnostic setting that records audit events\n",
        ),
        # A first preview does not know what a program leaves out, and it is not to come.
        *(Row("left out", PREVIEW, "violation", omits={"audit": [name]}) for name in ("logs", "workspaceId")),
    ],
    "account-write-keeps-key": [
        # What the inputs leave out, azure-native's write takes away.
        *values(
            "the encryption in its inputs",
            WRITE,
            INLINE,
            [
                (..., "violation"),
                ({}, "violation"),
                ({"keySource": "Microsoft.CognitiveServices"}, "violation"),
                (live_encryption(), "pass"),
                (UNKNOWN_OBJECT, "open"),
                ({"keySource": UNKNOWN_TEXT}, "open"),
            ],
        ),
        Row("the way out", WRITE, "violation", {INLINE: None}, "run `pulumi up --refresh`"),
        *each(
            "not bound yet, or nowhere",
            WRITE,
            [
                ({INLINE: ..., "binding.principalId": UNKNOWN_TEXT, "binding.boundAt": None}, "pass"),
                ({INLINE: ..., "binding": None}, "pass"),
            ],
        ),
        # Providers differ in what they output: a write shows by any value that it will compute.
        Row("no write", WRITE, "pass", UNWRITTEN),
        *(
            Row("a write", WRITE, "violation", {**UNWRITTEN, f"account.{computed}": UNKNOWN_TEXT})
            for computed in ("id", "etag", "properties.provisioningState")
        ),
        Row("made, or not written", (*BOTH, *ONE), "pass"),
    ],
    "key-usable": [
        # The update that binds another version of our component's key must go through.
        *each(
            "what a refresh has found",
            UPDATE,
            [
                (
                    {
                        "service": Thing("service", around, {}),
                        f"key.properties.{path}": value,
                        "key@parent": "service",
                        "key@ignore_changes": ignored,
                    },
                    says,
                )
                for path, value in (("attributes.enabled", False), ("attributes.expires", NOW - 1))
                for around, ignored, says in (
                    (SERVICE, ("properties",), "open"),
                    (SERVICE, (), "violation"),
                    ("acme:index:Service", ("properties",), "violation"),
                )
            ],
        )
    ],
}
