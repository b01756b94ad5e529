"""Every other mode: what differs from the default, and that the order still holds."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.arguments.as_found import AS_FOUND
from components.resources.key import EncryptionKey
from components.service import EncryptedAIServicesAccount
from components.subscriptions import Subscriptions
from components.testing import CLIENT, DEPLOYER, PRINCIPAL, SUBSCRIPTION, VERSION
from core import arm_ids
from tests.components.test_access import ignored
from tests.support.recording import OTHER_SUBSCRIPTION, FakeAzure, run, service

VAULT_ID = (
    f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/kv-hub"
)


@pytest.mark.parametrize("identity", ["userAssigned", "systemAndUserAssigned"])
@pytest.mark.parametrize("access", ["accessPolicy", "rbac"])
def test_user_assigned_identity_is_granted_before_the_account_is_made(identity: str, access: str) -> None:
    """The account is bound in its own create, so its grant is there first, and there is no second writer."""
    monitor = service(identity=identity, access_model=access)
    account = monitor.one(":Account")
    grant = monitor.one(":RoleAssignment" if access == "rbac" else ":AccessPolicy")
    validation = monitor.one(":KeyAccessValidation")
    assert {grant.urn, validation.urn} <= account.needs
    assert grant.urn in validation.needs
    assert monitor.of(":CustomerManagedKey") == []
    assert account.inputs["properties"]["encryption"] == {
        "keySource": "Microsoft.KeyVault",
        "keyVaultProperties": {
            "keyName": "cmk-language",
            "keyVersion": VERSION,
            "keyVaultUri": "https://kv-language.vault.azure.net/",
            "identityClientId": CLIENT,
        },
    }
    assert list(account.request.ignoreChanges) == []


def test_what_has_no_name_but_the_services_keeps_it_when_an_alias_renames_the_service() -> None:
    """The engine would replace it by another one: an identity without its access, a workspace without the
    logs. tests/continuity/test_engine.py renames a service on the engine."""
    monitor = service(identity="userAssigned")
    assert "resourceName" in monitor.one(":UserAssignedIdentity").request.ignoreChanges
    assert "workspaceName" in monitor.one(":Workspace").request.ignoreChanges
    kept = {"name", "storageAccountId", "eventHubAuthorizationRuleId"}
    assert all(kept <= {*one.request.ignoreChanges} for one in monitor.of(":DiagnosticSetting"))


_TYPE = arm_ids.USER_ASSIGNED_IDENTITY
IDENTITIES = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-language/providers/{_TYPE}"
MADE, OTHER = f"{IDENTITIES}/id-language", f"{IDENTITIES}/id-storage"


@pytest.mark.parametrize(
    ("said", "type", "assigned"),
    [
        ({}, "SystemAssigned", None),
        ({"identity": "userAssigned"}, "UserAssigned", [MADE]),
        ({"identity": "systemAndUserAssigned"}, "SystemAssigned, UserAssigned", [MADE]),
        # Azure has a word for no identity, and refuses an empty one.
        ({"identity": "userAssigned", "encryption": "microsoftManaged"}, "None", None),
        # A further identity does not use the key.
        ({"other_identity_ids": [OTHER]}, "SystemAssigned, UserAssigned", [OTHER]),
        ({"other_identity_ids": [OTHER], "identity": "userAssigned"}, "UserAssigned", [MADE, OTHER]),
    ],
)
def test_the_account_has_exactly_the_identities_that_were_asked_for(
    said: dict[str, Any], type: str, assigned: list[str] | None
) -> None:
    """In Azure's spelling; one of them uses the key."""
    monitor = service(**said)
    account = monitor.one(":Account").inputs
    expected = {"type": type, **({"userAssignedIdentities": assigned} if assigned else {})}
    assert account["identity"] == expected
    assert len(monitor.of(":AccessPolicy")) == ("encryption" not in said)
    encryption = account["properties"].get("encryption")
    if encryption and "encryption" not in said:
        assert encryption["keyVaultProperties"]["identityClientId"] == CLIENT


