"""Rules on bindings and on keys that accounts state, over whole stacks."""

from typing import Any, Final

from core.facts import LIVE_ENCRYPTION
from tests.policies.asking import ACCOUNT, BINDING, KEY_URI, UNKNOWN_OBJECT, UNKNOWN_TEXT, Thing
from tests.policies.bags import inline_account_props, with_change
from tests.policies.rules.row import BOTH, ONE, PREVIEW, TWO, UPDATE, Row, each, values
from tests.policies.stacks import ACCOUNT_ID, CLIENT, one_phase, two_phases

ELSEWHERE: Final = ACCOUNT_ID.replace("lang-one", "lang-two")
DETAILS: Final = "properties.encryption.keyVaultProperties"
ID: Final = (
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
)
ATTACHED: Final = {"type": "UserAssigned", "userAssignedIdentities": ["/identity"]}
KNOWN: Final = {"type": "UserAssigned", "userAssignedIdentities": {"/identity": {"clientId": CLIENT}}}
NOTHING: Final[dict[str, Any]] = dict.fromkeys(two_phases())
SHARED: Final = "mandatory"


def by(named: str, attached: Any, sources: list[str], *, inline: bool = False) -> dict[str, Any]:
    """An account with these identities in its first preview, whose key is used by the identity `named`; there
    is one more, and one that exists."""
    user = (
        "account@property_dependencies.properties"
        if inline
        else "binding@property_dependencies.identityClientId"
    )
    return {
        "identity": one_phase(preview=True)["identity"],
        "other": "identity",
        "known": "identity",
        "known.id": ID,
        "known.clientId": CLIENT,
        "account.identity": {"type": "UserAssigned", "userAssignedIdentities": attached},
        "account@property_dependencies.identity": sources,
        user: [named],
        **({} if inline else {"binding.identityClientId": UNKNOWN_TEXT}),
    }


def project(account: str, **more: Any) -> dict[str, Thing]:
    """A project of the account."""
    props = {"accountName": account, "resourceGroupName": "rg", "projectName": "claims"}
    relations = {"property_dependencies": {"accountName": ["account"]}, **more}
    return {"project": Thing("project", "azure-native:cognitiveservices:Project", props, **relations)}


def lone(*accounts: str, uri: Any = KEY_URI) -> dict[str, Any]:
    """Bindings of accounts of other stacks, and nothing else."""
    bound = {
        f"binding-{number}": Thing(
            f"binding-{number}", BINDING, {"accountId": account, "keyUriWithVersion": uri}, protect=True
        )
        for number, account in enumerate(accounts)
    }
    return {**NOTHING, **bound}


def second(uri: str = KEY_URI) -> dict[str, Any]:
    """Another account, bound to a key of the same vault."""
    account = {"second": "account", "second.id": ELSEWHERE}
    return {**account, "other": "binding", "other.accountId": ELSEWHERE, "other.keyUriWithVersion": uri}


def unnamed(name: str) -> Thing:
    """An account whose inline key only the update will name."""
    return Thing(name, ACCOUNT, with_change(inline_account_props(), f"{DETAILS}.keyName", UNKNOWN_TEXT))


