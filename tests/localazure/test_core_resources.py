"""Resource groups, subscriptions, providers, identities, workspaces, diagnostic settings, policies, locks."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.cognitive.policy import DEFINITION_ID
from localazure.directory import find_principal
from localazure.locations import REGIONS
from localazure.policy_scopes import counting
from tests.support.front import ARM, SUBSCRIPTION, Door, token

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WEST = {"location": "West Europe"}
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/w"


@pytest.fixture
def door() -> Door:
    door = Door()
    door.group("g")
    return door


def test_a_group_is_created_then_replaced(door: Door) -> None:
    """A new group is 201, the same again 200; its location is normalised and unsent tags go."""
    made = door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/new", {**WEST, "tags": {"a": "b"}})
    assert made.status == 201
    assert made.body == {
        "id": f"{SUBSCRIPTION}/resourceGroups/new",
        "name": "new",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    again = door.send("PUT", f"{SUBSCRIPTION}/resourcegroups/NEW", {"location": "westeurope"})
    assert (again.status, again.body["name"]) == (200, "new")
    assert "tags" not in again.body


def test_older_api_versions_have_no_type(door: Door) -> None:
    """With 2016-09-01 the body of a group names no type."""
    assert (
        "type"
        not in door.send("GET", f"{GROUP}?api-version=2016-09-01".replace("/sub", f"{ARM}/sub", 1)).body
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "LocationRequired"),
        ({"location": 5}, 400, "LocationRequired"),
        ({"location": "middleearth"}, 400, "LocationNotAvailableForResourceGroup"),
        ({"location": "eastus"}, 409, "InvalidResourceGroupLocation"),
    ],
)
def test_fails_for_a_wrong_location(door: Door, body: dict[str, object], status: int, code: str) -> None:
    """A group needs a region that exists, and stays in it."""
    reply = door.send("PUT", GROUP, body)
    assert (reply.status, reply.code) == (status, code)


def test_a_patch_changes_tags_only(door: Door) -> None:
    """PATCH merges: tags are replaced, the location stays."""
    reply = door.send("PATCH", GROUP, {"tags": {"x": "y"}})
    assert (reply.body["tags"], reply.body["location"]) == ({"x": "y"}, "westeurope")


def test_a_groups_delete_takes_its_time_and_its_contents(door: Door) -> None:
    """202 with Location and Retry-After, polls 202 without a body, then 200; after it nothing is left."""
    door.send("PUT", IDENTITY, WEST)
    who = door.send("GET", IDENTITY).body["properties"]["principalId"]
    door.cloud.behave(operation_seconds=60)
    deleted = door.send("DELETE", GROUP)
    assert (deleted.status, deleted.body, deleted.headers["retry-after"]) == (202, None, "15")
    location = deleted.headers["location"]
    assert location.startswith(f"{ARM}{SUBSCRIPTION}/operationresults/")
    assert door.send("GET", GROUP).body["properties"]["provisioningState"] == "Deleting"
    reply = door.send("PUT", GROUP, WEST)
    assert (reply.status, reply.code) == (409, "ResourceGroupBeingDeleted")
    running = door.send("GET", location)
    assert (running.status, running.body, running.headers["retry-after"]) == (202, None, "15")
    assert running.headers["location"] == location
    door.cloud.clock.advance(60)
    ended = door.send("GET", location)
    assert (ended.status, ended.body) == (200, None)
    gone = door.send("GET", GROUP)
    assert (gone.status, gone.code) == (404, "ResourceGroupNotFound")
    assert gone.message == "Resource group 'g' could not be found."
    assert find_principal(door.cloud, who) is None


def test_a_slow_delete_ends_on_the_cloud_clock(door: Door) -> None:
    """However often it is polled, a delete of an hour takes an hour of the cloud's time."""
    door.cloud.behave(operation_seconds=3600)
    location = door.send("DELETE", GROUP).headers["location"]
    assert {door.send("GET", location).status for _ in range(5)} == {202}
    door.cloud.clock.advance(3600)
    assert door.send("GET", location).status == 200


def test_a_group_whose_delete_nobody_polls_goes_too(door: Door) -> None:
    """Looking at the group is enough; after it, what was asked for in it finds no group."""
    door.send("DELETE", GROUP)
    assert [door.send("GET", GROUP).status for _ in range(3)] == [200, 404, 404]
    assert door.send("GET", IDENTITY).code == "ResourceGroupNotFound"
    assert door.send("PUT", IDENTITY, WEST).code == "ResourceGroupNotFound"


def test_lists_show_the_groups_of_one_subscription(door: Door) -> None:
    """Groups of other subscriptions are not listed; a tag filter is honoured."""
    door.send("PUT", f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}/resourceGroups/other", WEST)
    door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/t", {**WEST, "tags": {"team": "a"}})
    url = f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01"
    assert [group["name"] for group in door.send("GET", url).body["value"]] == ["g", "t"]
    filtered = f"{url}&$filter=tagName%20eq%20'team'%20and%20tagValue%20eq%20'a'"
    assert [group["name"] for group in door.send("GET", filtered).body["value"]] == ["t"]


