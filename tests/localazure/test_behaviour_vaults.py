"""The switches about Key Vault and role assignments, each shown in the answers."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from localazure import seed
from localazure.authorization import assign_role
from localazure.directory import create_principal
from localazure.roles import BY_NAME
from localazure.store import Store
from tests.localazure.driver import GROUP, OWNER, VAULT, Case, error, policy, vault_body
from tests.support.azure import RunningAzure
from tests.support.front import SUBSCRIPTION, Door

KEY = f"{VAULT}/keys/k"
RSA: Any = {"properties": {"kty": "RSA"}}


class StillClock:
    """The cloud's time, moved by hand alone."""

    def __init__(self, store: Store) -> None:
        self.seconds = 1_800_000_000.0

    def now(self) -> float:
        return self.seconds


def test_a_write_that_overlaps_another_on_its_vault_is_a_conflict(vault: Case) -> None:
    """`vault_write_seconds`: a write that arrives while one is in flight is refused with users' words."""
    clock = StillClock(vault.cloud.store)
    vault.cloud.clock = clock  # type: ignore[assignment]
    vault.cloud.behave(vault_write_seconds=0.5)
    first = vault.arm("PUT", KEY, RSA)
    assert (first.status, first.seconds) == (200, 0.5)
    policies = {"properties": {"accessPolicies": [policy(OWNER, "all")]}}
    writes = [
        ("PUT", f"{VAULT}/keys/other", RSA),
        ("PUT", f"{VAULT}/accessPolicies/replace", policies),
        ("PATCH", VAULT, {"tags": {"a": "b"}}),
        ("PUT", VAULT, vault_body()),
        ("DELETE", VAULT, None),
    ]
    for write in writes:
        refused = vault.arm(*write)
        assert error(refused) == (409, "ConflictError")
        assert "changed from the point the operation began" in refused.body["error"]["message"]
    assert vault.arm("GET", VAULT).status == 200
    assert (
        vault.arm("PUT", f"{GROUP}/providers/Microsoft.KeyVault/vaults/other-1", vault_body()).status == 200
    )
    clock.seconds += 0.5
    assert vault.arm(*writes[1]).status == 200


def test_writes_one_after_another_never_conflict_over_the_wire(azure: RunningAzure) -> None:
    """On sockets the first answer comes after its time in flight; of two at once, one is refused."""
    credential = DefaultAzureCredential()
    group, name = f"flight-{uuid.uuid4().hex[:6]}", f"flight-{uuid.uuid4().hex[:8]}"
    resources = ResourceManagementClient(credential, seed.SUBSCRIPTION_ID)
    resources.resource_groups.create_or_update(group, {"location": "westeurope"})
    client = KeyVaultManagementClient(credential, seed.SUBSCRIPTION_ID, retry_total=0)
    vault: Any = vault_body(accessPolicies=[])
    client.vaults.begin_create_or_update(group, name, vault, polling_interval=0).result(timeout=30)

    def put(key: str) -> int:
        try:
            client.keys.create_if_not_exist(group, name, key, RSA)
        except HttpResponseError as error:
            return int(error.status_code or 0)
        return 200

    azure.control("/behaviour", {"vault_write_seconds": 0.4})
    try:
        started = time.monotonic()
        assert [put("a"), put("b")] == [200, 200]
        assert time.monotonic() - started >= 0.8
        # Long enough for both requests to be on their way, however slow the machine is.
        azure.control("/behaviour", {"vault_write_seconds": 5.0})
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(put, "cd")) == [200, 409]
    finally:
        azure.control("/behaviour", {"vault_write_seconds": 0.0})


def test_arm_may_refuse_keys_to_whoever_has_no_role_on_the_data(case: Case) -> None:
    """`arm_keys_need_data_role`: in an RBAC vault, and in no other, GET, list and PUT of keys are 400
    ForbiddenByRbac; reading needs keys/read, making keys/create/action."""
    case.make_vault()
    case.cloud.behave(arm_keys_need_data_role=True)
    assert case.arm("PUT", KEY, RSA).status == 200
    case.arm("PATCH", VAULT, {"properties": {"enableRbacAuthorization": True}})
    requests = [
        ("PUT", KEY, RSA),
        *(("GET", path, None) for path in (KEY, f"{VAULT}/keys", f"{KEY}/versions")),
    ]
    for request in requests:
        refused = case.arm(*request)
        assert error(refused) == (400, "ForbiddenByRbac")
        assert "Caller: name=KeyVault/ManagementPlane;appid=" in refused.message
        assert "Action: 'Microsoft.KeyVault/vaults/keys/read'" in refused.message
    assign_role(case.cloud, OWNER.object_id, "Key Vault Crypto Service Encryption User", VAULT)
    refused = case.arm("PUT", f"{KEY}2", RSA)
    assert error(refused) == (400, "ForbiddenByRbac")
    assert "Action: 'Microsoft.KeyVault/vaults/keys/create/action'" in refused.message
    assign_role(case.cloud, OWNER.object_id, "Key Vault Crypto Officer", VAULT)
    assert [case.arm(*request).status for request in requests] == [200] * 4


@pytest.mark.parametrize(
    ("type", "mode", "status"),
    [
        (None, "believed", 400),
        ("ServicePrincipal", "believed", 201),
        ("ServicePrincipal", "checked", 400),
    ],
)
def test_a_new_principal_is_unknown_for_a_while(type: str | None, mode: str, status: int) -> None:
    """`principals_visible_after` and `principal_type`: PrincipalNotFound until then, named type or not."""
    door = Door()
    door.cloud.behave(principals_visible_after=20, principal_type=mode)
    principal = create_principal(door.cloud, tenant_id=seed.TENANT_ID, name="fresh")
    assert assigned(door, principal.object_id, type) == status
    door.cloud.clock.advance(21)
    assert assigned(door, principal.object_id, type) == (201 if status == 400 else 200)


def assigned(door: Door, object_id: str, type: str | None) -> int:
    provider = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"
    role = f"{provider}/roleDefinitions/{BY_NAME['Reader'].id}"
    properties = {"roleDefinitionId": role, "principalId": object_id}
    path = f"{provider}/roleAssignments/11111111-1111-4111-8111-111111111111"
    sent = {"properties": {**properties, **({"principalType": type} if type else {})}}
    return door.send("PUT", path, sent).status
