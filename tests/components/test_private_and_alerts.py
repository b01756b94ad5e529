"""Private endpoints, saved queries and alerts: what is made of them."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest

from components import audit_queries
from components.arguments.problem import InputError
from components.service import EncryptedAIServicesAccount
from tests.support.recording import OTHER_SUBSCRIPTION, SUBSCRIPTION, RecordingMonitor, run

NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/vnet/subnets/endpoints"
HUB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub"
WORKSPACE = f"{HUB}/providers/Microsoft.OperationalInsights/workspaces/hub"


def service(**more: Any) -> RecordingMonitor:
    args: Any = {"location": "westeurope", **more}
    return run(lambda: EncryptedAIServicesAccount("language", args))


def test_private_access_is_closed_to_the_public_with_an_endpoint_and_dns_each() -> None:
    """Account and vault each have an endpoint in the subnet, made once the account is bound."""
    monitor = service(network={"access": "private", "subnet_id": SUBNET})
    for resource in (monitor.one(":Vault"), monitor.one(":Account")):
        assert resource.inputs["properties"]["publicNetworkAccess"] == "Disabled"
    endpoints = {
        found.inputs["privateLinkServiceConnections"][0]["groupIds"][0]: found
        for found in monitor.of(":PrivateEndpoint")
    }
    assert set(endpoints) == {"account", "vault"}
    assert {found.inputs["subnet"]["id"] for found in endpoints.values()} == {SUBNET}
    binding = monitor.one(":CustomerManagedKey")
    assert all(binding.urn in found.needs for found in endpoints.values())
    assert len(monitor.of(":PrivateDnsZoneGroup")) == len(monitor.of(":PrivateZone")) == 2
    links = {found.inputs["virtualNetwork"]["id"] for found in monitor.of(":VirtualNetworkLink")}
    assert links == {SUBNET.rsplit("/subnets/", 1)[0]}


def test_zones_that_exist_are_used() -> None:
    """With zones given none is made, and each endpoint is in the one of its kind."""
    zones = [
        f"{NETWORK}/privateDnsZones/privatelink.vaultcore.azure.net",
        f"{NETWORK}/privateDnsZones/privatelink.cognitiveservices.azure.com",
    ]
    monitor = service(network={"access": "private", "subnet_id": SUBNET, "private_dns_zone_ids": zones})
    assert monitor.of(":PrivateZone") == []
    used = {
        found.name: found.inputs["privateDnsZoneConfigs"][0]["privateDnsZoneId"]
        for found in monitor.of(":PrivateDnsZoneGroup")
    }
    assert used == {"language-vault-dns": zones[0], "language-account-dns": zones[1]}


def test_alerts_ask_the_workspace_about_this_vault_and_tell_somebody() -> None:
    """Three queries are kept; failed unwraps and nearing expiry alert whoever is named."""
    monitor = service(
        audit={"workspace_id": WORKSPACE, "alerts": True, "alert_emails": ["security@contoso.example"]}
    )
    assert len(monitor.of(":SavedSearch")) == 3
    assert {found.inputs["workspaceName"] for found in monitor.of(":SavedSearch")} == {"hub"}
    rules = {found.name: found.inputs for found in monitor.of(":ScheduledQueryRule")}
    assert set(rules) == {"language-failed-unwraps-alert", "language-key-near-expiry-alert"}
    for rule in rules.values():
        assert rule["scopes"] == [WORKSPACE]
        assert "/vaults/kv-language" in rule["criteria"]["allOf"][0]["query"]
        assert rule["actions"]["actionGroups"] == ["language-alerts-id"]


@pytest.mark.parametrize(
    "query", [*audit_queries.SAVED, audit_queries.KEY_EXPIRY], ids=lambda query: query.name
)
def test_a_query_names_nothing_that_a_new_workspace_lacks(query: audit_queries.Query) -> None:
    """Before the first record, the table and its typed columns do not exist, and Azure refuses a rule over
    them."""
    text = query.of("/subscriptions/s/vault")
    assert "union isfuzzy=true" in text
    outside = re.sub(r'column_ifexists\("\w+"', "", text)
    assert re.findall(r"\b\w+_[sdbtg]\b", outside) == []
    made = set(re.findall(r"^    (\w+) = ", text, re.MULTILINE)) | {"uses", "first", "last"}
    fixed = {"TimeGenerated", "OperationName"}
    used = re.search(r"\| project ([^|]+)|    by ([^|]+)", query.body)
    assert used is not None
    names = {name.strip() for name in (used[1] or used[2]).replace("\n", " ").split(",")}
    assert names <= made | fixed


def test_a_saved_search_is_replaced_and_never_overwritten() -> None:
    """Azure overwrites one only for whoever sends its etag, which azure-native cannot."""
    monitor = service(audit={"workspace_id": WORKSPACE, "alerts": True})
    for found in monitor.of(":SavedSearch"):
        assert list(found.request.replaceOnChanges) == ["*"]
        assert found.request.deleteBeforeReplace


def test_queries_are_kept_where_the_workspace_is() -> None:
    """A workspace of another subscription is reached through a provider of its own; alerts only name it."""
    audit: Any = {"workspace_id": WORKSPACE, "alerts": True}

    def program() -> None:
        provider = pulumi.ProviderResource("azure-native", "logs", {"subscriptionId": OTHER_SUBSCRIPTION})
        args: Any = {"location": "westeurope", "audit": audit}
        EncryptedAIServicesAccount("language", args, workspace_provider=provider)

    monitor = run(program)
    assert {"::logs::" in found.request.provider for found in monitor.of(":SavedSearch")} == {True}
    elsewhere = [*monitor.of(":ScheduledQueryRule"), *monitor.of(":DiagnosticSetting")]
    assert {found.request.provider for found in elsewhere} == {""}


def test_queries_ask_the_vaults_audit_log_by_its_fields() -> None:
    """Each query reads AuditEvent of one vault; the fields are those of the vault's log."""
    for query in (*audit_queries.SAVED, audit_queries.KEY_EXPIRY):
        text = query.of("/subscriptions/s/vault")
        assert "AzureDiagnostics" in text
        assert 'Category == "AuditEvent"' in text
        assert 'ResourceId =~ "/subscriptions/s/vault"' in text
        assert '"id_s"' in text
        assert "objectidentifier_g" in text
    assert 'OperationName == "KeyUnwrap" and status >= 400' in audit_queries.FAILED_UNWRAPS.body
    assert "KeyNearExpiryEventGridNotification" in audit_queries.KEY_EXPIRY.body