def test_subscriptions_are_those_the_caller_has_a_role_in(door: Door) -> None:
    """Each principal sees the subscriptions of its tenant where something was granted to it."""
    url = "/subscriptions?api-version=2022-12-01"

    def seen(bearer: str) -> set[str]:
        return {s["subscriptionId"] for s in door.send("GET", ARM + url, bearer=bearer).body["value"]}

    assert seen(token()) == {seed.SUBSCRIPTION_ID, seed.OTHER_SUBSCRIPTION_ID}
    assert seen(token(seed.FOREIGNER)) == {seed.FOREIGN_SUBSCRIPTION_ID}
    tenants = door.send("GET", f"{ARM}/tenants?api-version=2022-12-01").body["value"]
    assert [tenant["tenantId"] for tenant in tenants] == [seed.TENANT_ID]


def test_locations_of_a_subscription(door: Door) -> None:
    """The regions are listed with both names."""
    found = door.send("GET", f"{SUBSCRIPTION}/locations").body["value"]
    assert {location["name"] for location in found} == set(REGIONS)
    assert {"westeurope": "West Europe"}.items() <= {f["name"]: f["displayName"] for f in found}.items()


def test_providers_name_their_types(door: Door) -> None:
    """A provider lists its resource types with regions and api-versions; an unknown one is 404."""
    found = door.send("GET", f"{SUBSCRIPTION}/providers/microsoft.keyvault").body
    assert (found["namespace"], found["registrationState"]) == ("Microsoft.KeyVault", "Registered")
    assert "vaults" in [type["resourceType"] for type in found["resourceTypes"]]
    assert door.send("GET", f"{SUBSCRIPTION}/providers/Microsoft.Nothing").code == "InvalidResourceNamespace"


def test_a_user_assigned_identity_is_a_principal(door: Door) -> None:
    """201 with a relative Location first, 200 on repeat with the same principal, gone with its delete."""
    made = door.send("PUT", IDENTITY, WEST)
    id = IDENTITY.replace("resourceGroups", "resourcegroups")
    assert (made.status, made.headers["location"], made.body["id"]) == (201, id, id)
    again = door.send("PUT", IDENTITY, {**WEST, "tags": {"a": "b"}})
    assert (again.status, again.body["properties"]) == (200, made.body["properties"])
    who = made.body["properties"]["principalId"]
    principal = find_principal(door.cloud, who)
    assert principal is not None
    assert (principal.managed_identity, principal.tenant_id) == (True, seed.TENANT_ID)
    assert [door.send("DELETE", IDENTITY).status for _ in range(2)] == [200, 204]
    assert find_principal(door.cloud, who) is None
    assert door.send("GET", IDENTITY).code == "ResourceNotFound"


def test_diagnostic_settings_deliver_to_their_workspace(door: Door) -> None:
    """A workspace gets a resource's records from the setting's making to its end, and no others."""
    from localazure.cloud import iso
    from localazure.monitor import delivered

    def use(operation: str, resource: str = resource_id) -> None:
        door.cloud.clock.advance(1)
        record = {"time": iso(door.cloud.clock.now()), "operation": operation}
        door.cloud.store.append("audit", resource, record)

    assert door.send("PUT", WORKSPACE, WEST).status == 201
    use("before")
    url = f"{resource_id}/providers/Microsoft.Insights/diagnosticSettings/d"
    logs = [{"category": "AuditEvent", "enabled": True}]
    made = door.send("PUT", url, {"properties": {"workspaceId": WORKSPACE, "logs": logs}})
    assert made.status == 200
    assert made.body["id"] == url.lower()
    assert made.body["properties"]["storageAccountId"] is None
    use("during")
    use("elsewhere", f"{resource_id}2")
    assert door.send("DELETE", url).status == 200
    use("after")
    records = delivered(door.cloud, WORKSPACE)
    assert [(r["operation"], r["category"]) for r in records] == [("during", "AuditEvent")]


resource_id = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"


@pytest.mark.parametrize(
    "properties", [{}, {"workspaceId": f"{WORKSPACE}-not-there"}, {"logs": [{"category": "AuditEvent"}]}]
)
def test_fails_for_a_setting_that_leads_nowhere(door: Door, properties: dict[str, object]) -> None:
    """A diagnostic setting needs a sink, and its workspace must exist."""
    url = f"{GROUP}/providers/Microsoft.Insights/diagnosticSettings/d"
    assert door.send("PUT", url, {"properties": properties}).status == 400
    assert door.send("GET", url).status == 404


def test_a_policy_is_in_force_while_it_is_assigned(door: Door) -> None:
    """The built-in that demands a customer's key counts where it is enforced, until it is unassigned."""
    url = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/cmk"

    def assign(effect: str, mode: str = "Default") -> bool:
        parameters = {"effect": {"value": effect}}
        body = {"policyDefinitionId": DEFINITION_ID, "parameters": parameters, "enforcementMode": mode}
        assert door.send("PUT", url, {"properties": body}).status in (200, 201)
        return bool(counting(door.cloud, SUBSCRIPTION, DEFINITION_ID))

    assert assign("Deny")
    assert not assign("Deny", mode="DoNotEnforce")
    assert assign("Deny")
    assert door.send("DELETE", url).status == 200
    assert counting(door.cloud, SUBSCRIPTION, DEFINITION_ID) == []