def test_rbac_gives_roles_on_the_key_and_operators_one_on_the_vault_before_the_key_is_made() -> None:
    """The account's is Crypto Service Encryption User, at the key alone, for a service principal. Azure may
    want a role on the vault's data to make a key; it knows whether the operator is a person or a pipeline."""
    monitor = service(access_model="rbac", vault={"key_operators": ["deployer"]})
    operator, grant = monitor.of(":RoleAssignment")
    vault, key = monitor.one(":Vault"), monitor.one(":Key")
    assert vault.inputs["properties"]["enableRbacAuthorization"] is True
    assert (operator.inputs["scope"], operator.inputs["principalId"]) == (vault.outputs["id"], DEPLOYER)
    assert operator.inputs["roleDefinitionId"].endswith("14b46e9e-c2b7-41b4-b07b-48a6ebf60603")
    assert "principalType" not in operator.inputs
    assert operator.urn in key.needs & monitor.one(":KeyVersion").needs
    assert grant.inputs["scope"] == key.outputs["id"]
    assert grant.inputs["roleDefinitionId"] == (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization"
        "/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6"
    )
    assert (grant.inputs["principalId"], grant.inputs["principalType"]) == (PRINCIPAL, "ServicePrincipal")
    assert grant.urn in monitor.one(":CustomerManagedKey").needs
    assert grant.request.deletedWith == vault.urn


@pytest.mark.parametrize("said", [{"vault": {"id": VAULT_ID}}, {"key": {"id": f"{VAULT_ID}/keys/own"}}])
def test_an_existing_vault_is_not_made_and_an_existing_key_neither(said: dict[str, Any]) -> None:
    """A new key and the grant are made in the vault that is named, wherever it is."""
    monitor = service(**said)
    assert monitor.of(":Vault") == []
    assert len(monitor.of(":Key")) == ("vault" in said)
    for resource in (*monitor.of(":Key"), monitor.one(":AccessPolicy")):
        assert (resource.inputs["resourceGroupName"], resource.inputs["vaultName"]) == ("rg-keys", "kv-hub")
    assert monitor.one(":CustomerManagedKey").inputs["vaultId"] == VAULT_ID
    name = "cmk-language" if "vault" in said else "own"
    assert monitor.one(":KeyVersion").inputs["keyId"].endswith(f"/vaults/kv-hub/keys/{name}")


def test_what_is_left_of_the_access_in_an_existing_vault_is_removed_after_the_account() -> None:
    """The grant would go before the account, so that it is left to a resource that goes after it."""
    monitor = service(vault={"id": VAULT_ID})
    cleanup, account = monitor.one(":KeyAccessCleanup"), monitor.one(":Account")
    assert cleanup.urn in account.needs
    assert monitor.one(":AccessPolicy").request.deletedWith == cleanup.urn
    assert cleanup.inputs == {
        "keyId": monitor.one(":Key").outputs["id"],
        "accountId": account.outputs["id"],
    }
    by_itself = service(vault={"id": VAULT_ID}, identity="userAssigned")
    assert by_itself.of(":KeyAccessCleanup") == []
    assert by_itself.one(":AccessPolicy").request.deletedWith == ""


def test_vault_in_another_subscription_is_reached_through_its_own_provider() -> None:
    """The key uses the provider given for the vault, the account does not; a grant names the subscription."""

    def program() -> None:
        provider = pulumi.ProviderResource("azure-native", "hub", {"subscriptionId": OTHER_SUBSCRIPTION})
        EncryptedAIServicesAccount(
            "language", {"location": "westeurope", "vault": {"id": VAULT_ID}}, vault_provider=provider
        )

    monitor = run(program)
    assert "::hub::" in monitor.one(":Key").request.provider
    assert monitor.one(":AccessPolicy").inputs["subscriptionId"] == OTHER_SUBSCRIPTION
    assert monitor.one(":Account").request.provider == ""