STORAGE = f"{HUB}/providers/Microsoft.Storage/storageAccounts/stlogs"
RULE = f"{HUB}/providers/Microsoft.EventHub/namespaces/evh-logs/authorizationRules/siem"


def test_logs_go_to_every_destination_of_one_setting() -> None:
    """Account and vault each have one diagnostic setting, with a name of its own, to all that are given; the
    workspace is left out where none is wanted."""
    places = {"storage_account_id": STORAGE, "event_hub_rule_id": RULE, "event_hub_name": "audit"}
    for workspace, wanted in (({"workspace_id": WORKSPACE}, WORKSPACE), ({"new_workspace": False}, None)):
        monitor = service(audit={**workspace, **places, "setting_name": "to-siem"})
        assert monitor.of(":Workspace") == []
        settings = monitor.of(":DiagnosticSetting")
        assert {found.name for found in settings} == {"language-account-audit", "language-vault-audit"}
        for found in settings:
            sent = found.inputs
            assert (sent["name"], sent.get("workspaceId"), sent["storageAccountId"]) == (
                "to-siem",
                wanted,
                STORAGE,
            )
            assert (sent["eventHubAuthorizationRuleId"], sent["eventHubName"]) == (RULE, "audit")
            assert found.request.ignoreChanges == ["name"]


def test_fails_for_an_event_hub_without_its_namespace() -> None:
    """The name alone does not say where the event hub is."""
    with pytest.raises(InputError, match="eventHubRuleId: is required with eventHubName"):
        service(audit={"event_hub_name": "audit"})
