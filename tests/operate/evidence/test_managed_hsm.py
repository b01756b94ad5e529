"""Evidence of an account whose key is in a managed HSM: keys, roles and log are the HSM's own."""

import re
from typing import Any

import pytest

from core.facts import Key, Vault
from localazure import seed
from operate.evidence import access
from operate.evidence.findings import findings
from operate.evidence.history import bound_since, newest
from operate.evidence.model import Facts, KeyUseLog, NotChecked, Service
from operate.evidence.page import page
from tests.consistency.hsm_world import CRYPTO_USER, ENCRYPTION_USER, HSM, HSM_KEY, HsmWorld
from tests.consistency.world import GROUP
from tests.operate.evidence.door_azure import DoorAzure, passed_over, read

ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-new"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
OTHER = "99999999-0000-4000-8000-000000000009"


def log_to_workspace(world: HsmWorld, *, audit_only: bool = False) -> None:
    body = {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}
    if not audit_only:
        world.arm("PUT", WORKSPACE, body, api="2022-10-01")
    logs = [{"category": "AuditEvent", "enabled": True}]
    setting = f"{HSM}/providers/Microsoft.Insights/diagnosticSettings/audit"
    properties = {"workspaceId": WORKSPACE, "logs": logs}
    world.arm("PUT", setting, {"properties": properties}, api="2021-05-01-preview")


@pytest.fixture
def world() -> HsmWorld:
    """An account under a key in the HSM, whose audit log goes to a workspace; an auditor of the HSM reads."""
    made = HsmWorld()
    log_to_workspace(made)
    made.grant(seed.DEPLOYER.object_id, "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3", "")
    made.grant_each(ENCRYPTION_USER, "/keys/cmk-contoso")
    assert made.bindable()
    return made


def gather(world: HsmWorld) -> tuple[Facts, Service]:
    facts = read(DoorAzure(world.door), ACCOUNT)
    return facts, facts.services[0]


def found(world: HsmWorld) -> dict[str, Any]:
    """Each rule that does not hold, with its finding."""
    return {one.rule: one for one in findings(gather(world)[0])}


def test_key_binding_and_use_are_read_from_the_hsm(world: HsmWorld) -> None:
    """The bound version is the newest, the account's identity uses it since a time that the log has, and
    nothing was left out."""
    facts, service = gather(world)
    assert service.unread == ()
    assert isinstance(service.vault, Vault)
    assert isinstance(service.key, Key)
    assert isinstance(service.use, KeyUseLog)
    assert service.vault.id == HSM
    assert (service.key.type, service.key.size) == ("RSA-HSM", 2048)
    latest = newest(service.key, facts.taken)
    assert not isinstance(service.account, NotChecked)
    assert latest == service.key.version(service.account.encryption.key_version)
    assert bound_since(service.account, service.key, service.use).not_after is not None
    rules = found(world)
    assert "others-can-grant" in rules
    assert not {"no-access-to-key", "not-checked", "key-type", "purge-protection"} & rules.keys()


def test_who_can_unwrap_is_told_by_the_hsms_own_roles(world: HsmWorld) -> None:
    """Whoever has a role of Resource Manager at the HSM, and everybody in a vault of its name, can do
    nothing; an administrator of the HSM could give themselves the right."""
    world.assign(OTHER, "00482a5a-887f-4fb3-b363-3b7fe8e74483", HSM)
    world.grant(OTHER, CRYPTO_USER, "/keys/another")
    _, service = gather(world)
    able, granting = access.unwrappers(service), access.controllers(service)
    assert not isinstance(able, NotChecked)
    assert not isinstance(granting, NotChecked)
    # The deployer is Crypto User at all keys, by which the key was made.
    assert {one.principal_id for one in able} == {*world.principals, seed.DEPLOYER.object_id}
    assert {one.scope for one in able} == {HSM_KEY, f"{HSM}/keys"}
    assert {(one.principal_id, one.scope) for one in granting} == {(seed.DEPLOYER.object_id, HSM)}


def test_a_rotation_and_a_revocation_show(world: HsmWorld) -> None:
    """A newer version makes the bound one old; without its role the account cannot read its data."""
    world.door.cloud.clock.advance(60)
    world.hsm("POST", "/keys/cmk-contoso/rotate")
    for body in world.local_assignments:
        if body["properties"]["principalId"] == world.principal:
            world.hsm("DELETE", body["id"])
    rules = found(world)
    assert {"no-access-to-key", "bound-version-not-newest"} <= rules.keys()


def test_what_is_wrong_with_the_hsm_has_its_own_fixes(world: HsmWorld) -> None:
    """No setting of this project changes an HSM: the fixes are its administrators' commands."""
    setting = f"{HSM}/providers/Microsoft.Insights/diagnosticSettings/audit"
    world.arm("DELETE", setting, api="2021-05-01-preview")
    rules = found(world)
    assert rules["vault-network-open"].text == "managed HSM kv-contoso accepts connections from every network"
    assert rules["vault-network-open"].fix.startswith(
        "az keyvault update-hsm --hsm-name kv-contoso --default"
    )
    assert "send its AuditEvent log to a workspace" in rules["key-use-not-recorded"].fix
    assert "by which the managed HSM rotates it" in rules["no-rotation-policy"].text
    log_to_workspace(world, audit_only=True)
    closed = {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}
    world.arm("PATCH", HSM, {"properties": closed}, api="2026-02-01")
    # Who asks comes from elsewhere than the HSM's firewall lets in, so its keys are not read any more.
    after = found(world)
    assert not {"vault-network-open", "key-use-not-recorded"} & after.keys()


def test_every_refused_question_is_told(world: HsmWorld) -> None:
    """A login without a role in the HSM gets a report that says what it does not know."""
    assert list(passed_over(world.door, ACCOUNT)) == []


def test_the_page_calls_it_a_managed_hsm(world: HsmWorld) -> None:
    """Its part of the page has no word of a vault."""
    facts, _ = gather(world)
    text = page(facts, findings(facts), version="1", digest="0" * 64)
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", "", text, flags=re.DOTALL)
    part = shown[shown.index("Managed HSM\n") : shown.index("Not checked\n")]
    assert "its own roles" in part
    assert "vault" not in part.replace("vaults/", "").replace("Microsoft.KeyVault", "").lower()
