"""Private networking of vaults and accounts, as ARM answers it."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from localazure.directory import create_principal
from tests.localazure.network.case import ACCOUNT_API, API, VAULT_API, Case, furnished
from tests.support.front import Reply, token


@pytest.fixture
def case() -> Case:
    return furnished()


def test_a_network_is_updating_until_its_operation_ends() -> None:
    """201, Updating and Azure-AsyncOperation; then Succeeded under another etag, subnets inside."""
    case = Case()
    body = {"location": "West Europe", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    first = case.send("PUT", case.network, body)
    assert (first.status, first.body["properties"]["provisioningState"]) == (201, "Updating")
    assert (
        "/providers/Microsoft.Network/locations/westeurope/operations/"
        in first.headers["azure-asyncoperation"]
    )
    case.finish(first)
    after = case.send("GET", case.network)
    assert after.body["properties"]["provisioningState"] == "Succeeded"
    assert after.body["etag"].startswith('W/"')
    assert after.body["etag"] != first.body["etag"]


def test_subnets_made_as_children_stand_in_their_network(case: Case) -> None:
    """A child subnet is told by the network too, and one PUT of the network without it takes it away."""
    reply = case.made(f"{case.network}/subnets/more", {"properties": {"addressPrefix": "10.0.2.0/24"}})
    assert reply.body["id"] == f"{case.network}/subnets/more"
    names = [subnet["name"] for subnet in case.send("GET", case.network).body["properties"]["subnets"]]
    assert names == ["ends", "more"]
    case.make_network()
    assert case.send("GET", f"{case.network}/subnets/more").status == 404


def test_fails_to_make_a_subnet_outside_its_network_or_over_another(case: Case) -> None:
    """The address space holds every subnet, each by itself."""
    outside = case.send("PUT", f"{case.network}/subnets/b", {"properties": {"addressPrefix": "10.1.0.0/24"}})
    over = case.send("PUT", f"{case.network}/subnets/b", {"properties": {"addressPrefix": "10.0.1.128/25"}})
    wrong = case.send("PUT", f"{case.network}/subnets/b", {"properties": {"addressPrefix": "ten"}})
    assert [reply.code for reply in (outside, over, wrong)] == [
        "NetcfgInvalidSubnet",
        "NetcfgSubnetRangesOverlap",
        "InvalidAddressPrefixFormat",
    ]


@pytest.mark.parametrize(
    ("target", "group", "api", "name"),
    [
        ("vault", "vault", VAULT_API, "contoso-1.vault.azure.net"),
        ("account", "account", ACCOUNT_API, "language-1.cognitiveservices.azure.com"),
    ],
)
def test_an_endpoint_is_approved_and_told_at_both_ends(
    case: Case, target: str, group: str, api: str, name: str
) -> None:
    """The endpoint has a name, an address and an interface; the vault or account names the endpoint."""
    id = getattr(case, target)
    made = case.made(case.endpoint, case.endpoint_body(id, group)).body["properties"]
    link = made["privateLinkServiceConnections"][0]["properties"]
    assert link["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert made["customDnsConfigs"] == [{"fqdn": name, "ipAddresses": ["10.0.1.4"]}]
    interface = case.send("GET", made["networkInterfaces"][0]["id"]).body["properties"]
    assert interface["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.1.4"
    [connection] = case.connections(id, api)
    assert connection["properties"]["privateEndpoint"] == {"id": case.endpoint}
    assert case.send("GET", connection["id"], api=api).body["properties"] == connection["properties"]
    listed = case.send("GET", f"{id}/privateEndpointConnections", api=api).body["value"]
    assert [item["id"] for item in listed] == [connection["id"]]


def test_an_endpoint_that_goes_takes_its_connection_along(case: Case) -> None:
    """DELETE is 202 with an operation and a Location, then 204; the vault's body is as before."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    gone = case.send("DELETE", case.endpoint)
    assert gone.status == 202
    assert [case.door.send("GET", gone.headers["location"]).status for _ in range(2)] == [202, 200]
    assert case.send("GET", case.endpoint).status == 404
    assert case.send("DELETE", case.endpoint).status == 204
    assert case.connections(case.vault, VAULT_API) == []


