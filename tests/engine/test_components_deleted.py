"""`up` after `destroy`: names that are held are said, or what holds them comes back with its data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.judge import VAULTS, Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
_HUB = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-hub"
_VAULT = f"{_HUB}/providers/Microsoft.KeyVault/vaults/kv-hub"
_SOMEBODY = "99999999-0000-4000-8000-000000000009"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzure]:
    with running_azure(tmp_path_factory.mktemp("azure") / "home") as running:
        yield running


def grants(stack: Stack) -> set[str]:
    """The names of the grants that the stack holds."""
    names = {resource["urn"].rsplit("::", 1)[1] for resource in stack.resources()}
    return {name for name in names if name.endswith("-access")}


def test_up_after_destroy_recovers_vault_key_account_and_data(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Refused by default, with names, dates and remedies; with `recover` the same account is bound to
    the same key version under the policy pack, its data readable, and the next run gives people their rights
    again."""
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    assert stack.deploy().ok
    before = stack.outputs()
    run = stack.destroy()
    assert run.ok, run.output

    held = stack.preview()
    assert not held.ok
    for words in ("'kv-contoso-dev' is held", "'lang-contoso-dev' is held", "until", "softDeleted: recover"):
        assert words in held.output, f"{words} is not in:\n{held.output}"
    assert "Traceback" not in held.output

    stack.configure(softDeleted="recover")
    back = stack.up()
    assert back.ok, back.output
    after = stack.outputs()
    assert after == before
    last = cloud.history(azure, after["accountId"])[-1]
    assert (last["readable"], last["keyUri"], last["identity"]) == (
        True,
        before["keyUriWithVersion"],
        before["principalId"],
    )
    assert grants(stack) == {"contoso-dev-access"}
    rest = stack.deploy()
    assert rest.ok, rest.output
    assert grants(stack) == {"contoso-dev-access", "contoso-dev-operator-deployer-access"}
    stack.configure(softDeleted=None, key={"generation": 2})
    rotated = stack.deploy()
    assert rotated.ok, rotated.output
    assert cloud.unbound_moments(azure, after["accountId"])[1:] == []


def test_up_after_destroy_gives_a_role_again_that_the_vault_has_lost(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A vault comes back without role assignments; one for the same identity is made, under the pack."""
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    stack.configure(name="contoso-rbac", accessModel="rbac", vault=None, softDeleted="recover")
    assert stack.deploy().ok
    before = stack.outputs()
    assert stack.destroy().ok
    back = stack.up()
    assert back.ok, back.output
    assert stack.outputs() == before
    assert cloud.history(azure, before["accountId"])[-1]["readable"]
    assert grants(stack) == {"contoso-rbac-access"}


def test_a_destroy_leaves_nothing_of_its_access_in_a_vault_that_stays(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What others have stays as it was. The account comes back with its data, and with its access."""
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    judge = Judge(azure, stack, "contoso-hub")
    tenant = azure.env["AZURE_TENANT_ID"]
    others = {"tenantId": tenant, "objectId": _SOMEBODY, "permissions": {"keys": ["get"], "secrets": ["get"]}}
    properties = {
        "tenantId": tenant,
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": False,
        "accessPolicies": [others],
    }
    judge.arm("PUT", _HUB, "2024-03-01", {"location": "westeurope"})
    judge.arm("PUT", _VAULT, VAULTS, {"location": "westeurope", "properties": properties})

    def policies() -> list[str]:
        found = judge.arm("GET", _VAULT, VAULTS)["properties"]["accessPolicies"]
        return [entry["objectId"] for entry in found]

    stack.configure(name="contoso-hub", vault={"id": _VAULT}, key=None)
    made = stack.deploy()
    assert made.ok, made.output
    judge.write_data()
    assert policies() == [_SOMEBODY, stack.outputs()["principalId"]]
    gone = stack.destroy()
    assert gone.ok, gone.output
    assert judge.arm("GET", _VAULT, VAULTS)["properties"]["accessPolicies"] == [others]
    stack.configure(softDeleted="recover", key={"id": f"{_VAULT}/keys/cmk-contoso-hub"})
    back = stack.up()
    assert back.ok, back.output
    assert judge.reads_data()


def test_up_after_the_destroy_of_a_service_whose_access_was_revoked(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The vault comes back without the access, which the same update gives again."""
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    judge = Judge(azure, stack, "contoso-off")
    stack.configure(name="contoso-off", vault=None)
    assert stack.deploy().ok
    judge.write_data()
    stack.configure(access="revoked")
    assert stack.deploy().ok
    assert not judge.reads_data()
    gone = stack.destroy()
    assert gone.ok, gone.output
    stack.configure(access=None, softDeleted="recover")
    back = stack.deploy()
    assert back.ok, back.output
    assert judge.reads_data()


def test_a_replacement_in_one_update_leaves_nothing_of_the_former_access(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of a stack that is not protected, which needs no update before it."""
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    judge = Judge(azure, stack, "contoso-new", account_name="lang-contoso-second")
    stack.configure(name="contoso-new", vault=None)
    assert stack.deploy().ok
    first = stack.outputs()["principalId"]
    stack.configure(accountName="lang-contoso-second", replaceAccount="lang-contoso-new")
    replaced = stack.deploy()
    assert replaced.ok, replaced.output
    policies = judge.arm("GET", judge.vault_id, VAULTS)["properties"]["accessPolicies"]
    assert first not in [entry["objectId"] for entry in policies]
    assert stack.outputs()["principalId"] in [entry["objectId"] for entry in policies]
    judge.write_data()
    assert judge.reads_data()