def test_a_subscriptions_own_definition_can_be_assigned(door: Door) -> None:
    """It is kept as written; its assignment puts nothing in force, and one of no definition is refused."""
    provider = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"
    definition = f"{provider}/policyDefinitions/own"
    assert door.send("PUT", definition, {"properties": {}}).status == 400
    rule = {"if": {"field": "type", "equals": "x"}, "then": {"effect": "deny"}}
    assert door.send("PUT", definition, {"properties": {"policyRule": rule}}).status == 201
    for id, status in ((definition, 201), (f"{definition}-not-there", 404)):
        body = {"policyDefinitionId": id, "parameters": {"effect": {"value": "Deny"}}}
        assert (
            door.send("PUT", f"{provider}/policyAssignments/{id[-3:]}", {"properties": body}).status == status
        )
    assert counting(door.cloud, SUBSCRIPTION, DEFINITION_ID) == []
    assert door.send("DELETE", definition).status == 200
    assert door.send("GET", definition).status == 404


class TestLocks:
    """Microsoft.Authorization/locks."""

    def lock(self, door: Door, scope: str, level: str, name: str = "l") -> str:
        url = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
        assert door.send("PUT", url, {"properties": {"level": level}}).status == 201
        return url

    def test_a_lock_forbids_deletes_at_and_below_its_scope(self, door: Door) -> None:
        """CanNotDelete on a group holds what is in it; writing goes on."""
        door.send("PUT", IDENTITY, WEST)
        url = self.lock(door, GROUP, "CanNotDelete")
        for target in (GROUP, IDENTITY):
            reply = door.send("DELETE", target)
            assert (reply.status, reply.code) == (409, "ScopeLocked")
        assert door.send("PUT", IDENTITY, WEST).status == 200
        assert door.send("DELETE", url).status == 200
        assert door.send("DELETE", IDENTITY).status == 200

    def test_a_lock_below_holds_the_group_above(self, door: Door) -> None:
        """A group cannot go while a lock holds something in it."""
        door.send("PUT", IDENTITY, WEST)
        self.lock(door, IDENTITY, "CanNotDelete")
        assert door.send("DELETE", GROUP).code == "ScopeLocked"

    def test_a_read_only_lock_forbids_writes(self, door: Door) -> None:
        """ReadOnly lets nothing but reading through, and ends with itself."""
        url = self.lock(door, GROUP, "ReadOnly")
        assert door.send("PUT", IDENTITY, WEST).code == "ScopeLocked"
        assert door.send("GET", GROUP).status == 200
        assert door.send("DELETE", url).status == 200
        assert door.send("PUT", IDENTITY, WEST).status == 201

    def test_fails_for_an_unknown_level(self, door: Door) -> None:
        """A lock is CanNotDelete or ReadOnly."""
        url = f"{GROUP}/providers/Microsoft.Authorization/locks/l"
        assert door.send("PUT", url, {"properties": {"level": "Soft"}}).status == 400
        assert door.send("GET", url).code == "LockNotFound"


def test_resources_of_every_type_are_listed(door: Door) -> None:
    """`/resources` of a group names what is in it, one type when filtered, and nothing of other groups."""
    vault = {"sku": {"family": "A", "name": "standard"}, "tenantId": seed.TENANT_ID, "accessPolicies": []}
    url = f"{GROUP}/providers/Microsoft.KeyVault/vaults/inventory-v"
    assert door.send("PUT", url, {**WEST, "properties": vault}).status == 200
    door.send("PUT", IDENTITY, WEST)
    door.group("other")

    def names(scope: str, filter: str = "") -> list[str]:
        reply = door.send("GET", f"{ARM}{scope}/resources?api-version=2024-03-01{filter}")
        return [resource["name"] for resource in reply.body["value"]]

    assert names(GROUP) == names(SUBSCRIPTION) == ["inventory-v", "i"]
    assert names(GROUP, "&$filter=resourceType%20eq%20'Microsoft.KeyVault/vaults'") == ["inventory-v"]
    assert names(f"{SUBSCRIPTION}/resourceGroups/other") == []


def test_a_principal_with_one_role_sees_one_subscription(door: Door) -> None:
    """A subscription where nothing was granted is not listed, though it is of the same tenant."""
    from localazure.authorization import assign_role
    from localazure.directory import create_principal

    who = create_principal(door.cloud, tenant_id=seed.TENANT_ID, name="app", managed_identity=False)
    assign_role(door.cloud, who.object_id, "Reader", GROUP)
    found = door.send("GET", f"{ARM}/subscriptions?api-version=2022-12-01", bearer=token(who)).body["value"]
    assert [subscription["subscriptionId"] for subscription in found] == [seed.SUBSCRIPTION_ID]