def test_a_repeated_put_of_an_endpoint_changes_nothing(case: Case) -> None:
    """The same address, interface and connection."""
    first = case.made(case.endpoint, case.endpoint_body(case.vault, "vault")).body["properties"]
    again = case.made(case.endpoint, case.endpoint_body(case.vault, "vault")).body["properties"]
    assert again == first
    assert len(case.connections(case.vault, VAULT_API)) == 1


def test_a_manual_connection_waits_for_approval_at_its_target(case: Case) -> None:
    """Pending at both ends until the vault's owner approves it; deleted there, the endpoint is cut off."""
    body = case.endpoint_body(case.vault, "vault", manual=True, requestMessage="please")

    def status() -> str:
        [link] = case.send("GET", case.endpoint).body["properties"]["manualPrivateLinkServiceConnections"]
        return str(link["properties"]["privateLinkServiceConnectionState"]["status"])

    case.made(case.endpoint, body)
    [connection] = case.connections(case.vault, VAULT_API)
    assert connection["properties"]["privateLinkServiceConnectionState"]["description"] == "please"
    assert status() == "Pending"
    state = {
        "properties": {"privateLinkServiceConnectionState": {"status": "Approved", "description": "yes"}}
    }
    assert case.send("PUT", connection["id"], state, VAULT_API).status == 200
    assert status() == "Approved"
    assert case.send("DELETE", connection["id"], api=VAULT_API).status == 200
    assert status() == "Disconnected"
    assert case.send("DELETE", connection["id"], api=VAULT_API).status == 204


def test_fails_to_approve_with_a_status_that_does_not_exist(case: Case) -> None:
    """The states of a connection are four."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    [connection] = case.connections(case.vault, VAULT_API)
    body = {"properties": {"privateLinkServiceConnectionState": {"status": "Maybe"}}}
    assert case.send("PUT", connection["id"], body, VAULT_API).code == "BadRequest"


@pytest.mark.parametrize("patched", [False, True])
def test_fails_to_connect_an_account_that_is_not_settled(case: Case, patched: bool) -> None:
    """400 AccountProvisioningStateInvalid while it is being made or changed, and nothing is left behind."""
    if not patched:
        case.send("DELETE", case.account, api=ACCOUNT_API)
        deleted = f"/subscriptions/{seed.SUBSCRIPTION_ID}/providers/Microsoft.CognitiveServices/locations"
        case.send(
            "DELETE", f"{deleted}/westeurope/resourceGroups/net/deletedAccounts/language", api=ACCOUNT_API
        )
        case.start_account()
    else:
        case.send("PATCH", case.account, {"tags": {"a": "b"}}, ACCOUNT_API)
    refused = case.send("PUT", case.endpoint, case.endpoint_body(case.account, "account"))
    assert (refused.status, refused.code) == (400, "AccountProvisioningStateInvalid")
    assert f"in state {'Accepted' if patched else 'Creating'}" in refused.message
    assert case.send("GET", case.endpoint).status == 404


def test_fails_to_connect_what_cannot_be_connected(case: Case) -> None:
    """No such vault, no such subnet, another region, another group, two at once, none."""
    good = case.endpoint_body(case.vault, "vault")
    links = good["properties"]["privateLinkServiceConnections"]
    bodies = {
        "InvalidResourceReference": [
            case.endpoint_body(f"{case.vault}x", "vault"),
            {**good, "properties": {**good["properties"], "subnet": {"id": f"{case.subnet}x"}}},
            {**good, "location": "northeurope"},
        ],
        "PrivateEndpointInvalidGroupIds": [case.endpoint_body(case.vault, "account")],
        "InvalidPrivateLinkServiceConnections": [
            {**good, "properties": {**good["properties"], "privateLinkServiceConnections": links * 2}},
            {**good, "properties": {"subnet": {"id": case.subnet}}},
        ],
    }
    for code, wrong in bodies.items():
        assert [case.send("PUT", case.endpoint, body).code for body in wrong] == [code] * len(wrong)
    assert case.connections(case.vault, VAULT_API) == []


def test_fails_to_connect_an_account_without_a_subdomain(case: Case) -> None:
    """A private endpoint needs a name to lead to."""
    case.account += "2"
    reply = case.start_account(customSubDomainName=None)
    for _ in range(2):
        case.door.send("GET", reply.headers["azure-asyncoperation"])
    refused = case.send("PUT", case.endpoint, case.endpoint_body(case.account, "account"))
    assert refused.code == "CustomSubDomainNameNotSet"


def test_fails_to_connect_without_the_right_to_approve(case: Case) -> None:
    """Who may make endpoints and may not approve them at the vault is told which right is missing."""
    contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    case.vault = case.vault.replace(case.group, case.door.group("other")).replace("Contoso-1", "contoso-2")
    case.make_vault()
    assignment = f"{case.group}/providers/Microsoft.Authorization/roleAssignments/{case.door.cloud.new_id()}"
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{contributor}"
    properties = {"roleDefinitionId": role, "principalId": seed.READER.object_id}
    granted = case.send("PUT", assignment, {"properties": properties}, "?api-version=2022-04-01")
    assert granted.status == 201, granted
    body = case.endpoint_body(case.vault, "vault")
    refused = case.send("PUT", case.endpoint, body, bearer=token(seed.READER))
    assert (refused.status, refused.code) == (403, "LinkedAuthorizationFailed")
    assert "PrivateEndpointConnectionsApproval/action" in refused.message
    manual = case.endpoint_body(case.vault, "vault", manual=True)
    assert case.send("PUT", case.endpoint, manual, bearer=token(seed.READER)).status == 201


def test_a_deleted_target_cuts_its_endpoint_off(case: Case) -> None:
    """The endpoint stays, disconnected; the recovered vault has no connection."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    case.send("DELETE", case.vault, api=VAULT_API)
    [link] = case.send("GET", case.endpoint).body["properties"]["privateLinkServiceConnections"]
    assert link["properties"]["privateLinkServiceConnectionState"]["status"] == "Disconnected"


