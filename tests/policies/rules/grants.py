"""Rules on grants, over whole stacks."""

from typing import Any, Final

from core import roles
from tests.policies.asking import (
    IDENTITY,
    KEY,
    ROLE,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VERSION,
    Thing,
)
from tests.policies.bags import ENCRYPTION_USER, VAULT_ID, key_props, role_props, with_change
from tests.policies.editing import ADMIN
from tests.policies.rules.row import (
    BOTH,
    EVERY,
    ONE,
    PREVIEW,
    PREVIEW_WITH_ROLES,
    ROLES,
    SERVICE,
    TWO,
    UPDATE,
    UPDATE_WITH_ROLES,
    Row,
    each,
    values,
)
from tests.policies.stacks import CLIENT, one_phase

NOBODY: Final = "99999999-9999-9999-9999-999999999999"
GROUP: Final = VAULT_ID.partition("/providers")[0]
MODEL: Final = "vault.properties.enableRbacAuthorization"
LISTED: Final = "vault.properties.accessPolicies"
HSM_URI: Final = f"https://hsm-one.managedhsm.azure.net/keys/cmk/{VERSION}"
WIDE: Final = roles.CRYPTO_USER.id
RELEASE: Final = roles.named("Key Vault Crypto Service Release User")


def service(access: str) -> Thing:
    """The component around the account."""
    return Thing("service", SERVICE, {"access": access})


def assigned(name: str, role: roles.Role, scope: Any, *sources: str, **more: Any) -> dict[str, Thing]:
    """One more role assignment; `sources` are where its scope comes from."""
    props = {**role_props(), "roleDefinitionId": role.id, "scope": scope, **more}
    return {name: Thing(name, ROLE, props, property_dependencies={"scope": list(sources)} if sources else {})}


def stranger(role: roles.Role, scope: Any, *sources: str, **more: Any) -> dict[str, Thing]:
    """A role of somebody else's beside the account's own."""
    return assigned("stranger", role, scope, *sources, **{"principalId": ADMIN, **more})


def signing() -> dict[str, Any]:
    """A signer's key of its own in the account's vault, in a first preview; the account's grant is known."""
    props = with_change(with_change(key_props(), "keyName", "signing"), "vaultName", UNKNOWN_TEXT)
    known = {"grant.roleDefinitionId": ENCRYPTION_USER, "grant.scope": f"{VAULT_ID}/keys/cmk"}
    return {**known, "signing": Thing("signing", KEY, props, property_dependencies={"vaultName": ["vault"]})}


def foundry(role: str = WIDE, kind: Any = "AIServices") -> dict[str, Any]:
    """The account's kind, and the role that it uses its key by."""
    return {"account.kind": kind, "grant.roleDefinitionId": f"{ENCRYPTION_USER[:-36]}{role}"}