MODEL: Final = Thing("model", "azure-native:cognitiveservices:Deployment", {}, depends_on=["binding"])
ROWS: Final[dict[str, list[Row]]] = {
    "binding-identity": [
        # Without a client id it is the account's own identity, which the account then has.
        *values(
            "by the account's own identity",
            BOTH,
            "account.identity",
            [
                ({"type": "systemassigned, UserAssigned", "userAssignedIdentities": ["/identity"]}, "pass"),
                (ATTACHED, "violation"),
                (UNKNOWN_OBJECT, "open"),
            ],
        ),
        *(
            Row(
                "by an attached identity",
                UPDATE,
                says,
                {"account.identity": identity, "binding.identityClientId": client},
            )
            for client, identity, says in (
                (CLIENT, ATTACHED, "open"),
                (CLIENT.upper(), KNOWN, "pass"),
                ("another", KNOWN, "violation"),
                ("another", {"type": "SystemAssigned"}, "violation"),
            )
        ),
        Row(
            "by a client id that is left out",
            PREVIEW,
            "violation",
            {"account.identity": ATTACHED},
            omits={"binding": ["identityClientId"]},
        ),
        # It knows no client id. What is attached and comes from nowhere here may be the identity.
        *(
            Row("by where identities come from", on, says, by("identity", attached, sources, inline=inline))
            for on, inline in ((PREVIEW, False), (("preview of one phase",), True))
            for attached, sources, says in (
                ([UNKNOWN_TEXT, UNKNOWN_TEXT], ["other", "identity"], "pass"),
                (UNKNOWN_OBJECT, ["identity"], "pass"),
                (UNKNOWN_OBJECT, ["other"], "violation"),
                ([ID], [], "violation"),
                ([ID, UNKNOWN_TEXT], ["other"], "violation"),
                (["/of-another-stack"], [], "open"),
                ([UNKNOWN_TEXT], ["group"], "open"),
            )
        ),
        *each(
            "by an identity that exists",
            PREVIEW,
            [
                ({**by("known", attached, ["other"]), "binding.identityClientId": CLIENT}, says)
                for attached, says in (([ID.upper()], "pass"), ([UNKNOWN_TEXT], "violation"))
            ],
        ),
    ],
    "cmk-no-versionless": [
        *(
            Row(
                "a URI that is not known yet",
                PREVIEW,
                "open",
                {"binding@property_dependencies.keyUriWithVersion": [source], "account.kind": kind},
                "not known yet",
            )
            for source, kind in (("version", "TextAnalytics"), ("key", "AIServices"))
        ),
        Row(
            "of an account that follows its key",
            BOTH,
            "open",
            {"binding.keyUriWithVersion": KEY_URI[:-33], "account.kind": "AIServices"},
            "Azure chooses which one is in use",
        ),
        Row(
            "inline, of an account that follows its key",
            ONE,
            "open",
            {f"account.{DETAILS}.keyVersion": ..., "account.kind": "AIServices"},
            "Azure chooses which one is in use",
        ),
    ],
    "one-key-per-account": [
        Row("off by default", UPDATE, "pass", second()),
        Row("two accounts on one key", UPDATE, "violation", second(), level=SHARED),
        Row("two keys", UPDATE, "pass", second(KEY_URI.replace("cmk", "k2")), level=SHARED),
        *(
            Row("a key that nothing names", UPDATE, "open", lone("a", "b", uri=uri), level=SHARED, alone=True)
            for uri in (UNKNOWN_TEXT, None)
        ),
        Row("two accounts elsewhere", UPDATE, "violation", lone("/a", "/B"), level=SHARED, alone=True),
        Row("one account elsewhere", UPDATE, "pass", lone("/a", "/A"), level=SHARED, alone=True),
        Row(
            "keys whose names are not known",
            UPDATE,
            "open",
            {**NOTHING, "one": unnamed("one"), "two": unnamed("two")},
            level=SHARED,
            alone=True,
        ),
    ],
    "one-writer": [
        *values(
            "the account ignores its encryption",
            TWO,
            "account@ignore_changes",
            [
                (["tags"], "violation"),
                (["properties.encryption.keySource"], "violation"),
                *(
                    ([path], "pass")
                    for path in ("properties", "properties.*", '["properties"]["encryption"]')
                ),
            ],
        ),
        *(
            Row(
                "an inline key and a binding",
                (on,),
                says,
                {"binding": two_phases(preview="preview" in on)["binding"], **more},
                words,
            )
            for on in ONE
            for more, says, words in (
                ({}, "violation", "states a key itself"),
                # An update of a bound account repeats its key, or it would take it away.
                ({"account@ignore_changes": [LIVE_ENCRYPTION]}, "pass", ""),
            )
        ),
        Row("two bindings", BOTH, "violation", {"twin": "binding"}),
        Row("two bindings of an account elsewhere", UPDATE, "violation", lone("/X", "/x"), alone=True),
        Row("two resources", UPDATE, "violation", {"twin": "account"}),
        Row("an account of another stack", UPDATE, "open", {"account": None, "grant": None}),
        Row(
            "a binding of an unknown account",
            UPDATE,
            "open",
            {"binding.accountId": UNKNOWN_TEXT, "binding@property_dependencies": {}},
        ),
        *(
            Row(
                "told from a missing option",
                UPDATE,
                "violation",
                {"account@ignore_changes": (), "account.properties.encryption": encryption},
                words,
            )
            for encryption, words in (
                (..., "does not ignore its encryption"),
                (UNKNOWN_OBJECT, "does not ignore its encryption"),
                ({"keySource": "Microsoft.CognitiveServices"}, "does not ignore its encryption"),
                ({"keySource": "Microsoft.KeyVault"}, "states a key itself"),
            )
        ),
    ],
    "project-after-key": [
        *(
            Row("by the account's name", on, says, project(name, **more))
            for on, name in ((UPDATE, "lang-one"), (PREVIEW, UNKNOWN_TEXT))
            for more, says in (({}, "violation"), ({"depends_on": ["binding"]}, "pass"))
        ),
        Row(
            "by another resource",
            UPDATE,
            "pass",
            {**project("lang-one", depends_on=["model"]), "model": MODEL},
        ),
        # One that is created with its key has it before any project; one that is elsewhere is not judged.
        Row("an inline key", ("update of one phase",), "pass", project("lang-one")),
        Row("no binding", UPDATE, "pass", {**project("lang-one"), "binding": None}),
        Row("an account elsewhere", UPDATE, "pass", project("other", property_dependencies={})),
    ],
}
NORTH: Final = {"vault.location": "northeurope"}
URI_ALONE: Final = {"binding.vaultId": None, "binding@property_dependencies": {"accountId": ["account"]}}
ROWS["same-region"] = [
    # By the vault's id, by the key's URI, and in a preview by the key that the URI comes from.
    *(
        Row(
            "by each way to the vault",
            PREVIEW,
            says,
            {
                f"binding.{without}": None,
                "binding@property_dependencies": {"accountId": ["account"], "keyUriWithVersion": sources},
                **more,
            },
        )
        for without, sources in (
            ("vaultId", ["key"]),
            ("vaultId", ["version"]),
            ("keyUriWithVersion", ["version"]),
        )
        for more, says in (({}, "pass"), (NORTH, "violation"))
    ),
    Row("by a URI that is written out", UPDATE, "violation", {**URI_ALONE, **NORTH}),
    Row(
        "by a URI that is no vault's",
        UPDATE,
        "open",
        {**URI_ALONE, "binding.keyUriWithVersion": "https://kv-one.example.org/keys/cmk/1"},
    ),
    Row(
        "by an inline key's vault",
        ("preview of one phase",),
        "violation",
        {"account@property_dependencies": {"properties": ["vault"], "identity": ["identity"]}, **NORTH},
    ),
]
LARGE: Final[dict[str, Any]] = {"key.properties.keySize": 4096, "account.kind": "AIServices"}
OTHER: Final = {
    "other-binding": "binding",
    "other-binding.accountId": ELSEWHERE,
    "other-binding@property_dependencies.accountId": [],
}
UNSAID: Final = "the kind of an account that uses it is not known"
ROWS["key-rsa-2048"] = [
    Row("4096 bits of Foundry", UPDATE, "pass", LARGE),
    Row("of Foundry and an account elsewhere", UPDATE, "open", {**LARGE, **OTHER}, UNSAID),
    Row(
        "of Foundry and an account without a kind",
        UPDATE,
        "open",
        {**LARGE, **OTHER, "second": "account", "second.kind": ..., "second.id": ELSEWHERE},
        UNSAID,
    ),
]