def test_a_resource_group_takes_its_network_along(case: Case) -> None:
    """Nothing of it is left when a group of the same name is made anew."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    case.made(case.zone, {"location": "global"})
    assert case.send("DELETE", case.group, api="?api-version=2024-03-01").status == 202
    case.door.cloud.clock.advance(60)
    for _ in range(3):
        case.send("GET", case.group, api="?api-version=2024-03-01")
    case.door.group("net")
    for id in (case.network, case.endpoint, case.zone):
        assert case.send("GET", id).status == 404


def test_network_lists_hold_what_is_in_their_scope(case: Case) -> None:
    """By group and by subscription; children by their parent; and `/resources` names them."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    subscription = f"/subscriptions/{seed.SUBSCRIPTION_ID}/providers/Microsoft.Network"
    for scope in (case.provider, subscription):
        for type in ("virtualNetworks", "privateEndpoints"):
            assert len(case.send("GET", f"{scope}/{type}").body["value"]) == 1
    assert len(case.send("GET", f"{case.network}/subnets").body["value"]) == 1
    assert case.send("GET", f"{case.endpoint}/privateDnsZoneGroups").body["value"] == []
    types = {row["type"] for row in case.send("GET", f"{case.group}/resources").body["value"]}
    assert {"Microsoft.Network/virtualNetworks", "Microsoft.Network/privateEndpoints"} <= types


def static(address: str, member: str = "default", group: str = "vault") -> dict[str, Any]:
    """A static address of a member, as a PUT has it."""
    properties = {"groupId": group, "memberName": member, "privateIPAddress": address}
    return {"name": member, "properties": properties}


def test_static_addresses_are_those_of_their_members(case: Case) -> None:
    """An AIServices account has three members, each with its name; the interface has the name asked for."""
    case.account = f"{case.account}-foundry"
    body = {
        "location": "westeurope",
        "kind": "AIServices",
        "sku": {"name": "S0"},
        "properties": {"customSubDomainName": "foundry-1"},
    }
    reply = case.send("PUT", case.account, body, ACCOUNT_API)
    for _ in range(2):
        case.door.send("GET", reply.headers["azure-asyncoperation"])
    members = {"third": "10.0.1.12", "default": "10.0.1.10", "secondary": "10.0.1.11"}
    wanted = case.endpoint_body(case.account, "account")
    wanted["properties"] |= {
        "ipConfigurations": [static(ip, member, "account") for member, ip in members.items()],
        "customNetworkInterfaceName": "nic-foundry",
    }
    made = case.made(case.endpoint, wanted).body["properties"]
    assert {one["fqdn"]: one["ipAddresses"] for one in made["customDnsConfigs"]} == {
        "foundry-1.cognitiveservices.azure.com": ["10.0.1.10"],
        "foundry-1.openai.azure.com": ["10.0.1.11"],
        "foundry-1.services.ai.azure.com": ["10.0.1.12"],
    }
    interface = case.send("GET", made["networkInterfaces"][0]["id"]).body
    assert interface["name"] == "nic-foundry"
    kept = [row["properties"] for row in interface["properties"]["ipConfigurations"]]
    assert {row["privateIPAllocationMethod"] for row in kept} == {"Static"}
    wanted["properties"]["ipConfigurations"].pop()
    refused = case.send("PUT", f"{case.endpoint}-2", wanted)
    assert refused.code == "PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps"
    assert "requested by Private Link service [GroupId: account, MemberName: secondary]" in refused.message