ENTRY: Final = one_phase()["grant"].props["policy"]
SOMEONE: Final = {"objectId": "someone", "permissions": {"keys": ["get"]}}
USER: Final = Thing("identity", IDENTITY, {"clientId": CLIENT, "principalId": "p2"})
IN_VAULT: Final = {"grant": None, LISTED: [ENTRY], "account@depends_on": ["vault"]}
ELSEWHERE: Final = {
    **dict.fromkeys(("vault", "key", "version", "audit")),
    "binding@property_dependencies": {"accountId": ["account"]},
}
IN_HSM: Final = {"vault": None, "binding.keyUriWithVersion": HSM_URI, "binding.vaultId": None}
NAMED: Final = {"administrators": [ADMIN]}
ROWS: Final[dict[str, list[Row]]] = {
    "grant-present": [
        Row("none", EVERY, "violation", {"grant": None}),
        *(
            Row(
                f"none, and access is {access}",
                on,
                says,
                {"service": service(access), "grant": None, writer: "service"},
            )
            for access, says in (("revoked", "pass"), ("granted", "violation"))
            for on, writer in ((TWO, "binding@parent"), (ONE, "account@parent"))
        ),
        Row(
            "to one of two identities",
            PREVIEW,
            "open",
            {
                "another": "account",
                "grant@property_dependencies": {"vaultName": ["vault"], "policy": ["account", "another"]},
            },
            "it comes from account and another",
        ),
        Row(
            "to somebody, where the identity that exists is not known",
            UPDATE,
            "open",
            {
                "account.identity.principalId": UNKNOWN_TEXT,
                "grant.policy.objectId": NOBODY,
                "grant@property_dependencies": {"vaultName": ["vault"]},
            },
            "does not know its object id",
        ),
        # Where both principals are known they decide, whatever the dependencies.
        Row(
            "to nobody known", PREVIEW, "violation", {"grant@property_dependencies": {"vaultName": ["vault"]}}
        ),
        Row(
            "to an identity that was made anew",
            UPDATE,
            "violation",
            {"grant.policy.objectId": NOBODY, "grant@property_dependencies": {"policy": ["account"]}},
            words="run `pulumi refresh`",
        ),
        Row(
            "on another vault",
            UPDATE,
            "violation",
            {"grant.vaultName": "kv-two", "grant@property_dependencies": {"policy": ["account"]}},
        ),
        *values(
            "of exactly what is needed",
            BOTH,
            "grant.policy.permissions.keys",
            [
                (["get", "wrapKey"], "violation"),
                (["get", "wrapKey", "unwrapKey", "sign"], "violation"),
                (UNKNOWN_LIST, "open"),
            ],
        ),
        *(
            Row(
                "of the narrow role",
                UPDATE_WITH_ROLES,
                says,
                {"grant.roleDefinitionId": role, "grant.principalType": "User"},
                words,
            )
            for role, says, words in (
                (roles.CRYPTO_SERVICE_ENCRYPTION_USER.id, "pass", ""),
                (roles.CRYPTO_OFFICER.id, "violation", ""),
                ("11111111-1111-1111-1111-111111111111", "open", "the role 1111"),
                ("odd", "open", "the role odd"),
                (UNKNOWN_TEXT, "open", ""),
            )
        ),
        # Role assignments on a vault with access policies, and the other way round, open nothing.
        Row("that the vault ignores", BOTH, "violation", {MODEL: True}, "uses role assignments"),
        Row("that the vault ignores", ROLES, "violation", {MODEL: False}, "uses access policies"),
        Row("in a vault of an unknown model", TWO, "open", {MODEL: UNKNOWN_FLAG}),
        Row("in a vault that states no model", (*UPDATE, *UPDATE_WITH_ROLES), "open", {MODEL: ...}),
        Row("listed in the vault", ("update of one phase",), "pass", IN_VAULT),
        Row("of an identity elsewhere", ("update of one phase",), "open", {"identity": None, "grant": None}),
        Row("of an account elsewhere", UPDATE, "open", {"account": None, "grant": None}),
        *each(
            "for the identity that the binding names",
            UPDATE,
            [
                ({"identity": USER, "binding.identityClientId": CLIENT.upper()}, "violation"),
                (
                    {
                        "identity": USER,
                        "binding.identityClientId": CLIENT.upper(),
                        "grant.policy.objectId": "p2",
                    },
                    "pass",
                ),
            ],
        ),
        # A preview does not know the condition that a program leaves out; the role has none.
        *values(
            "of a role without a condition",
            PREVIEW_WITH_ROLES,
            "grant.roleDefinitionId",
            [
                (roles.CRYPTO_SERVICE_ENCRYPTION_USER.id, "pass"),
                (roles.named("Key Vault Reader").id, "violation"),
                (WIDE, "violation"),
            ],
            omits={"grant": ["condition"]},
        ),
        Row(
            "of a role with a condition to come",
            PREVIEW_WITH_ROLES,
            "open",
            {"grant.roleDefinitionId": ENCRYPTION_USER, "grant.condition": UNKNOWN_TEXT},
        ),
        Row(
            "of a role with a condition",
            UPDATE_WITH_ROLES,
            "open",
            {"grant.condition": "@Resource[x] StringEquals 'y'"},
        ),
        *(
            Row("of a key in a managed HSM", UPDATE_WITH_ROLES, "violation", {**IN_HSM, **by}, words)
            for by, words in (
                ({"grant.scope": GROUP}, "nothing in a managed HSM"),
                ({"grant": None}, "add azure-cmk's ManagedHsmRoleAssignment"),
            )
        ),
        # What the account can be made to do, its identity would do.
        *each(
            "beside another role of the identity",
            UPDATE_WITH_ROLES,
            [
                (assigned("more", roles.OWNER, GROUP), "violation"),
                (assigned("more", roles.CONTRIBUTOR, "/subscriptions/s1"), "violation"),
                (assigned("more", RELEASE, f"{VAULT_ID}/keys/cmk"), "violation"),
                (assigned("more", roles.OWNER, "/subscriptions/s1/resourceGroups/another"), "pass"),
                (assigned("more", roles.CRYPTO_OFFICER, "/subscriptions/s2"), "pass"),
                (assigned("more", roles.READER, GROUP), "pass"),
                # Nothing here tells in which group a vault of another stack is.
                (ELSEWHERE, "pass"),
                (
                    {**ELSEWHERE, **assigned("more", roles.OWNER, "/subscriptions/s1/resourceGroups/x")},
                    "open",
                ),
            ],
        ),
        *(
            Row(
                "beside a role on a group that is not made yet",
                PREVIEW_WITH_ROLES,
                says,
                {
                    "grant.roleDefinitionId": ENCRYPTION_USER,
                    "another": "group",
                    **assigned("more", roles.OWNER, UNKNOWN_TEXT, principalId=UNKNOWN_TEXT),
                    "more@property_dependencies": {"scope": [source], "principalId": ["account"]},
                },
            )
            for source, says in (
                ("group", "violation"),
                ("another", "pass"),
                ("nothing", "open"),
                ("audit", "pass"),
            )
        ),
    ],
    "bound-after-grant": [
        Row("a missing grant is another rule's", EVERY, "pass", {"grant": None}),
        Row("listed in the vault", ("update of one phase",), "pass", IN_VAULT),
        Row("does not wait", TWO, "violation", {"binding@depends_on": ["vault"]}),
        Row("does not wait", ONE, "violation", {"account@depends_on": ["vault"]}),
        Row(
            "waits through another resource",
            TWO,
            "pass",
            {
                "pause": Thing("pause", "time:index:Sleep", depends_on=["grant"]),
                "binding@depends_on": ["pause"],
            },
        ),
        # A preview still shows the grant that a revocation deletes.
        *each(
            "a grant that goes",
            UPDATE,
            [
                ({"service": service(access), "binding@depends_on": [], "binding@parent": "service"}, says)
                for access, says in (("granted", "violation"), ("revoked", "pass"))
            ],
        ),
    ],
    "no-mixed-access-policies": [
        *values(
            "listed and standalone",
            BOTH,
            LISTED,
            [([SOMEONE], "violation"), (UNKNOWN_LIST, "open"), ([], "violation"), (None, "pass")],
        ),
        Row(
            "two apart",
            UPDATE,
            "violation",
            {LISTED: [SOMEONE], "second": "grant"},
            "separate resources add others: grant, second",
        ),
        # When a stack is shown alone, an entry that no resource makes is taken for the vault's own.
        *values(
            "without inputs",
            UPDATE,
            LISTED,
            [([ENTRY], "pass"), ([{"objectId": "another"}], "violation")],
            alone=True,
        ),
    ],
    "role-least-privilege": [
        *(
            row
            for role, scope in ((roles.OWNER, VAULT_ID), (RELEASE, f"{VAULT_ID}/keys/cmk"))
            for row in (
                Row("of a stranger", UPDATE_WITH_ROLES, "violation", stranger(role, scope)),
                Row("of a person", UPDATE_WITH_ROLES, "pass", stranger(role, scope, principalType="User")),
                Row("of an administrator", UPDATE_WITH_ROLES, "pass", stranger(role, scope), config=NAMED),
                Row(
                    "elsewhere", UPDATE_WITH_ROLES, "pass", stranger(role, scope.replace("kv-one", "kv-two"))
                ),
            )
        ),
        # It may be for what else is in the group.
        *each(
            "above the vault",
            UPDATE_WITH_ROLES,
            [
                (stranger(roles.CONTRIBUTOR, scope), says)
                for scope, says in (
                    (GROUP.upper(), "open"),
                    ("/providers/Microsoft.Management/managementGroups/all", "open"),
                    ("/subscriptions/s1/resourceGroups/another", "pass"),
                )
            ],
        ),
        Row(
            "above a vault of another stack",
            UPDATE_WITH_ROLES,
            "violation",
            ELSEWHERE | stranger(roles.CRYPTO_USER, "/subscriptions/s1"),
        ),
        Row("that gives nothing over keys", UPDATE_WITH_ROLES, "pass", stranger(roles.READER, VAULT_ID)),
        # A scope that comes from the vault may be the signer's own key in it.
        *each(
            "of a signer with a key of its own in the vault",
            PREVIEW_WITH_ROLES,
            [
                (signing() | stranger(roles.CRYPTO_USER, UNKNOWN_TEXT, "vault"), "open"),
                (signing() | stranger(roles.CRYPTO_USER, UNKNOWN_TEXT, "signing"), "pass"),
                (signing() | stranger(roles.CRYPTO_USER, UNKNOWN_TEXT, "key"), "violation"),
                (
                    signing() | stranger(roles.CRYPTO_USER, UNKNOWN_TEXT, "vault") | {"signing": None},
                    "violation",
                ),
                (signing() | stranger(roles.CRYPTO_USER, f"{VAULT_ID}/keys/signing"), "pass"),
            ],
        ),
        *each(
            "on a group that is not made yet",
            PREVIEW_WITH_ROLES,
            [
                (signing() | {"another": "group"} | stranger(roles.OWNER, UNKNOWN_TEXT, source), says)
                for source, says in (("group", "open"), ("another", "pass"))
            ],
        ),
        # The role of Foundry's page is judged as the narrower one is, and excuses nobody else.
        *each(
            "of Foundry's page, otherwise",
            UPDATE_WITH_ROLES,
            [
                (foundry() | {"grant.scope": "/subscriptions/s1"}, "violation"),
                (foundry() | stranger(roles.CRYPTO_USER, VAULT_ID), "violation"),
                # An identity that a Language account uses its key by, too.
                (
                    foundry()
                    | {
                        "account-two": "account",
                        "account-two.kind": "TextAnalytics",
                        "binding-two": "binding",
                        "binding-two@property_dependencies.accountId": ["account-two"],
                    },
                    "violation",
                ),
            ],
        ),
        Row("of Foundry's page", PREVIEW_WITH_ROLES, "open", foundry()),
        Row(
            "narrow, of Foundry", PREVIEW_WITH_ROLES, "open", foundry(roles.CRYPTO_SERVICE_ENCRYPTION_USER.id)
        ),
    ],
    "role-wider-than-needed": [
        Row("of Foundry's page", PREVIEW_WITH_ROLES, "violation", foundry()),
        Row("narrow, of Foundry", ROLES, "pass", foundry(roles.CRYPTO_SERVICE_ENCRYPTION_USER.id)),
    ],
}
NEITHER: Final = {"binding.vaultId": None, "binding@property_dependencies": {"accountId": ["account"]}}
ROWS["bound-after-grant"] += [
    # An update of the account makes what Azure says of it unknown, and the grant stays as it is.
    *(
        Row("one side that is not known", UPDATE, "violation", {what: UNKNOWN_TEXT, "binding@depends_on": []})
        for what in ("grant.policy.objectId", "account.identity.principalId")
    ),
    Row(
        "of neither key nor vault",
        (*PREVIEW, *PREVIEW_WITH_ROLES),
        "violation",
        {**NEITHER, "binding@depends_on": []},
    ),
]
ROWS["grant-exact"] = values(
    "policies that are not known", UPDATE, LISTED, [(UNKNOWN_LIST, "open"), ([UNKNOWN_OBJECT], "open")]
)
ROWS["vault-no-broad-grants"] = [
    *ROWS["grant-exact"],
    Row(
        "the holder is named",
        UPDATE,
        "violation",
        {LISTED: [{"objectId": UNKNOWN_TEXT, "permissions": {"keys": ["purge"]}}]},
        "not known yet holds purge",
    ),
]
ROWS["grant-present"] += [
    # The role opens the key that its scope names, in any case and with any version, and no other.
    *(
        Row("of a role on a scope", on, says if opens else "violation", {"grant.scope": scope})
        for on, says in ((UPDATE_WITH_ROLES, "pass"), (PREVIEW_WITH_ROLES, "open"))
        for scope, opens in (
            (f"{VAULT_ID}/keys/cmk".upper() + "/VERSIONS/1", True),
            (VAULT_ID, True),
            (f"{VAULT_ID}/keys/other", False),
            (f"{VAULT_ID}2/keys/cmk", False),
        )
    ),
    # In a preview the scope is not known, and what it is made from is.
    Row(
        "of a role made for another key",
        PREVIEW_WITH_ROLES,
        "violation",
        {
            "other": Thing("other", KEY, with_change(key_props(), "keyName", "other")),
            "grant@property_dependencies.scope": ["other"],
        },
    ),
    Row("on the one side that is not known", UPDATE, "pass", {"grant.policy.objectId": UNKNOWN_TEXT}),
    Row(
        "on the other side that is not known", UPDATE, "pass", {"account.identity.principalId": UNKNOWN_TEXT}
    ),
    *(
        Row(
            "for a vault of another stack, by its name",
            ("update of one phase",),
            says,
            {
                "vault": None,
                "account.properties.encryption.keyVaultProperties.keyVaultUri": uri,
                "account@property_dependencies": {"identity": ["identity"]},
            },
        )
        for uri, says in (
            ("https://kv-two.vault.azure.net", "violation"),
            ("https://KV-ONE.vault.azure.net", "pass"),
            (UNKNOWN_TEXT, "pass"),
        )
    ),
    Row(
        "none, on Microsoft's keys",
        ("update of one phase",),
        "pass",
        {"grant": None, "account.properties.encryption.keySource": "Microsoft.CognitiveServices"},
    ),
    Row("of neither key nor vault", PREVIEW, "pass", NEITHER),
    Row("of neither key nor vault", PREVIEW_WITH_ROLES, "open", NEITHER),
    Row(
        "of nothing",
        UPDATE,
        "violation",
        {"grant.policy.permissions.keys": []},
        "on keys: nothing (missing get, wrapKey, unwrapKey)",
    ),
    Row("of Foundry's page", PREVIEW_WITH_ROLES, "pass", foundry()),
]
for edits, of_least, of_wider, of_present in (
    (foundry(), "pass", "violation", "pass"),
    *((foundry(kind=kind), "violation", "pass", "violation") for kind in ("OpenAI", UNKNOWN_TEXT)),
    (foundry(roles.CRYPTO_OFFICER.id), "violation", "pass", "violation"),
):
    for rule, says in (
        ("role-least-privilege", of_least),
        ("role-wider-than-needed", of_wider),
        ("grant-present", of_present),
    ):
        ROWS[rule].append(Row("of Foundry's page", UPDATE_WITH_ROLES, says, edits))
