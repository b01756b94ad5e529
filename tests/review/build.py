"""Hand-made previews in the engine's shape, for what no fixture shows."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from review import printers, report
from review.approvals import Approval, People
from review.preview import read

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
NOBODY = People()
TODAY = date(2026, 6, 15)
PRINCIPAL = "11111111-1111-4111-8111-111111111111"
ROLES = "/providers/Microsoft.Authorization/roleDefinitions/"
GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg"
ACCOUNT_ID = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang"
VAULT_ID = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
KEY_URI = "https://kv.vault.azure.net/keys/key/" + "a" * 32

ACCOUNT, VAULT = "azure-native:cognitiveservices:Account", "azure-native:keyvault:Vault"
KEY, POLICY = "azure-native:keyvault:Key", "azure-native:keyvault:AccessPolicy"
ROLE, BINDING = "azure-native:authorization:RoleAssignment", "azure-cmk:index:CustomerManagedKey"
Step = dict[str, Any]


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:prod::shop::my:index:Thing${token}::{name}"


def state(inputs: Mapping[str, Any], outputs: Mapping[str, Any] | None = None, **more: Any) -> Step:
    return {"inputs": dict(inputs), "outputs": dict(outputs or {}), **more}


def step(op: str, token: str, name: str, old: Step | None = None, new: Step | None = None) -> Step:
    found: Step = {"op": op, "urn": urn(token, name), "detailedDiff": None}
    for key, value in (("oldState", old), ("newState", new)):
        if value is not None:
            found[key] = {"urn": found["urn"], "custom": True, "type": token, **value}
    return found


def same(token: str, name: str, old: Step) -> Step:
    return step("same", token, name, old, {**old, "outputs": {}})


def digest(*steps: Step) -> str:
    return json.dumps({"steps": list(steps), "changeSummary": {"same": 1}})


def review(*steps: Step, approvals: tuple[Approval, ...] = (), people: People = NOBODY) -> report.Review:
    return report.make(read(digest(*steps)), approvals, TODAY, people=people)


def comment(made: report.Review) -> str:
    """The review as a pull-request comment."""
    return printers.comment(made.stack, made.digest, report.document(made))


def terminal(made: report.Review) -> str:
    """The review as the command prints it."""
    return printers.plain(report.document(made, rows=len(made.rows))) + "\n"


def verdicts(*steps: Step) -> list[str]:
    return [one.verdict.name.value for row in review(*steps).rows for one in row.verdicts]


def account(name: str = "lang", *, type: str = "SystemAssigned", **properties: Any) -> Step:
    settings = {"disableLocalAuth": True, "publicNetworkAccess": "Disabled", **properties}
    inputs = {"accountName": name, "kind": "TextAnalytics", "sku": {"name": "S"}}
    return state(
        {**inputs, "identity": {"type": type}, "properties": settings},
        {"identity": {"type": type, "principalId": PRINCIPAL}, "properties": settings},
        id=ACCOUNT_ID.replace("/lang", f"/{name}"),
    )


def vault(**properties: Any) -> Step:
    settings = {
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Disabled",
        **properties,
    }
    return state({"vaultName": "kv", "properties": settings}, {"properties": settings}, id=VAULT_ID)


def binding(uri: str = KEY_URI, account_id: str = ACCOUNT_ID) -> Step:
    facts = {"accountId": account_id, "keyUriWithVersion": uri}
    return state(facts, {**facts, "principalId": PRINCIPAL}, id=account_id)


def policy(*permissions: str, principal: str = PRINCIPAL) -> Step:
    facts = {"vaultName": "kv", "policy": {"objectId": principal, "permissions": {"keys": list(permissions)}}}
    return state(facts, facts, id=f"{VAULT_ID}/accessPolicy/{principal}")


def bound() -> list[Step]:
    """The steps of a bound account of which nothing changes."""
    return [
        same(ACCOUNT, "a", account()),
        same(VAULT, "v", vault()),
        same(POLICY, "p", policy("get", "wrapKey", "unwrapKey")),
        same(BINDING, "b", binding()),
    ]


INLINE = {
    "keySource": "Microsoft.KeyVault",
    "keyVaultProperties": {
        "keyName": "key",
        "keyVersion": "a" * 32,
        "keyVaultUri": "https://kv.vault.azure.net/",
    },
}


def replaced(steps: list[Step], token: str, new: Step) -> list[Step]:
    return [new if one["urn"].split("$")[1].startswith(f"{token}::") else one for one in steps]
