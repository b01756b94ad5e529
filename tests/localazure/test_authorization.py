"""Azure RBAC: roles, scope inheritance, delays, and the role assignment routes with their observed texts."""

from __future__ import annotations

import uuid

import pytest

from localazure import seed
from localazure.arm import place_of
from localazure.authorization import allows, allows_data, assign_role
from localazure.cloud import Cloud
from localazure.directory import create_principal, delete_principal
from localazure.roles import BY_NAME, ROLES
from tests.localazure.observed.fact import vault_body
from tests.support.front import SUBSCRIPTION, Door, Reply, token

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"
KEY = f"{VAULT}/keys/k"
EVERYBODY = "00000000-0000-0000-0000-000000000000"
WRAP = "Microsoft.KeyVault/vaults/keys/wrap/action"


def _definition(name: str) -> str:
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{BY_NAME[name].id}"


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("Owner", "Microsoft.Authorization/roleAssignments/write", True),
        ("Contributor", "Microsoft.KeyVault/vaults/write", True),
        ("Contributor", "microsoft.authorization/roleassignments/WRITE", False),
        ("Reader", "Microsoft.KeyVault/vaults/read", True),
        ("Reader", "Microsoft.KeyVault/vaults/write", False),
        ("Reader", "Microsoft.CognitiveServices/accounts/listKeys/action", False),
        ("User Access Administrator", "Microsoft.Authorization/roleAssignments/write", True),
        ("User Access Administrator", "Microsoft.KeyVault/vaults/write", False),
        ("Cognitive Services User", "Microsoft.CognitiveServices/accounts/listKeys/action", True),
        ("Cognitive Services Contributor", "Microsoft.CognitiveServices/accounts/write", True),
        ("Key Vault Contributor", "Microsoft.KeyVault/locations/deletedVaults/purge/action", False),
        ("Key Vault Administrator", "Microsoft.KeyVault/vaults/write", False),
    ],
)
def test_a_role_allows_its_actions_and_no_other(role: str, action: str, allowed: bool) -> None:
    """Wildcards match across slashes and case, and notActions win."""
    assert BY_NAME[role].allows(action) is allowed


@pytest.mark.parametrize(
    ("role", "data_action", "allowed"),
    [
        ("Key Vault Crypto Service Encryption User", WRAP, True),
        ("Key Vault Crypto Service Encryption User", "Microsoft.KeyVault/vaults/keys/unwrap/action", True),
        ("Key Vault Crypto Service Encryption User", "Microsoft.KeyVault/vaults/keys/encrypt/action", False),
        ("Key Vault Crypto Officer", "Microsoft.KeyVault/vaults/keys/rotate/action", True),
        ("Key Vault Crypto Officer", "Microsoft.KeyVault/vaults/secrets/getSecret/action", False),
        ("Key Vault Reader", "Microsoft.KeyVault/vaults/keys/read", True),
        ("Owner", WRAP, False),
        ("Reader", "Microsoft.KeyVault/vaults/keys/read", False),
    ],
)
def test_data_actions_are_not_actions(role: str, data_action: str, allowed: bool) -> None:
    """An owner of a vault may not use its keys: only data actions count at the data plane."""
    assert BY_NAME[role].allows_data(data_action) is allowed


def test_no_role_is_listed_twice() -> None:
    """Ids and names are unique, and ids are GUIDs in lower case."""
    ids = [role.id for role in ROLES]
    assert len(set(ids)) == len({role.name for role in ROLES}) == len(ROLES)
    assert ids == [str(uuid.UUID(id)) for id in ids]


def test_a_grant_counts_at_its_scope_and_below() -> None:
    """A grant at a group reaches the keys in it, not its neighbours or a group whose name it begins."""
    cloud = Cloud()
    who = create_principal(cloud, tenant_id=seed.TENANT_ID, name="app").object_id
    grant = assign_role(cloud, who, "Key Vault Crypto Service Encryption User", GROUP)
    assert allows_data(cloud, who, WRAP, KEY) == grant["id"]
    assert allows_data(cloud, who, WRAP, KEY.upper()) == grant["id"]
    assert allows_data(cloud, who, WRAP, KEY.replace("/g/", "/gg/")) is None
    assert allows_data(cloud, who, WRAP, SUBSCRIPTION) is None
    assert allows_data(cloud, "somebody-else", WRAP, KEY) is None


