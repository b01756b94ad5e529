"""What would lose data that stands is refused, each change by its setting; what loses nothing is not."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.preflight.run import RefusedError, ServiceRequest, preflight
from components.service import EncryptedAIServicesAccount
from components.testing import PRINCIPAL, SUBSCRIPTION, TENANT
from core.facts import Deleted
from core.service.data_loss import losses
from core.service.recorded import recorded_service, state_of
from core.service.state import Deployer
from tests.components.bound import (
    ACCESS,
    ACCOUNT,
    COMPONENT,
    HUB,
    by_a_user_assigned_identity,
    standing,
    state,
    urn,
)
from tests.components.guards import first_deployments as first
from tests.support.recording import FakeAzure, run, service, service_inputs
from tests.support.situations import situation

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-language/providers"
OWN_VAULT_ID = f"{GROUP}/Microsoft.KeyVault/vaults/kv-language"
WORKSPACE_ID = f"{GROUP}/Microsoft.OperationalInsights/workspaces/log-language"


def paths(
    tenant_id: str = TENANT, subscription_id: str = SUBSCRIPTION, bound: bool = True, **said: Any
) -> list[str]:
    """The settings that are refused."""
    before = recorded_service("language", state_of(state(bound=bound)))
    login = Deployer(tenant_id, subscription_id)
    return [problem.path for problem in losses(replace(situation(before, **said), login=login))]


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({}, []),
        ({"tags": {"a": "b"}, "network": {"access": "open"}, "sku": "S"}, []),
        ({"location": "northeurope"}, ["location"]),
        ({"resource_group_name": "rg-other"}, ["resourceGroupName"]),
        ({"resource_group_name": "RG-Language"}, []),
        ({"account_name": "lang-other"}, ["accountName"]),
        ({"kind": "OpenAI", "account_name": "lang-language"}, ["kind"]),
        ({"identity": "userAssigned"}, ["identity"]),
        ({"identity": "systemAndUserAssigned"}, ["identity"]),
        ({"identity": "userAssigned", "bound": False}, []),
        ({"vault": {"id": HUB}}, []),
        ({"vault": {"id": HUB}, "access": "revoked"}, ["vault.id"]),
        ({"key": {"id": f"{HUB}/keys/cmk"}, "access": "revoked"}, ["key.id"]),
        ({"key": {"name": "second"}, "access": "revoked"}, []),
        ({"encryption": "microsoftManaged"}, ["encryption"]),
        ({"encryption": "microsoftManaged", "unbind_account": "lang-other"}, ["encryption"]),
        ({"encryption": "microsoftManaged", "unbind_account": "lang-language"}, []),
        (
            {"encryption": "microsoftManaged", "unbind_account": "lang-language", "identity": "userAssigned"},
            ["identity"],
        ),
        (
            {"encryption": "microsoftManaged", "unbind_account": "lang-language", "vault": {"name": "kv-o"}},
            ["vault.name"],
        ),
        ({"access_model": "rbac"}, ["accessModel"]),
        ({"vault": {"name": "kv-other"}}, ["vault.name"]),
        ({"vault": {"id": HUB}, "access_model": "rbac"}, []),
        ({"vault": {"id": OWN_VAULT_ID.replace("vaults/kv", "vaults/KV")}}, ["vault.id"]),
        ({"key": {"id": f"{OWN_VAULT_ID}/keys/cmk-language"}}, ["key.id"]),
        ({"existing_resource_group_name": "RG-language"}, ["existingResourceGroupName"]),
        ({"audit": {"workspace_id": WORKSPACE_ID}}, ["audit.workspaceId"]),
        ({"tenant_id": "other"}, ["azure-native:tenantId"]),
        ({"subscription_id": "other"}, ["azure-native:subscriptionId"]),
    ],
)
def test_only_what_loses_data_is_refused(said: dict[str, Any], refused: list[str]) -> None:
    """Each change that takes data away, or access to it, is refused by its setting."""
    assert paths(**said) == refused


@pytest.mark.parametrize(
    ("said", "lost"),
    [({"location": "northeurope"}, True), ({"kind": "OpenAI", "account_name": "lang-language"}, False)],
)
def test_only_what_replaces_an_account_is_said_to_delete_it(said: dict[str, Any], *, lost: bool) -> None:
    """Azure refuses another kind of an account, and azure-native replaces none for it."""
    (found,) = losses(situation(recorded_service("language", state_of(state())), **said))
    assert ("would be deleted" in found.text) is lost


def test_fails_before_anything_is_registered() -> None:
    """A refused service registers nothing, and its message names every problem."""
    with pytest.raises(
        RefusedError, match=r"(?s)2 problems; nothing of this service was made.*location.*identity"
    ):
        service(standing(), location="northeurope", identity="userAssigned")


def deleted(group: str = "rg-language") -> FakeAzure:
    azure = FakeAzure()
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
    times = {"location": "westeurope", "deletion_date": "monday", "scheduled_purge_date": "friday"}
    vault = f"{place}/providers/Microsoft.KeyVault/vaults/kv-language"
    account = f"{place}/deletedAccounts/lang-language"
    azure.deleted = {
        "vaults": [Deleted("x", "KV-language", resource_id=vault, **times)],
        "accounts": [Deleted(account, "lang-language", principal_id=PRINCIPAL, **times)],
    }
    return azure


def test_fails_on_names_that_are_held_and_says_until_when() -> None:
    """Nothing comes back by itself; the message has the dates and the commands."""
    with pytest.raises(RefusedError) as refused:
        service(deleted())
    for words in (
        "'KV-language' is held",
        "monday, until friday",
        "run `az group create --name rg-language --location westeurope`, if that group is gone, and then `az",
        "account recover --name lang-language --resource-group rg-language --location westeurope`",
        " --yes`, which takes it into the state; or give another vault.name",
        "az cognitiveservices account purge --name lang-language --resource-group rg-language",
    ):
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("group", "change", "why"),
    [
        ("rg-other", {}, "only there"),
        ("rg-language", {"principal_id": None}, "does not recover a user-assigned"),
        ("rg-language", {"kind": "AIServices"}, "come back as one of kind 'AIServices'"),
    ],
)
def test_nobody_is_told_to_bring_back_what_is_not_theirs_or_would_stay_out_of_reach(
    group: str, change: dict[str, Any], why: str
) -> None:
    """What was deleted elsewhere comes back only there; a user-assigned identity does not come back; and a
    kind does not change."""
    azure = deleted(group)
    azure.deleted["accounts"] = [replace(azure.deleted["accounts"][0], **change)]
    with pytest.raises(RefusedError) as refused:
        service(azure)
    told = {problem.path: problem.text for _, problem in refused.value.problems}
    assert "account recover" not in told["accountName"]
    assert "account purge --name lang-language" in told["accountName"]
    assert why in told["accountName"]
    assert ("keyvault recover" in told["vault.name"]) is (group == "rg-language")


def test_grants_that_are_there_are_taken_over() -> None:
    """An access policy that the state has not may be; one that it has never is, or a replacement would delete
    it after taking it over."""
    azure = standing()
    assert "takesOver" not in service(azure).one(":AccessPolicy").inputs
    del azure.state[ACCESS]
    assert service(azure).one(":AccessPolicy").inputs["takesOver"] is True


def test_fails_on_another_subscription_before_azure_is_asked() -> None:
    """azure-native, once asked, is in the state with its new configuration, and the next refresh uses it."""
    azure = standing()
    wanted = {"language": ServiceRequest(service_inputs())}
    with pytest.raises(RefusedError, match="azure-native:subscriptionId: found other"):
        run(lambda: preflight(wanted, subscription_id="other"), azure=azure)
    assert [call.token for call in azure.asked] == ["pulumi:pulumi:readStackResourceOutputs"]


def left_out(removed: list[str] | None, *declared: str) -> None:
    """A preflight of a stack that has the service `language`, whose program declares other services."""
    services = {name: ServiceRequest(service_inputs(name=name)) for name in declared}
    run(lambda: preflight(services, removed=removed), azure=standing())


def test_fails_when_a_service_is_left_out() -> None:
    """A program that declares all its services says what becomes of each one that the stack has. One that was
    removed on purpose is not missed, nor one that a program which composes services does not hand over."""
    told = r"service 'language', services: .*previousName: language .*removedServices: \[language\]"
    with pytest.raises(RefusedError, match=told):
        left_out([], "support")
    with pytest.raises(RefusedError, match="do not list it"):
        left_out(["support"])
    left_out(["language"])
    left_out(None)


@pytest.mark.parametrize(
    ("identity", "refused"), [("systemAndUserAssigned", []), ("systemAssigned", ["identity"])]
)
def test_a_user_assigned_identity_that_was_detached_is_not_the_accounts_own(
    identity: str, refused: list[str]
) -> None:
    """The account still shows by whose client id its key is used: an update may give that identity back, and
    another one is refused."""
    found = by_a_user_assigned_identity(standing()).state
    found[ACCOUNT]["outputs"]["identity"] = {"type": "SystemAssigned", "principalId": PRINCIPAL}
    before = recorded_service("language", state_of(found))
    assert [one.path for one in losses(situation(before, identity=identity))] == refused


def test_what_this_stack_made_is_not_named_as_existing_though_its_account_is_gone() -> None:
    """An update that was cut off leaves a vault and a group without an account: they would be deleted."""
    resources = state()
    del resources[ACCOUNT]
    before = recorded_service("language", state_of(resources))
    (problem,) = losses(situation(before, vault={"id": OWN_VAULT_ID}))
    assert "'kv-language' was made by this stack" in problem.text
    assert "it would be deleted" in problem.text
    assert problem.text.endswith("leave vault.id out and set vault.name: kv-language")


@pytest.mark.parametrize(
    ("alias", "names_it"),
    [
        (pulumi.Alias(name="language"), True),
        (f"{COMPONENT}::language", True),
        (pulumi.Alias(stack="other"), False),
    ],
)
def test_a_service_that_was_renamed_is_guarded_as_it_was(
    alias: pulumi.Alias | str, *, names_it: bool
) -> None:
    """An alias makes the old account the new service's: that its name would change is refused, for the
    engine would replace it. Any other alias says nothing of a name."""
    args: Any = {"location": "westeurope"}
    opts = pulumi.ResourceOptions(aliases=[alias])
    told = "resourceGroupName: changes from 'rg-language'" if names_it else None
    with pytest.raises(RefusedError, match=told) if told else nullcontext():
        run(lambda: EncryptedAIServicesAccount("new", args, opts), azure=standing())


@pytest.mark.parametrize(
    ("type", "part", "network", "told"),
    [
        ("privatedns:PrivateZone", "account-zone", first.private()["network"], "and list its id here"),
        ("privatedns:PrivateZone", "account-zone", {}, ""),
        ("authorization:ManagementLockByScope", "vault-lock", {}, "then run `pulumi refresh`"),
    ],
)
def test_fails_on_what_an_earlier_version_made(
    type: str, part: str, network: dict[str, Any], told: str
) -> None:
    """Nothing declares it any more, and it would be deleted with whatever else the update does. Without
    endpoints, zones may go."""
    made = {**state(), urn(f"azure-native:{type}", part): {"outputs": {"id": f"{HUB}/x"}}}
    before = recorded_service("language", state_of(made))
    found = [one.text for one in losses(situation(before, network=network)) if "any more" in one.text]
    assert [f"{HUB}/x was made by this stack" in one and one.endswith(told) for one in found] == (
        [True] if told else []
    )
