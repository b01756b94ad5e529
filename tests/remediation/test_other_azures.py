"""An Azure whose vaults do not trust the service, that takes keys from fewer vaults, or validates less."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from unittest.mock import patch

import pulumi
import pytest

from components import azure_failures, component
from core.refusals import POLICIES_ONLY
from core.resource_types import ACCOUNT
from core.roles import CRYPTO_USER
from localazure import limits
from localazure.behaviour import SWITCHES
from localazure.keyvault.access import SERVICE_ADDRESS
from tests.remediation.following import Way
from tests.remediation.test_ways_out import disabled
from tests.remediation.world import (
    EXISTING_VAULT,
    MICROSOFT,
    World,
    bound_version_expires,
    standing,
    tags,
)
from tests.support.az import carry_out
from tests.support.front import ARM

RBAC, OPEN = {"access_model": "rbac"}, {"network": {"access": "open"}}
UNTRUSTED = {"trusted_services_reach_vault": False}
NO_RBAC = {"cmk_with_rbac_vault": "refused"}
SET = "accessModel: accessPolicy"
WORDINGS = next(switch.values for switch in SWITCHES if switch.name == "missing_grant")
EACH_WORDING = [WORDINGS[0], *(pytest.param(one, marks=pytest.mark.long) for one in WORDINGS[1:])]
NOT_TRUSTED = "Key Vault does not count the service among them"


def refused(
    mode: str, settings: Mapping[str, Any], says: str, switches: Mapping[str, Any], **vault: Any
) -> tuple[World, str]:
    """A service in another Azure, whose first update is refused, and what that said. `vault` is what the
    owner of another team's vault has set."""
    world = World(mode, settings=dict(settings))
    world.wire.door.cloud.behave(**switches)
    if vault:
        world.arm("PATCH", world.vault_id, {"properties": vault})
    said = world.up()
    if says not in said and "run the same command again" in said.lower():
        said = world.up()
    assert says in said
    # Where an operation fails later, the account shows the key that it does not get.
    assert not world.is_bound or switches.get("missing_grant") == "fails_later"
    return world, said


def test_the_service_is_let_in_by_the_address_that_the_refusal_names() -> None:
    """Nobody else is."""
    network = {"access": "selected", "allowed_ip_ranges": ["8.8.8.8"]}
    world, said = refused("access policies", {"network": network}, NOT_TRUSTED, UNTRUSTED)
    assert "--bypass" not in said
    assert "list the service's addresses in network.allowedIpRanges" in said
    assert f"Client address: {SERVICE_ADDRESS}" in said
    world.must_up(network={**network, "allowed_ip_ranges": ["8.8.8.8", SERVICE_ADDRESS]})
    assert world.readable


@pytest.mark.parametrize(
    ("vault", "settings", "says", "switches"),
    [
        ({"publicNetworkAccess": "Disabled"}, OPEN, NOT_TRUSTED, UNTRUSTED),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, OPEN, NOT_TRUSTED, UNTRUSTED),
        ({"enableRbacAuthorization": True}, RBAC, POLICIES_ONLY, NO_RBAC),
    ],
    ids=["closed", "selected", "Azure RBAC"],
)
def test_a_vault_of_others_is_changed_by_the_command_that_is_printed(
    vault: dict[str, Any], settings: dict[str, Any], says: str, switches: dict[str, Any]
) -> None:
    """By the one command, as it stands, before the setting is."""
    world, said = refused(EXISTING_VAULT, settings, says, switches, **vault)
    command = said[said.index("`az keyvault ") + 1 :]
    assert carry_out(world.wire.door, command[: command.index("`")]) == 1
    if settings == RBAC:
        world.set(*SET.split(": "))
    assert world.up() == ""
    assert world.readable


@pytest.mark.parametrize("wording", EACH_WORDING)
@pytest.mark.parametrize("identity", ["systemAssigned", "userAssigned"])
def test_a_vault_made_here_goes_by_access_policies(identity: str, wording: str) -> None:
    """However Azure words it, and whichever identity uses the key: the vault and its key stay."""
    settings = {**RBAC, "identity": identity}
    switches = {**NO_RBAC, "missing_grant": wording}
    world, said = refused("access policies", settings, POLICIES_ONLY, switches)
    key = world.versions()
    way = Way(world)
    way.follow(said)
    assert SET in way.steps
    assert world.versions() == key
    assert world.readable
    assert world.up() == ""