def test_a_grant_at_a_key_ends_at_that_key() -> None:
    """Key scope gives nothing on the vault's other keys."""
    cloud = Cloud()
    who = create_principal(cloud, tenant_id=seed.TENANT_ID, name="app").object_id
    assign_role(cloud, who, "Key Vault Crypto User", KEY)
    assert allows_data(cloud, who, WRAP, KEY)
    assert allows_data(cloud, who, WRAP, f"{KEY}2") is None
    assert allows_data(cloud, who, WRAP, VAULT) is None


def test_a_principal_that_is_gone_is_allowed_nothing() -> None:
    """The grants of a deleted identity stay behind and open nothing."""
    cloud = Cloud()
    who = create_principal(cloud, tenant_id=seed.TENANT_ID, name="app").object_id
    assign_role(cloud, who, "Owner", SUBSCRIPTION)
    delete_principal(cloud, who)
    assert not allows(cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/subscriptions/S", "/subscriptions/S"),
        ("/subscriptions/S/resourceGroups", "/subscriptions/S"),
        ("/subscriptions/S/resourceGroups/G", "/subscriptions/S/resourceGroups/G"),
        ("/subscriptions/S/resourceGroups/a%20b", "/subscriptions/S/resourceGroups/a b"),
        ("/subscriptions/S/providers/N", "/subscriptions/S"),
        ("/subscriptions/S/providers/N/t", "/subscriptions/S"),
        ("/subscriptions/S/providers/N/t/x", "/subscriptions/S/providers/N/t/x"),
        ("/subscriptions/S/providers/N/t/x/listKeys", "/subscriptions/S/providers/N/t/x"),
        ("/subscriptions/S/providers/N/t/x/u/y", "/subscriptions/S/providers/N/t/x/u/y"),
        (
            "/subscriptions/S/providers/N/t/x/providers/M/v/z",
            "/subscriptions/S/providers/N/t/x/providers/M/v/z",
        ),
        ("/subscriptions/S/providers/N/t/x/providers/M/v", "/subscriptions/S/providers/N/t/x"),
    ],
)
def test_permissions_are_checked_at_the_resource(path: str, scope: str) -> None:
    """A collection is checked where it hangs, an action at its resource, as ARM does."""
    assert place_of(path).scope == scope


class TestAssignments:
    """Microsoft.Authorization/roleAssignments, at a resource group."""

    def put(
        self, door: Door, principal_id: str, *, name: str = "", role: str = "Reader", **more: object
    ) -> Reply:
        body = {"properties": {"roleDefinitionId": _definition(role), "principalId": principal_id, **more}}
        name = name or str(uuid.uuid4())
        url = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01"
        return door.send("PUT", f"https://management.azure.com{url}", body)

    def identity(self, door: Door) -> str:
        return create_principal(door.cloud, tenant_id=seed.TENANT_ID, name="app").object_id

    def test_an_assignment_counts_until_it_is_deleted(self, door: Door) -> None:
        """At once, and at what is below its scope."""
        who = self.identity(door)
        url = self.put(door, who).body["id"]
        assert allows(door.cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)
        assert [door.send("DELETE", url).status for _ in range(2)] == [200, 204]
        assert not allows(door.cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)

    def test_an_assignment_cannot_change_its_principal(self, door: Door) -> None:
        """A name keeps its principal and its role."""
        name = str(uuid.uuid4())
        self.put(door, self.identity(door), name=name)
        reply = self.put(door, self.identity(door), name=name)
        assert (reply.status, reply.code) == (400, "RoleAssignmentUpdateNotPermitted")

    def test_a_grant_takes_its_time_to_count(self, door: Door) -> None:
        """An assignment is listed at once and counts after the propagation delay."""
        door.cloud.behave(grant_delay_seconds=300)
        who = self.identity(door)
        assert self.put(door, who).status == 201
        assert not allows(door.cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)
        door.cloud.clock.advance(301)
        assert allows(door.cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)

    def test_fails_for_an_unknown_role(self, door: Door) -> None:
        """A role that is not defined cannot be granted."""
        url = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        who = self.identity(door)
        body = {"properties": {"roleDefinitionId": f"/x/{uuid.uuid4()}", "principalId": who}}
        reply = door.send("PUT", url, body)
        assert (reply.status, reply.code) == (404, "RoleDefinitionDoesNotExist")

    def test_fails_for_a_contributor(self, door: Door) -> None:
        """Who may write everything but grants may not grant."""
        who = create_principal(door.cloud, tenant_id=seed.TENANT_ID, name="app", managed_identity=False)
        assign_role(door.cloud, who.object_id, "Contributor", SUBSCRIPTION)
        url = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        body = {"properties": {"roleDefinitionId": _definition("Owner"), "principalId": who.object_id}}
        assert door.send("PUT", url, body, bearer=token(who)).code == "AuthorizationFailed"

    def test_a_groups_grants_go_with_the_group(self, door: Door) -> None:
        """Nothing that was granted in a deleted group comes back with a new group of its name."""
        who = self.identity(door)
        self.put(door, who)
        door.send("DELETE", GROUP)
        assert door.send("HEAD", GROUP).status == 204
        assert door.send("HEAD", GROUP).status == 404
        door.group("g")
        assert not allows(door.cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)


