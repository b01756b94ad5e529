"""What a program composes around a service by its outputs: docs/examples/composed."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Mapping

import pulumi
import pytest

from components.testing import SUBSCRIPTION, AzureMocks
from docs.examples.composed import audit_queries
from tests.support.recording import RecordingMonitor, run
from tests.support.stack import ROOT

_NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network"
SUBNETS = f"{_NETWORK}/virtualNetworks/v/subnets"
SETTINGS = {
    "subnetId": f"{SUBNETS}/endpoints",
    "agentsSubnetId": f"{SUBNETS}/agents",
    "addresses": '["10.0.0.10", "10.0.0.11", "10.0.0.12"]',
    "alertEmail": "security@contoso.example",
    "searchEndpoint": "https://srch-claims.search.windows.net",
}


def run_example(name: str, settings: Mapping[str, str], azure: AzureMocks | None = None) -> RecordingMonitor:
    """Runs a program of docs/examples, which has settings of its own."""

    def configured() -> None:
        pulumi.runtime.set_all_config({f"language-cmk:{key}": value for key, value in settings.items()}, [])
        saved = list(sys.path)
        try:
            runpy.run_path(str(ROOT / "docs" / "examples" / name / "__main__.py"))
        finally:
            sys.path[:] = saved
            pulumi.runtime.set_all_config({}, [])

    return run(configured, azure=azure)


@pytest.fixture(scope="module")
def monitor() -> RecordingMonitor:
    """What the program asks of the engine."""

    return run_example("composed", SETTINGS)


@pytest.mark.parametrize("type", [":RaiPolicy", ":AccountConnection", ":CommitmentPlan", ":PrivateEndpoint"])
def test_what_is_below_the_account_comes_after_the_binding(monitor: RecordingMonitor, type: str) -> None:
    """Each takes `bound`, so that the engine makes it once the binding holds, and deletes it before."""
    assert monitor.one(":CustomerManagedKey").urn in monitor.one(type).needs


def test_the_connection_is_spelled_as_azure_spells_it(monitor: RecordingMonitor) -> None:
    """azure-native's SDK translates no dictionary whose type it cannot tell."""
    sent = monitor.one(":AccountConnection").inputs["properties"]
    assert (sent["authType"], sent["category"]) == ("AAD", "CognitiveSearch")


def test_the_endpoint_has_addresses_and_an_interface_of_its_own(monitor: RecordingMonitor) -> None:
    """One address for each member of a Foundry account."""
    sent = monitor.one(":PrivateEndpoint").inputs
    assert sent["customNetworkInterfaceName"] == "nic-claims"
    assert {one["memberName"] for one in sent["ipConfigurations"]} == {"default", "secondary", "third"}


def test_a_transformation_confines_the_account(monitor: RecordingMonitor) -> None:
    """The component leaves its properties as they are, and the one host that it may call is its vault's."""
    sent = monitor.one(":Account").inputs["properties"]
    (injection,) = sent["networkInjections"]
    assert injection["subnetArmId"] == SETTINGS["agentsSubnetId"]
    assert sent["restrictOutboundNetworkAccess"] is True
    vault = monitor.one(":Vault").inputs["vaultName"]
    assert sent["allowedFqdnList"] == [f"{vault}.vault.azure.net"]


def test_alerts_ask_the_workspace_about_this_vault_and_tell_somebody(monitor: RecordingMonitor) -> None:
    """Three queries are kept; failed unwraps and nearing expiry alert whoever is named."""
    workspace = monitor.one(":Workspace").outputs["id"]
    assert {one.inputs["workspaceName"] for one in monitor.of(":SavedSearch")} == {"log-claims"}
    rules = {one.name: one.inputs for one in monitor.of(":ScheduledQueryRule")}
    assert set(rules) == {"claims-failed-unwraps-alert", "claims-key-near-expiry-alert"}
    for rule in rules.values():
        assert rule["scopes"] == [workspace]
        assert "/vaults/kv-claims" in rule["criteria"]["allOf"][0]["query"]
        assert rule["actions"]["actionGroups"] == ["claims-alerts-id"]


def test_a_saved_search_is_replaced_and_never_overwritten(monitor: RecordingMonitor) -> None:
    """Azure overwrites one only for whoever sends its etag, which azure-native cannot."""
    assert len(monitor.of(":SavedSearch")) == 3
    for found in monitor.of(":SavedSearch"):
        assert list(found.request.replaceOnChanges) == ["*"]
        assert found.request.deleteBeforeReplace


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