def test_the_provider_for_a_vault_in_another_subscription_is_made_from_its_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A caller in another language can give no provider; two services have one each, which is a process, in
    the cloud of the login, or share one of the program's. A vault in its own subscription needs none."""
    monkeypatch.setenv("ARM_ENVIRONMENT", "usgovernment")

    def program() -> None:
        shared = Subscriptions()
        assert shared.provider_of(VAULT_ID) is shared.provider_of(f"{VAULT_ID}/keys/k") is not None
        for name in ("language", "desk"):
            EncryptedAIServicesAccount(name, {"location": "westeurope", "vault": {"id": VAULT_ID}})

    monitor = run(program)
    made = {found.name: found.inputs for found in monitor.of("pulumi:providers:azure-native")}
    own = {"environment": "usgovernment", "subscriptionId": OTHER_SUBSCRIPTION}
    assert made == {f"{of}subscription-{OTHER_SUBSCRIPTION}": own for of in ("language-", "desk-", "")}
    for key in monitor.of(":Key"):
        of_service = key.name.partition("-")[0]
        assert f"::{of_service}-subscription-{OTHER_SUBSCRIPTION}::" in key.request.provider
    assert {account.request.provider for account in monitor.of(":Account")} == {""}
    here = service(vault={"id": VAULT_ID.replace(OTHER_SUBSCRIPTION, SUBSCRIPTION)})
    assert here.of("pulumi:providers:azure-native") == []


@pytest.mark.parametrize("by_parent", [False, True])
def test_a_service_is_made_and_asked_about_through_the_provider_it_is_given(by_parent: bool) -> None:
    """Who gives a service a provider of its own, or its parent one, gets everything of it there, and the
    answers that decide what is refused, too."""
    azure = FakeAzure()

    def program() -> None:
        provider = pulumi.ProviderResource("azure-native", "own", {"subscriptionId": OTHER_SUBSCRIPTION})
        opts = pulumi.ResourceOptions(providers=[provider])
        if by_parent:
            opts = pulumi.ResourceOptions(parent=pulumi.ComponentResource("a:b:C", "around", opts=opts))
        EncryptedAIServicesAccount("language", {"location": "westeurope"}, opts)

    monitor = run(program, azure=azure)
    made = [found for found in monitor.registered if found.type.startswith("azure-native:")]
    assert {"::own::" in found.request.provider for found in made} == {True}
    asked = [call for call in azure.asked if call.token.startswith("azure-native:")]
    assert {"::own::" in (call.provider or "") for call in asked} == {True}


def test_customer_key_is_turned_on_without_touching_the_account() -> None:
    """The account is the same resource with the same inputs before and after, so that it keeps its id and
    data."""
    before, after = service(encryption="microsoftManaged").one(":Account"), service().one(":Account")
    assert before.urn == after.urn
    assert before.inputs == after.inputs
    assert before.request.ignoreChanges == after.request.ignoreChanges


@pytest.mark.parametrize("identity", ["systemAssigned", "userAssigned"])
def test_only_the_binding_goes_when_an_account_is_unbound_by_name(identity: str) -> None:
    """Vault, key and access stay, and in two phases the account's own inputs, too. The provider is told that
    the account leaves the key."""
    asked = {"identity": identity, "unbind_account": "lang-language"}
    bound, unbound = service(**asked), service(**asked, encryption="microsoftManaged")
    gone = {found.urn for found in bound.registered} - {found.urn for found in unbound.registered}
    if identity == "systemAssigned":
        assert gone == {bound.one(":CustomerManagedKey").urn}
        assert unbound.one(":Account").inputs == bound.one(":Account").inputs
    else:
        assert gone == set()
        encryption = unbound.one(":Account").inputs["properties"]["encryption"]
        assert encryption == {"keySource": "Microsoft.CognitiveServices"}
        assert list(unbound.one(":Account").request.ignoreChanges) == []
    assert unbound.one(":KeyVersion").inputs["accountLeaves"] is True
    assert "accountLeaves" not in bound.one(":KeyVersion").inputs
    assert unbound.one(":Account").request.protect
    assert unbound.one(":AccessPolicy").inputs == bound.one(":AccessPolicy").inputs


def test_key_can_stay_on_a_version() -> None:
    """A pin reaches the key's version, and nothing else."""
    assert service(key={"pin": VERSION}).one(":KeyVersion").inputs["pin"] == VERSION


