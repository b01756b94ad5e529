"""The provider under the real engine: what others do to the key and the account, and import."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.keyvault.keys import KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction

from core import resource_types
from tests.provider.rig import ACCESS, CLEANUP, HSM_ROLE, REVOCATION, VERSION
from tests.provider.rig import CMK as BINDING
from tests.provider.world import World, environment_of
from tests.support import cloud
from tests.support.azure import running_azure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, World]]:
    """Stack `dev`, deployed once; every test leaves it with nothing to do."""
    with running_azure(tmp_path_factory.mktemp("engine-azure")) as azure, environment_of(azure):
        stack = Stack(tmp_path_factory.mktemp("engine") / "checkout", azure.env, policy_pack=False)
        run = stack.up()
        assert run.ok, run.output
        yield stack, World(azure)


def repaired(stack: Stack, world: World) -> None:
    """Runs the update and sees that it holds: bound as the outputs say, and nothing left to do."""
    run = stack.up()
    assert run.ok, run.output
    assert bound_key(stack, world) == stack.outputs()["keyUriWithVersion"]
    assert stack.proposed() == {}


def bound_key(stack: Stack, world: World) -> str | None:
    """The key that the account is really bound to."""
    return world.bound_key(account_id=stack.outputs()["accountId"])


def key_of(stack: Stack) -> tuple[str, str]:
    """The vault's and the key's name."""
    parts = stack.outputs()["keyUriWithVersion"].split("/")
    return parts[2].partition(".")[0], parts[4]


def test_a_rotation_is_one_update_of_the_version_and_one_of_the_binding(
    deployed: tuple[Stack, World],
) -> None:
    """A raised generation shows so in the preview, does so in the update, and leaves no moment unbound.

    The update runs at the highest verbosity: its log, and the state, hold no secret, token or key material.
    """
    stack, world = deployed
    secret, before = world.azure.env["ARM_CLIENT_SECRET"], bound_key(stack, world)
    stack.configure(key={"generation": 2})
    assert stack.proposed() == {VERSION: "update", BINDING: "update"}
    run = stack.deploy("-v=11", "--logtostderr", "--logflow")
    assert run.ok, run.output[-2000:]
    (last,) = json.loads(stack.pulumi("stack", "history", "--json", "--page-size", "1").output)
    assert {op: n for op, n in last["resourceChanges"].items() if op != "same"} == {"update": 2}
    account = stack.outputs()["accountId"]
    assert cloud.bound_keys(world.azure, account) == [before, bound_key(stack, world)]
    assert cloud.unbound_moments(world.azure, account) == []
    assert stack.proposed() == {}
    vault, key = key_of(stack)
    modulus = world.keys(vault).get_key(key).key.n  # type: ignore[attr-defined]
    written = run.output + json.dumps(stack.resources())
    assert "$azure-cmk:index:KeyVersion::" in run.output
    assert '"v":9' in run.output
    for hidden in (secret, "eyJ", "Bearer ", modulus.hex(), b64encode(modulus).decode()[:40]):
        assert hidden not in written


@pytest.mark.long
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
    assert stack.proposed() == {BINDING: "update"}
    repaired(stack, world)
    assert bound_key(stack, world) != before


@pytest.mark.long
def test_a_binding_to_another_version_out_of_band_is_put_right(deployed: tuple[Stack, World]) -> None:
    """Somebody binds an older version; the next preview proposes to bind the newest again."""
    stack, world = deployed
    _bind(stack, world, world.versions(*key_of(stack))[0])
    assert stack.proposed() == {BINDING: "update"}
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
    assert stack.proposed() == {}


def test_the_schema_can_be_had_from_the_plugin(deployed: tuple[Stack, World]) -> None:
    """`pulumi package get-schema ./provider` gives every resource and function, without an error."""
    stack, _ = deployed
    run = stack.pulumi("package", "get-schema", "./provider")
    assert run.ok, run.output
    text = run.output[run.output.index("{") :]
    schema = json.loads(text)
    assert set(schema["resources"]) == {
        *(BINDING, VERSION, ACCESS, REVOCATION, CLEANUP, HSM_ROLE, resource_types.DELETED_ACCOUNT_PURGE),
        resource_types.ACCESS_POLICY,
    }
    asked = ("Binding", "ClientConfig", "Deleted", "ManagedHsmKey")
    names = ("checkDeployment", *(f"get{what}" for what in asked))
    assert set(schema["functions"]) == {f"azure-cmk:index:{name}" for name in names}
    (stack.folder / "schema.json").write_text(text)
    # The same check that precedes every generated SDK.
    check = stack.pulumi("schema", "check", "schema.json")
    assert check.ok, check.output
    assert "Warning" not in check.output


@pytest.mark.long
def test_a_program_may_ask_in_a_preview_what_is_bound_and_what_is_deleted(
    deployed: tuple[Stack, World],
) -> None:
    """Both functions answer a program in its preview; of an account that is not there, nothing."""
    stack, world = deployed
    program, outputs = stack.folder / "__main__.py", stack.outputs()
    absent = outputs["accountId"].replace(outputs["accountName"], "absent")
    before = program.read_text()
    program.write_text(
        "from pulumi.runtime import invoke\n"
        "def ask(name, **args):\n"
        "    return invoke(f'azure-cmk:index:{name}', args).value or {}\n"
        f"bound = ask('getBinding', accountId='{outputs['accountId']}')['binding']\n"
        f"assert bound['keyUriWithVersion'] == '{outputs['keyUriWithVersion']}', bound\n"
        f"assert ask('getBinding', accountId='{absent}').get('binding') is None\n"
        f"assert ask('getDeleted', subscriptionId='{world.subscription}')['accounts'] == []\n"
    )
    run = stack.pulumi("preview", "--refresh=false")
    program.write_text(before)
    assert run.ok, run.output


@pytest.mark.long
def test_fails_to_rotate_the_key_of_an_account_that_was_unbound(deployed: tuple[Stack, World]) -> None:
    """The preview already says so, and what is to be done first. The account is left unbound."""
    stack, _ = deployed
    _bind(stack, deployed[1], None)
    stack.configure(key={"generation": 9})
    run = stack.pulumi("preview")
    assert not run.ok
    assert "account-is-on-the-key: the account is on Microsoft-managed keys" in run.output
    assert "bind it first, by `pulumi up --refresh` with generation as it was, " in run.output


def _bind(stack: Stack, world: World, version: str | None) -> None:
    outputs = stack.outputs()
    unversioned = outputs["keyUriWithVersion"].rpartition("/")[0]
    world.bind(f"{unversioned}/{version}" if version else None, outputs["accountId"])
