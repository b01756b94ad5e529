"""The switches about how ARM shows resources and how often it may be asked, each shown in the answers."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.cloud import Clock
from tests.localazure.observed.fact import GROUP, scene, vault_body
from tests.support.front import ARM, Door

ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/Language"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/Shown-1"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Own"
API, VAULT_API = "?api-version=2023-05-01", "?api-version=2023-07-01"
LANGUAGE = {"location": "west europe", "kind": "TextAnalytics", "sku": {"name": "S"}}


def bound(door: Door, **behaviour: Any) -> Any:
    """The GET of an account that a create bound to a key with a user-assigned identity."""
    sent = vault_body("all", enablePurgeProtection=True)
    assert door.send("PUT", VAULT + VAULT_API, {**sent, "location": "West Europe"}).status == 200
    key = door.send("PUT", f"{VAULT}/keys/k", {"properties": {"kty": "RSA"}}).body["properties"]
    ids = door.send("PUT", IDENTITY, {"location": "westeurope"}).body["properties"]
    entry = {"tenantId": seed.TENANT_ID, "objectId": ids["principalId"]}
    entry["permissions"] = {"keys": ["get", "wrapKey", "unwrapKey"]}
    policies = {"properties": {"accessPolicies": [entry]}}
    assert door.send("PUT", f"{VAULT}/accessPolicies/add{VAULT_API}", policies).status == 200
    target = {
        "keyName": "k",
        "keyVersion": key["keyUriWithVersion"].rsplit("/", 1)[-1],
        "keyVaultUri": "https://shown-1.vault.azure.net",
        "identityClientId": ids["clientId"],
    }
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": target}
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    body = {**LANGUAGE, "identity": identity, "properties": {"encryption": encryption}}
    made = door.send("PUT", ACCOUNT + API, body)
    assert made.status == 201, made
    door.cloud.behave(**behaviour)
    for _ in range(2):
        reply = door.send("GET", ACCOUNT + API)
    return reply.body


@pytest.mark.parametrize(
    ("casing", "account", "identity"),
    [
        ("as_sent", ACCOUNT, IDENTITY),
        ("lower", ACCOUNT.lower(), IDENTITY.lower()),
        ("upper_group", ACCOUNT.replace("/net/", "/NET/"), IDENTITY.replace("/net/", "/NET/")),
        (
            "lower_segments",
            ACCOUNT.replace("resourceGroups", "resourcegroups")
            .replace("Microsoft.C", "microsoft.c")
            .replace("veServices", "veservices"),
            IDENTITY.replace("resourceGroups", "resourcegroups")
            .replace("Microsoft.M", "microsoft.m")
            .replace("dIdentity/", "didentity/"),
        ),
    ],
)
def test_ids_have_the_casing_of_the_switch(casing: str, account: str, identity: str) -> None:
    """`ids_casing`: of the resource, in lists, and of the identities of an account."""
    door = scene()
    body = bound(door, ids_casing=casing)
    assert body["id"] == account
    assert list(body["identity"]["userAssignedIdentities"]) == [identity]
    listed = door.send("GET", f"{GROUP}/providers/Microsoft.CognitiveServices/accounts{API}").body["value"]
    assert [row["id"] for row in listed] == [account]
    assert door.send("GET", body["id"] + API).status == 200


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [("as_sent", "west europe"), ("name", "westeurope"), ("display_name", "West Europe")],
)
def test_locations_are_spelled_as_the_switch_says(spelling: str, expected: str) -> None:
    """`location_spelling`, of an account created in `west europe`; groups are spelled as ever."""
    door = scene()
    door.cloud.behave(location_spelling=spelling)
    assert door.send("PUT", ACCOUNT + API, LANGUAGE).body["location"] == expected
    assert door.send("GET", GROUP).body["location"] == "westeurope"


@pytest.mark.parametrize(
    ("shows", "account", "vault"),
    [
        ("as_observed", {}, {"tags": {}}),
        ("null", {"tags": None}, {"tags": None}),
        ("object", {"tags": {}}, {"tags": {}}),
        ("absent", {}, {}),
    ],
)
def test_no_tags_are_shown_as_the_switch_says(shows: str, account: Any, vault: Any) -> None:
    """`empty_tags`; tags that are there are shown whatever it says."""
    door = scene()
    door.cloud.behave(empty_tags=shows)
    made = door.send("PUT", ACCOUNT + API, LANGUAGE).body
    assert {k: v for k, v in made.items() if k == "tags"} == account
    made = door.send("PUT", VAULT + VAULT_API, vault_body()).body
    assert {k: v for k, v in made.items() if k == "tags"} == vault
    tagged = door.send("PUT", f"{ACCOUNT}-2{API}", {**LANGUAGE, "tags": {"a": "b"}}).body
    assert tagged["tags"] == {"a": "b"}


def test_defaults_can_be_added_to_answers() -> None:
    """`defaults_added`: network rules and others that nobody sent; what was sent stays as it is."""
    door = scene()
    door.send("PUT", ACCOUNT + API, {**LANGUAGE, "properties": {"disableLocalAuth": True}})
    door.send("PUT", VAULT + VAULT_API, vault_body(softDeleteRetentionInDays=7))
    before = [door.send("GET", url).body["properties"] for url in (ACCOUNT + API, VAULT + VAULT_API)]
    assert not any("networkAcls" in properties for properties in before)
    door.cloud.behave(defaults_added=True)
    account, vault = (door.send("GET", url).body["properties"] for url in (ACCOUNT + API, VAULT + VAULT_API))
    assert account["networkAcls"]["defaultAction"] == vault["networkAcls"]["defaultAction"] == "Allow"
    assert (account["disableLocalAuth"], account["restrictOutboundNetworkAccess"]) == (True, False)
    assert (vault["softDeleteRetentionInDays"], vault["enableRbacAuthorization"]) == (7, False)


@pytest.mark.parametrize(
    ("behaviour", "uri", "version"),
    [
        ({}, "https://shown-1.vault.azure.net", True),
        ({"key_vault_uri": "with_slash"}, "https://shown-1.vault.azure.net/", True),
        ({"key_vault_uri": "without_slash"}, "https://shown-1.vault.azure.net", True),
        ({"key_version": "dropped"}, "https://shown-1.vault.azure.net", False),
    ],
)
def test_the_key_is_answered_as_the_switches_say(behaviour: Any, uri: str, version: bool) -> None:
    """`key_vault_uri` and `key_version`: the slash at the end, and the version echoed or dropped."""
    key = bound(scene(), **behaviour)["properties"]["encryption"]["keyVaultProperties"]
    assert (key["keyVaultUri"], "keyVersion" in key, key["keyName"]) == (uri, version, "k")


@pytest.mark.parametrize("hosts", ["global", "regional"])
def test_operations_are_polled_where_the_switch_says(hosts: str) -> None:
    """`operation_hosts`: the address names a region's host, which answers as ARM does."""
    door = scene()
    door.cloud.behave(operation_hosts=hosts)
    url = door.send("PUT", ACCOUNT + API, LANGUAGE).headers["azure-asyncoperation"]
    host = ARM if hosts == "global" else "https://westeurope.management.azure.com"
    assert url.startswith(f"{host}/subscriptions/")
    assert [door.send("GET", url).body["status"] for _ in range(2)] == ["Creating", "Succeeded"]