def test_a_foundry_account_gets_the_role_of_its_page_where_the_narrower_one_is_not_enough() -> None:
    """By the command that is printed; the role that the stack gives stays, and the key's vault as it is."""
    world = World("Azure RBAC", settings={"kind": "AIServices"})
    world.wire.door.cloud.behave(foundry_key_role="crypto_user")
    said = world.up()
    assert not world.is_bound
    command = said[said.index("az role assignment create") :].splitlines()[0]
    assert f'--role "{CRYPTO_USER.name}"' in command
    assert carry_out(world.wire.door, command) == 1
    assert world.up() == ""
    assert world.readable
    assert world.up() == ""


@pytest.mark.parametrize("keeps", ["all", "none"])
def test_a_create_that_fails_after_azure_took_it_leaves_the_account_in_the_state(keeps: str) -> None:
    """It is not made a second time, which azure-native refuses, so that nobody would have it; also where
    Azure keeps nothing of it. The same update again finishes it."""
    world = World("user-assigned identity")
    late = {"missing_grant": "fails_later", "grant_delay_seconds": 1200.0, "failed_operations_keep": keeps}
    world.wire.door.cloud.behave(**late)
    said = world.up()
    assert "AccessPolicyNotConfiguredForKeyVault" in said
    assert "already existing" not in said
    assert world.account_id
    world.wire.sleep(1200.0)
    assert world.up() == ""
    assert world.readable


@pytest.mark.parametrize("newer", ["", "pinned", "rotated"])
@pytest.mark.parametrize("how", [disabled, bound_version_expires])
def test_no_update_waits_for_a_version_that_was_read_as_unusable(
    how: Callable[[World], None], newer: str
) -> None:
    """The preview refuses it, as the update does, at once: no wait makes Azure use the version. Also where
    the key has a `newer` version, and the account is pinned to its own, or is to follow. What writes nothing
    of the account goes on."""
    world = standing("access policies", vault={"key_operators": ["deployer"]})
    if newer == "pinned":
        world.must_up(key={"pin": world.bound_version})
    if newer:
        world.rotate("cmk-claims")
    how(world)
    if newer != "rotated":
        assert world.up() == ""
    world.declare({"tags": {"owner": "night"}})
    refusal = "Azure refuses every write of an account whose key it cannot use"
    assert refusal in world.preview()
    began = world.wire.now()
    assert refusal in world.up()
    assert world.wire.now() - began < 60.0
    if how is bound_version_expires and not newer:
        del world.settings["tags"]
        world.must_up(key={"generation": 2})


def test_an_account_in_the_middle_of_another_change_is_waited_for() -> None:
    """Somebody else's change takes a minute and a half; the wait says for what, and until when."""
    world = standing("access policies")
    world.wire.door.cloud.behave(operation_seconds=92.0)
    url = f"{ARM}{world.account_id}?api-version=2025-06-01"
    assert world.session.send("PATCH", url, {"tags": {"owner": "somebody"}}).status == 202
    world.must_up(tags={"owner": "night"})
    assert tags(world) == "night"
    (first, *_) = [note for note in world.engine.notes if "waiting" in note]
    assert re.search(r"waiting for another change in Azure to end, until \d\d:\d\d UTC at the latest", first)


@pytest.mark.parametrize("refreshes", [False, True])
def test_an_account_whose_update_was_tried_again_is_proposed_once_more(*, refreshes: bool) -> None:
    """The engine keeps the errors of the first try (tests/support/engine.py). The next update, or a refresh,
    leaves nothing to do."""
    world = standing("user-assigned identity")
    cloud = world.wire.door.cloud
    cloud.behave(failing_operations="AccessPolicyNotConfiguredForKeyVault")

    def access_counts_now(tries: int) -> float:
        cloud.behave(failing_operations="")
        return 0.0

    with patch.object(azure_failures, "_pause", access_counts_now):
        assert f"update {ACCOUNT} (tags)" in world.must_up(tags={"owner": "night"})
    if refreshes:
        world.refresh()
    else:
        assert world.must_up() == [f"update {ACCOUNT} (failed before)"]
    assert world.must_up() == []
    assert tags(world) == "night"
    assert world.unbound_moments(1) == []


def adding(
    args: pulumi.ResourceTransformationArgs, **more: Any
) -> pulumi.ResourceTransformationResult | None:
    """A transformation of the program's that changes properties of the account."""
    if args.type_ != ACCOUNT:
        return None
    properties: Any = args.props["properties"]
    props = {**args.props, "properties": {**properties, **more}}
    return pulumi.ResourceTransformationResult(props, args.opts)