def test_audit_logs_of_account_and_vault_go_to_a_workspace() -> None:
    """Each use of the key and of the account is kept, in a workspace made here or one that exists; unless it
    is said that nothing is to be kept."""
    assert service(audit={"new_workspace": False}).of(":DiagnosticSetting") == []
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
    workspace_id = f"{group}/providers/Microsoft.OperationalInsights/workspaces/hub"
    made, existing = service(), service(audit={"workspace_id": workspace_id})
    assert [found.inputs["workspaceName"] for found in made.of(":Workspace")] == ["log-language"]
    assert existing.of(":Workspace") == []
    for monitor in (made, existing):
        logs = {
            found.name: [log["category"] for log in found.inputs["logs"]]
            for found in monitor.of(":DiagnosticSetting")
        }
        assert logs == {"language-account-audit": ["Audit"], "language-vault-audit": ["AuditEvent"]}
    assert {found.inputs["workspaceId"] for found in existing.of(":DiagnosticSetting")} == {workspace_id}


NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/vnet/subnets/endpoints"


def test_private_access_is_closed_to_the_public_with_an_endpoint_each() -> None:
    """Account and vault each have an endpoint in the subnet, made once the account is bound, and listed in
    the first zone of its kind that is given; none is made."""
    zones = {
        "language-vault-dns": f"{NETWORK}/privateDnsZones/privatelink.vaultcore.azure.net",
        "language-account-dns": f"{NETWORK}/privateDnsZones/privatelink.cognitiveservices.azure.com",
    }
    network = {"access": "private", "subnet_id": SUBNET}
    of_others = [zone.replace("/resourceGroups/", "/resourceGroups/others-") for zone in zones.values()]
    assert service(network=network).of(":PrivateDnsZoneGroup") == []
    monitor = service(network={**network, "private_dns_zone_ids": [*zones.values(), *of_others]})
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
    listed = {
        found.name: found.inputs["privateDnsZoneConfigs"][0]["privateDnsZoneId"]
        for found in monitor.of(":PrivateDnsZoneGroup")
    }
    assert listed == zones


def test_keys_that_are_composed_one_by_one_take_turns() -> None:
    """Azure refuses a write to a vault that it is still writing (409 ConflictError): the second key of a
    vault comes after the first, and that of another vault waits for none."""

    def program() -> None:
        for name, vault in (("first", "kv-hub"), ("second", "KV-HUB"), ("third", "kv-other")):
            EncryptionKey(name, {"vault_id": VAULT_ID.replace("kv-hub", vault), "key_name": name})

    made = {key.name: key for key in run(program).of(":Key")}
    assert made["first-key"].urn in made["second-key"].request.dependencies
    assert made["first-key"].urn not in made["third-key"].request.dependencies


@pytest.mark.parametrize(
    ("word", "type", "path"),
    [
        ("access", ":AccessPolicy", "policy.permissions"),
        ("identity", ":Account", "identity"),
        ("network", ":Account", "properties.networkAcls"),
        ("tags", ":Account", "tags"),
        ("vault", ":Vault", "properties"),
    ],
)
def test_a_part_that_was_adopted_stays_as_it_was_found(word: str, type: str, path: str) -> None:
    """The part is not written, and nothing else changes: what is ignored anyway stays ignored."""
    assert path not in ignored(service(), type)
    assert ignored(service(as_found=[word]), type) >= {path} | ignored(service(), type)


def test_a_role_assignment_keeps_the_name_and_scope_it_was_made_with() -> None:
    """Its name is a part of its id, so that another would replace it."""
    found = ignored(service(as_found=["access"], access_model="rbac"), ":RoleAssignment")
    assert {"roleAssignmentName", "scope"} <= found


def test_what_protects_the_data_is_never_left_as_found() -> None:
    """With every word there is, the account's login and its binding are still declared."""
    monitor = service(as_found=list(AS_FOUND))
    assert not {p for p in ignored(monitor, ":Account") if "disableLocalAuth" in p or p == "properties"}
    assert ignored(monitor, ":CustomerManagedKey") == set()