@pytest.mark.parametrize(
    ("properties", "allowed"),
    [
        ({"permissions": [{"actions": ["*/write"]}], "principals": [{"id": EVERYBODY}]}, False),
        ({"permissions": [{"actions": ["*/write"]}], "principals": [{"id": seed.READER.object_id}]}, True),
        (
            {"permissions": [{"actions": ["*"], "notActions": ["*/tags/write", "*/groups/write"]}]}
            | {"principals": [{"id": EVERYBODY}], "excludePrincipals": [{"id": seed.DEPLOYER.object_id}]},
            True,
        ),
        ({"permissions": [{"dataActions": ["*"]}], "principals": [{"id": EVERYBODY}]}, True),
    ],
    ids=["everybody", "somebody else", "not the caller", "data alone"],
)
def test_a_deny_assignment_wins(properties: dict[str, object], allowed: bool) -> None:
    """Over every role, at its scope and below, until it is deleted."""
    door = Door()
    group, api = door.group(), "api-version=2024-07-01-preview"
    url = f"{group}/providers/Microsoft.Authorization/denyAssignments/d?{api}"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-denied"
    assert door.send("PUT", url, {"properties": properties}).status == 201
    listed = f"{vault}/providers/Microsoft.Authorization/denyAssignments?{api}"
    assert [one["name"] for one in door.send("GET", listed).body["value"]] == ["d"]
    write = door.send("PUT", f"{vault}?api-version=2024-11-01", vault_body())
    assert (write.status == 200) is allowed, write
    if not allowed:
        assert write.code == "AuthorizationFailed"
    assert door.send("DELETE", url).status == 200
    assert door.send("GET", url).code == "DenyAssignmentNotFound"
    assert door.send("PUT", f"{vault}?api-version=2024-11-01", vault_body()).status in (200, 201)


def test_a_custom_role_counts_like_a_built_in_one() -> None:
    """Made, granted, listed by its type, changed, and kept while somebody has it."""
    name = str(uuid.uuid4())
    id = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{name}?api-version=2022-04-01"

    def body(*actions: str) -> dict[str, object]:
        role = {"roleName": "Reads vaults", "permissions": [{"actions": list(actions)}]}
        return {"properties": {**role, "assignableScopes": [SUBSCRIPTION]}}

    door = Door()
    assert door.send("PUT", id, body()).status == 201
    cloud = door.cloud
    who = create_principal(cloud, tenant_id=seed.TENANT_ID, name="p", managed_identity=False).object_id
    assign_role(cloud, who, "Reads vaults", GROUP)
    assert not allows(cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)
    door.send("PUT", id, body("Microsoft.KeyVault/vaults/read"))
    assert allows(cloud, who, "Microsoft.KeyVault/vaults/read", VAULT)
    every = id.rsplit("/", 1)[0]
    listed = door.send("GET", f"{every}?api-version=2022-04-01&$filter=type eq 'CustomRole'").body["value"]
    assert [role["name"] for role in listed] == [name]
    assert door.send("DELETE", id).status == 400
    assert door.send("PUT", id.replace(name, str(uuid.uuid4())), body()).status == 409