def test_a_package_proposes_nothing_after_the_first_update_or_a_rotation() -> None:
    """As a program does, although it does not see the program's transforms: what one changes of the account
    while the state lacks its key is refused, and a refresh is all that it takes."""
    with patch.object(component, "get_root_resource", lambda: None):
        world = standing("access policies", vault={"key_operators": ["deployer"]})
        assert world.must_up() == []
        world.must_up(key={"generation": 2})
        assert world.must_up() == []
        world.transformation = partial(adding, dynamicThrottlingEnabled=True)
        assert "run `pulumi refresh`" in world.preview().lower()
        way = Way(world)
        way.follow(world.up())
        assert way.steps == ["refresh"]
        assert world.must_up() == []
    assert world.account.properties["dynamicThrottlingEnabled"] is True
    assert world.unbound_moments(1) == []


@pytest.mark.parametrize("mode", ["access policies", "user-assigned identity"])
def test_a_transform_that_takes_the_key_away_is_named(mode: str) -> None:
    """A refresh would lead to the same refusal."""
    world = standing(mode)
    world.transformation = partial(adding, encryption={"keySource": MICROSOFT})
    for _ in range(2):
        said = world.up()
        assert "a transform of the program sets its `properties.encryption`" in said
        assert "pulumi refresh" not in said
        world.refresh()
    world.transformation = None
    assert world.must_up() == []
    assert world.readable


@pytest.mark.parametrize("refreshes", [True, False])
def test_a_change_that_a_refresh_took_for_made_is_told(refreshes: bool) -> None:
    """Azure accepts the write of a tag and then fails it. Without a refresh the next update writes it; with
    one no update would, so each says that, until a further change writes both."""
    world = standing("access policies")
    world.refreshes = refreshes
    cloud = world.wire.door.cloud
    cloud.behave(failing_operations="CapacityExceeded", failed_operations_keep="none")
    world.declare({"tags": {"owner": "night"}})
    assert "CapacityExceeded" in world.up()
    cloud.behave(failing_operations="", failed_operations_keep="all")
    assert world.up() == ""
    lost = "account 'lang-claims' has other values of tags"
    if not refreshes:
        assert lost not in "\n".join(world.engine.warnings)
        assert tags(world) == "night"
        return
    assert lost in "\n".join(world.engine.warnings)
    assert world.preview() == ""
    assert lost in "\n".join(world.engine.warnings)
    world.declare({"tags": {"owner": "night", "team": "claims"}})
    assert world.up() == ""
    assert lost not in "\n".join(world.engine.warnings)
    assert tags(world) == "night"


def test_what_an_update_leaves_unwritten_is_told() -> None:
    """The account waits for its access: a declared tag is written one update later, and each that leaves it
    says so, also the preview."""
    world = standing("access policies")
    world.must_up(access="revoked")
    assert [text for text in world.engine.warnings if "does not write" in text] == []
    world.declare({"access": "granted", "tags": {"owner": "night"}})
    unwritten = "this update does not write tags of account 'lang-claims'"
    assert world.preview() == ""
    assert unwritten in "\n".join(world.engine.warnings)
    assert world.up() == ""
    assert unwritten in "\n".join(world.engine.warnings)
    assert tags(world) is None
    assert world.up() == ""
    assert unwritten not in "\n".join(world.engine.warnings)
    assert tags(world) == "night"


QUOTA = limits.Limit(limits.QUOTA, "TextAnalytics/S", "westeurope")


@pytest.mark.parametrize("mode", ["access policies", "user-assigned identity"])
@pytest.mark.parametrize("covers", ["template", "refused"])
def test_what_it_does_not_cover_leaves_nothing_half_made(covers: str, mode: str) -> None:
    """The preview finds nothing to refuse, the update is refused in Azure's words, and once there is room the
    same update makes what is missing."""
    world = World(mode)
    cloud = world.wire.door.cloud
    cloud.behave(validate_covers=covers)
    limits.put(cloud, QUOTA, 0)
    assert world.preview() == ""
    assert "InsufficientQuota" in world.up()
    limits.put(cloud, QUOTA, 1)
    assert world.up() == ""
    assert world.up() == ""
    last = world.history()[-1]
    assert (last["keySource"], last["readable"]) == ("Microsoft.KeyVault", True)


def test_an_account_whose_version_nobody_tells_is_bound_before_it_is_written() -> None:
    """Azure shows no version, and the state has no binding, as after a way back that was cut off: a write of
    the account could not repeat its key, and Azure would refuse it each time."""
    world = World("access policies", refreshes=True)
    world.wire.door.cloud.behave(key_version="dropped")
    assert world.up() == ""
    (binding,) = (urn for urn in world.engine.state if urn.endswith("-binding"))
    del world.engine.state[binding]
    world.must_up(tags={"owner": "night"})
    assert tags(world) is None
    assert world.up() == ""
    assert tags(world) == "night"
    assert world.readable
    assert world.unbound_moments(1) == []