@pytest.mark.parametrize(
    ("configurations", "code"),
    [
        ([static("10.0.2.9")], "PrivateIPAddressNotInSubnet"),
        ([static("10.0.1.3")], "PrivateIPAddressInReservedRange"),
        ([static("10.0.1.255")], "PrivateIPAddressInReservedRange"),
        ([static("10.0.1.4")], "PrivateIPAddressIsAllocated"),
        ([static("ten")], "InvalidIPAddressFormat"),
        ([static("10.0.1.9", "vault")], "PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps"),
    ],
)
def test_fails_for_an_address_that_an_endpoint_cannot_have(
    case: Case, configurations: list[dict[str, Any]], code: str
) -> None:
    """Outside the subnet, kept by Azure, another endpoint's, none at all, and of a member that is none."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))
    body = case.endpoint_body(case.vault, "vault")
    body["properties"]["ipConfigurations"] = configurations
    assert case.send("PUT", f"{case.endpoint}-2", body).code == code


def test_an_endpoint_keeps_its_addresses_and_its_interface_for_life(case: Case) -> None:
    """The address that it has may become static; no other one is taken, nor another name of the interface."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))

    def put(**properties: Any) -> Reply:
        body = case.endpoint_body(case.vault, "vault")
        body["properties"] |= properties
        return case.send("PUT", case.endpoint, body)

    moved = put(ipConfigurations=[static("10.0.1.9")])
    assert moved.code == "PrivateEndpointStaticIpMustMatchDynamicIpMapping"
    case.finish(put(ipConfigurations=[static("10.0.1.4")]))
    moved = put(ipConfigurations=[static("10.0.1.9")])
    assert moved.code == "PrivateEndpointWithStaticIpConfigurationsCannotChangeIpAddress"
    renamed = put(customNetworkInterfaceName="nic-vault")
    assert renamed.code == "CannotChangeCustomNetworkInterfaceName"


def test_a_network_tells_which_addresses_are_free(case: Case) -> None:
    """A taken or reserved one is not, and the next free one is named; outside every subnet is refused."""
    case.made(case.endpoint, case.endpoint_body(case.vault, "vault"))

    def ask(address: str) -> Reply:
        return case.send(
            "GET", f"{case.network}/CheckIPAddressAvailability", api=f"{API}&ipAddress={address}"
        )

    assert ask("10.0.1.9").body == {"available": True, "availableIPAddresses": []}
    for taken in ("10.0.1.4", "10.0.1.0"):
        assert ask(taken).body == {"available": False, "availableIPAddresses": ["10.0.1.5"]}
    assert ask("10.0.9.9").code == "PrivateIPAddressNotInAnySubnet"


@pytest.mark.parametrize(("polling", "status"), [("needs_read", 403), ("any", 200)])
def test_polling_an_operation_takes_its_read_action(case: Case, polling: str, status: int) -> None:
    """Or only the address: somebody without any role has it, of a private endpoint and of a zone."""
    case.door.cloud.behave(operation_polling=polling)
    begun = [
        case.send("PUT", case.endpoint, case.endpoint_body(case.vault, "vault")),
        case.send("PUT", case.zone, {"location": "global"}),
    ]
    stranger = create_principal(case.door.cloud, tenant_id=seed.TENANT_ID, name="stranger")
    polled = [
        case.door.send("GET", one.headers["azure-asyncoperation"], bearer=token(stranger)) for one in begun
    ]
    assert [one.status for one in polled] == [status, status]
