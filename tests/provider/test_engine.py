"""The provider under the real engine: what others do to the key and the account, and import."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.keys import KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction

from tests.provider.world import World, environment_of
from tests.support.azure import running_azure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

BINDING, VERSION = "azure-cmk:index:CustomerManagedKey", "azure-cmk:index:KeyVersion"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, World]]:
    """Stack `dev`, deployed once; every test leaves it with nothing to do."""
    with running_azure(tmp_path_factory.mktemp("engine-azure")) as azure, environment_of(azure):
        stack = Stack(tmp_path_factory.mktemp("engine") / "checkout", azure.env, policy_pack=False)
        run = stack.up()
        assert run.ok, run.output
        yield stack, World(azure)


def proposed(stack: Stack) -> dict[str, str]:
    """What a preview would do: the operation by resource type, without what stays the same."""
    run = stack.pulumi("preview", "--json")
    assert run.ok, run.output
    steps: list[dict[str, Any]] = json.loads(run.output[run.output.index("{") :])["steps"]
    changes = {step["urn"].split("::")[2].rsplit("$", 1)[-1]: step["op"] for step in steps}
    return {type: op for type, op in changes.items() if op not in ("same", "refresh")}


def repaired(stack: Stack, world: World) -> None:
    """Runs the update and sees that it holds: bound as the outputs say, and nothing left to do."""
    run = stack.up()
    assert run.ok, run.output
    assert bound_key(stack, world) == stack.outputs()["keyUriWithVersion"]
    assert proposed(stack) == {}


def bound_key(stack: Stack, world: World) -> str:
    """The key that the account is really bound to, read with Azure's own client."""
    outputs = stack.outputs()
    account = world.accounts.accounts.get(outputs["resourceGroupName"], outputs["accountName"])
    key = account.properties.encryption.key_vault_properties
    return f"{key.key_vault_uri.rstrip('/')}/keys/{key.key_name}/{key.key_version}"


def key_of(stack: Stack) -> tuple[str, str]:
    """The vault's and the key's name."""
    parts = stack.outputs()["keyUriWithVersion"].split("/")
    return parts[2].partition(".")[0], parts[4]


def test_a_rotation_by_the_vaults_own_policy_shows_in_the_next_preview(
    deployed: tuple[Stack, World],
) -> None:
    """The vault rotates by itself; the next preview proposes to bind the new version, and nothing else."""
    stack, world = deployed
    vault, key = key_of(stack)
    rotate = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P30D")
    policy = KeyRotationPolicy(lifetime_actions=[rotate], expires_in="P1Y")
    operator = world.key_operator(stack.outputs()["resourceGroupName"], vault)
    operator.update_key_rotation_policy(key, policy)
    world.azure.control("/clock", {"advance": 31 * 86400})
    before = bound_key(stack, world)
    assert proposed(stack) == {BINDING: "update"}
    repaired(stack, world)
    assert bound_key(stack, world) != before


def test_a_binding_to_another_version_out_of_band_is_put_right(deployed: tuple[Stack, World]) -> None:
    """Somebody binds an older version; the next preview proposes to bind the newest again."""
    stack, world = deployed
    _bind(stack, world, world.versions(*key_of(stack))[0])
    assert proposed(stack) == {BINDING: "update"}
    repaired(stack, world)


def test_an_account_bound_elsewhere_imports_without_a_difference(
    deployed: tuple[Stack, World], tmp_path: Path
) -> None:
    """A binding that the state does not know is imported by the account's id, and there is nothing to do."""
    stack, _ = deployed
    (found,) = [resource for resource in stack.resources() if resource["type"] == BINDING]
    run = stack.pulumi("state", "delete", found["urn"], "--yes", "--force")
    assert run.ok, run.output
    name = found["urn"].rpartition("::")[2]
    options = ("--parent", f"binding={found['parent']}", "--generate-code=false", "--protect=false", "--yes")
    run = stack.pulumi("import", BINDING, name, stack.outputs()["accountId"], *options)
    assert run.ok, run.output
    assert proposed(stack) == {}


def test_the_schema_can_be_had_from_the_plugin(deployed: tuple[Stack, World]) -> None:
    """`pulumi package get-schema ./provider` gives every resource and function."""
    stack, _ = deployed
    run = stack.pulumi("package", "get-schema", "./provider")
    assert run.ok, run.output
    schema = json.loads(run.output[run.output.index("{") :])
    assert set(schema["resources"]) == {BINDING, VERSION}
    assert set(schema["functions"]) == {"azure-cmk:index:getBinding", "azure-cmk:index:getDeleted"}


def _bind(stack: Stack, world: World, version: str) -> None:
    outputs = stack.outputs()
    vault, key = key_of(stack)
    world.bind(version, outputs["resourceGroupName"], outputs["accountName"], vault, key)
