"""`up` after `destroy`: names that are held are said, and what holds them comes back with its data."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.engine.shared import done, refused, vault_of_others
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import VAULTS, Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
_HUB = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-hub"
_VAULT = f"{_HUB}/providers/Microsoft.KeyVault/vaults/kv-hub"
_SOMEBODY = "99999999-0000-4000-8000-000000000009"


def grants(stack: Stack) -> set[str]:
    """The names of the grants that the stack holds."""
    names = {resource["urn"].rsplit("::", 1)[1] for resource in stack.resources()}
    return {name for name in names if name.endswith("-access")}


def comes_back(judge: Judge, *ids: str) -> None:
    """By the commands that are printed."""
    judge.bring_back(*ids)
    done(judge.stack.python("-m", "operate", "recover", "--stack", judge.stack.name, "--yes"))


def test_up_after_destroy_recovers_vault_key_account_and_data(stack: Stack, azure: RunningAzure) -> None:
    """Refused, with names, dates and commands; after these the same account is bound to the same key version
    under the policy pack, its data readable, and people have their rights again."""
    done(stack.deploy())
    before = stack.outputs()
    done(stack.destroy())

    held = ("'kv-contoso-dev' is held", "'lang-contoso-dev' is held", "until")
    run = refused(stack.preview(), *held, "az keyvault recover", "account recover")
    assert "Traceback" not in run.output

    comes_back(Judge(azure, stack))
    done(stack.up())
    after = stack.outputs()
    assert after == before
    last = cloud.history(azure, after["accountId"])[-1]
    assert (last["readable"], last["keyUri"], last["identity"]) == (
        True,
        before["keyUriWithVersion"],
        before["principalId"],
    )
    assert grants(stack) == {"contoso-dev-access", f"contoso-dev-operator-{seed.DEPLOYER.object_id}-access"}
    stack.configure(key={"generation": 2})
    done(stack.deploy())
    assert cloud.unbound_moments(azure, after["accountId"])[1:] == []


def test_up_after_destroy_gives_a_role_again_that_the_vault_has_lost(
    stack: Stack, azure: RunningAzure
) -> None:
    """A vault comes back without role assignments: by what is printed, one for the same identity is made."""
    stack.configure(name="contoso-rbac", accessModel="rbac", vault=None)
    done(stack.deploy())
    before = stack.outputs()
    done(stack.destroy())
    comes_back(Judge(azure, stack, "contoso-rbac"))
    _is_given_access_again(stack)
    assert stack.outputs() == before
    assert cloud.history(azure, before["accountId"])[-1]["readable"]
    assert grants(stack) == {"contoso-rbac-access", "contoso-rbac-key-access"}


def _is_given_access_again(stack: Stack) -> None:
    refused(stack.preview(), "set access: revoked")
    for access in ("revoked", "granted"):
        stack.configure(access=access)
        done(stack.deploy())


def test_a_destroy_leaves_nothing_of_its_access_in_a_vault_that_stays(
    stack: Stack, azure: RunningAzure
) -> None:
    """What others have stays as it was. The account comes back with its data, and with its access."""
    judge = Judge(azure, stack, "contoso-hub")
    tenant = azure.env["AZURE_TENANT_ID"]
    others = {"tenantId": tenant, "objectId": _SOMEBODY, "permissions": {"keys": ["get"], "secrets": ["get"]}}
    vault_of_others(judge, _VAULT, others)

    def policies() -> list[str]:
        found = judge.arm("GET", _VAULT, VAULTS)["properties"]["accessPolicies"]
        return [entry["objectId"] for entry in found]

    stack.configure(name="contoso-hub", vault={"id": _VAULT}, key=None)
    done(stack.deploy())
    judge.write_data()
    assert policies() == [_SOMEBODY, stack.outputs()["principalId"]]
    done(stack.destroy())
    assert judge.arm("GET", _VAULT, VAULTS)["properties"]["accessPolicies"] == [others]
    stack.configure(vault=None, key={"id": f"{_VAULT}/keys/cmk-contoso-hub"})
    comes_back(judge, judge.group, judge.account_id)
    _is_given_access_again(stack)
    assert judge.reads_data()


def test_up_after_the_destroy_of_a_service_whose_access_was_revoked(
    stack: Stack, azure: RunningAzure
) -> None:
    """The vault comes back without the access, which is given again by what is printed."""
    judge = Judge(azure, stack, "contoso-off")
    stack.configure(name="contoso-off", vault=None)
    done(stack.deploy())
    judge.write_data()
    stack.configure(access="revoked")
    done(stack.deploy())
    assert not judge.reads_data()
    done(stack.destroy())
    stack.configure(access=None)
    comes_back(judge)
    _is_given_access_again(stack)
    assert judge.reads_data()