@pytest.mark.parametrize(
    ("method", "size", "refill"), [("GET", 250, 25), ("PUT", 200, 10), ("DELETE", 200, 10)]
)
def test_arm_throttles_by_token_bucket(method: str, size: int, refill: int) -> None:
    """`throttling`: the bucket empties, 429 says how long to wait, and a second refills it as documented."""
    door = scene()
    clock = StillClock(door.cloud.clock.now())
    door.cloud.clock = clock
    door.cloud.behave(throttling="token_bucket")
    path, body = (GROUP, {"location": "westeurope"}) if method == "PUT" else (f"{ACCOUNT}-absent{API}", None)
    replies = [door.send(method, path, body) for _ in range(size + 1)]
    kind = {"GET": "reads", "PUT": "writes", "DELETE": "deletes"}[method]
    if method != "GET":
        left = [int(reply.headers[f"x-ms-ratelimit-remaining-subscription-{kind}"]) for reply in replies]
        assert left == [*range(size - 1, -1, -1), 0]
    assert {reply.status for reply in replies[:-1]} == {{"GET": 404, "PUT": 200, "DELETE": 204}[method]}
    assert (replies[-1].status, replies[-1].code) == (429, "SubscriptionRequestsThrottled")
    assert replies[-1].headers["retry-after"] == "1"
    clock.seconds += 1
    again = [door.send(method, path, body).status for _ in range(refill + 1)]
    assert again.index(429) == refill
    refused = door.cloud.store.events("throttled", seed.SUBSCRIPTION_ID)
    assert refused == 2 * [{"subscription": seed.SUBSCRIPTION_ID, "limit": kind}]
    other = f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}/resourceGroups"
    assert door.send("GET", other).status == 200


class StillClock(Clock):
    """The cloud's time, moved by hand alone."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> float:
        return self.seconds


def test_a_diagnostic_setting_can_be_rewritten() -> None:
    """`diagnostic_settings: rewritten`: all categories, metrics, and the workspace in lower case."""
    door = scene()
    workspace = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/Logs"
    door.send("PUT", workspace, {"location": "westeurope"})
    door.send("PUT", VAULT + VAULT_API, vault_body())
    logs = [{"category": "AuditEvent", "enabled": True}]
    url = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/d?api-version=2021-05-01-preview"
    sent = {"properties": {"workspaceId": workspace, "logs": logs}}
    assert door.send("PUT", url, sent).body["properties"]["workspaceId"] == workspace
    door.cloud.behave(diagnostic_settings="rewritten")
    assert door.send("PUT", url, sent).status == 200
    shown = door.send("GET", url).body["properties"]
    assert shown["workspaceId"] == workspace.lower()
    assert [(log["category"], log["enabled"]) for log in shown["logs"]] == [
        ("AuditEvent", True),
        ("AzurePolicyEvaluationDetails", False),
    ]
    assert [metric["enabled"] for metric in shown["metrics"]] == [False]


@pytest.mark.parametrize("seconds", [15, 0])
def test_a_groups_delete_says_how_long_to_wait(seconds: int) -> None:
    """`group_retry_seconds` is the Retry-After of the delete."""
    door = scene()
    door.cloud.behave(group_retry_seconds=seconds)
    assert door.send("DELETE", GROUP).headers["retry-after"] == str(seconds)


def test_answers_can_shorten_a_clients_wait_between_polls() -> None:
    """`poll_retry_seconds`: answers without a Retry-After get one, those with one of their own keep it."""
    door = scene()
    assert "retry-after" not in door.send("PUT", VAULT + VAULT_API, vault_body()).headers
    door.cloud.behave(poll_retry_seconds=1, group_retry_seconds=15)
    assert door.send("PUT", VAULT + VAULT_API, vault_body()).headers["retry-after"] == "1"
    assert door.send("PUT", ACCOUNT + API, LANGUAGE).headers["retry-after"] == "1"
    assert door.send("DELETE", f"{GROUP}?api-version=2024-03-01").headers["retry-after"] == "15"
