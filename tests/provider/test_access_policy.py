"""The resource for one entry of a vault's access policies, at the local Azure; azure-native's states too."""

from __future__ import annotations

from typing import Any

import pytest

from core.resource_types import ACCESS_POLICY
from localazure import seed
from provider.azure import Azure
from tests.provider.rig import Engine, engine, refused
from tests.support.in_process import Wire, in_process_client
from tests.support.local_deployment import LOGIN, Deployment

WHO, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
GROUP = f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-policies"
ID = f"{VAULT}/accessPolicy/{WHO}"
PLACE = {
    "subscriptionId": seed.SUBSCRIPTION_ID,
    "resourceGroupName": "rg",
    "vaultName": "kv-policies",
}
NEEDED = ["get", "wrapKey", "unwrapKey"]


def policy(keys: list[str], who: str = WHO, **more: Any) -> dict[str, Any]:
    return {"tenantId": seed.TENANT_ID, "objectId": who, "permissions": {"keys": keys, **more}}


INPUTS = {**PLACE, "policy": policy(NEEDED)}


@pytest.fixture
def cloud() -> Deployment:
    """A vault in which another identity may use keys."""
    made = Deployment()
    made.arm("PUT", GROUP, {"location": "westeurope"})
    properties = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": False,
        "accessPolicies": [policy(NEEDED, OTHER)],
    }
    made.arm("PUT", VAULT, {"location": "westeurope", "properties": properties}, api="2026-02-01")
    return made


@pytest.fixture
async def pulumi(cloud: Deployment) -> Engine:
    return await engine(Azure(in_process_client(LOGIN, Wire(cloud.door))))


def write(cloud: Deployment, kind: str, entry: dict[str, Any]) -> None:
    """Somebody else adds, replaces or removes an entry."""
    body = {"properties": {"accessPolicies": [entry]}}
    cloud.arm("PUT", f"{VAULT}/accessPolicies/{kind}", body, api="2026-02-01")


def entries(cloud: Deployment) -> dict[str, Any]:
    """The vault's entries by their identities."""
    body = cloud.arm("GET", VAULT, api="2026-02-01").body
    return {one["objectId"]: one["permissions"] for one in body["properties"]["accessPolicies"]}


async def test_an_entry_is_made_changed_and_removed(cloud: Deployment, pulumi: Engine) -> None:
    """Beside those of others, which stay; a destroy of a vault that is gone has nothing to do."""
    id, made = await pulumi.create(ACCESS_POLICY, INPUTS)
    assert (id, made.values) == (ID, INPUTS)
    assert entries(cloud)[WHO] == {"keys": NEEDED}
    news = {**PLACE, "policy": policy(["get"])}
    await pulumi.update(ACCESS_POLICY, id, made.values, INPUTS, news)
    assert entries(cloud)[WHO] == {"keys": ["get"]}
    await pulumi.delete(ACCESS_POLICY, id, news)
    assert [*entries(cloud)] == [OTHER]
    cloud.arm("DELETE", VAULT, api="2026-02-01")
    await pulumi.delete(ACCESS_POLICY, id, news)
    assert (await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values))[0] == ""


EXISTS = f'cannot create already existing resource "{VAULT}/accessPolicy/{OTHER}"'


async def test_fails_on_an_entry_that_exists(cloud: Deployment, pulumi: Engine) -> None:
    """Somebody else made it, and may delete it. The words are azure-native's, whose explanation says how to
    take it over."""
    await refused(pulumi.create(ACCESS_POLICY, {**PLACE, "policy": policy(NEEDED, OTHER)}), EXISTS)
    assert entries(cloud) == {OTHER: {"keys": NEEDED}}


@pytest.mark.parametrize("stale", [False, True])
async def test_what_a_kill_left_is_taken_over(cloud: Deployment, pulumi: Engine, stale: bool) -> None:
    """If it is just what is declared. It is written all the same, because a read may show what is gone."""
    declared = policy([one.upper() for one in NEEDED], OTHER)
    inputs = {**PLACE, "policy": declared, "takesOver": True}
    if stale:
        cloud.door.cloud.behave(read_lag_seconds=30.0)
        write(cloud, "remove", policy(NEEDED, OTHER))
    id, _ = await pulumi.create(ACCESS_POLICY, inputs)
    assert id == f"{VAULT}/accessPolicy/{OTHER}"
    await refused(pulumi.create(ACCESS_POLICY, {**inputs, "policy": policy(["get"], OTHER)}), EXISTS)
    cloud.door.cloud.behave(read_lag_seconds=0.0)
    assert entries(cloud)[OTHER] == declared["permissions"]


async def test_what_others_change_is_seen(cloud: Deployment, pulumi: Engine) -> None:
    """More permissions, of keys or of anything else, and an entry that is gone; not another spelling."""
    id, made = await pulumi.create(ACCESS_POLICY, INPUTS)
    for found, expected in (
        (policy(["WrapKey", "Get", "unwrapkey"], secrets=[]), INPUTS["policy"]),
        (policy([*NEEDED, "delete"]), policy([*NEEDED, "delete"])),
        (policy(NEEDED, secrets=["get"]), policy(NEEDED, secrets=["get"])),
    ):
        write(cloud, "replace", found)
        _, read, _ = await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values)
        assert read.values == {**PLACE, "policy": expected}
    write(cloud, "remove", policy(NEEDED, secrets=["get"]))
    assert (await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values))[0] == ""


async def test_an_import_comes_with_the_id_alone(cloud: Deployment, pulumi: Engine) -> None:
    """Its inputs are then those that a program states, so that it proposes no change."""
    write(cloud, "add", policy(NEEDED))
    _, outputs, inputs = await pulumi.read(ACCESS_POLICY, ID)
    assert await pulumi.diff(ACCESS_POLICY, outputs.values, inputs.values, INPUTS) == {}


async def test_one_answer_that_it_is_gone_is_not_believed(cloud: Deployment, pulumi: Engine) -> None:
    """A read of Azure may be late."""
    id, made = await pulumi.create(ACCESS_POLICY, INPUTS)
    cloud.door.cloud.behave(read_lag_seconds=5.0, lagging_reads="every_other")
    assert (await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values))[0] == ID
