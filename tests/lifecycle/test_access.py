"""Access taken away and given back by the settings, in every way of granting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.judge import Judge
from tests.support.managed_hsm import HSM, make_running_hsm
from tests.support.stack import Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
SERVICES = ("policy", "role", "hub", "hsm")
_GROUP = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-central"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/kv-central"


SETTINGS: list[dict[str, Any]] = [
    {"name": "policy", "vault": {"keyOperators": ["deployer"]}},
    {
        "name": "role",
        "accessModel": "rbac",
        "identity": "userAssigned",
        "callers": [{"principalId": "deployer"}],
    },
    {"name": "hub", "vault": {"id": _VAULT}},
    {"name": "hsm", "key": {"id": f"{HSM}/keys/cmk"}},
]


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzure]:
    with running_azure(tmp_path_factory.mktemp("azure")) as running:
        yield running


@pytest.fixture(scope="module")
def stack(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """An access policy; a role for a user-assigned identity; a vault, and a managed HSM, in another
    subscription."""
    stack = Stack(tmp_path_factory.mktemp("access") / "stack", azure.environ)
    judge = Judge(azure, stack)
    judge.arm("PUT", _GROUP, "2024-03-01", {"location": "westeurope"})
    properties = {
        "tenantId": azure.env["AZURE_TENANT_ID"],
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": False,
        "accessPolicies": [],
    }
    judge.arm("PUT", _VAULT, "2026-02-01", {"location": "westeurope", "properties": properties})
    make_running_hsm(judge)
    stack.configure(name=None, vault=None, key=None, services=SETTINGS)
    done(stack.deploy())
    for name in SERVICES:
        Judge(azure, stack, name).write_data()
    return stack


def readable(azure: RunningAzure, stack: Stack) -> list[str]:
    """The services whose data can be read."""
    return [name for name in SERVICES if Judge(azure, stack, name).reads_data()]


@pytest.mark.long
def test_fails_to_take_access_from_accounts_that_stay(azure: RunningAzure, stack: Stack) -> None:
    """The grants are not protected, and no way of destroying a protected stack takes one. The roles of
    callers go with `--exclude-protected`, and the next update makes them again."""
    stack.configure(protect=True)
    done(stack.deploy())
    before = {found["urn"] for found in stack.resources()}
    (urn,) = (found["urn"] for found in stack.resources() if found["urn"].endswith("::hub-access"))
    assert not stack.destroy().ok
    assert not stack.pulumi("destroy", "--yes", "--target", urn).ok
    done(stack.pulumi("destroy", "--yes", "--exclude-protected"))
    assert readable(azure, stack) == [*SERVICES]
    gone = before - {found["urn"] for found in stack.resources()}
    assert any("::role-caller-" in urn for urn in gone), gone
    done(stack.deploy())
    assert before <= {found["urn"] for found in stack.resources()}
    stack.configure(protect=None)
    done(stack.deploy())


def test_access_goes_and_comes_back_by_the_setting(azure: RunningAzure, stack: Stack) -> None:
    """One reviewed update each way; the data answers 403 in between, and no account is ever unbound."""
    ciphertext = cloud.documents(azure, "account.project")
    stack.configure(access="revoked")
    run = done(stack.up())
    assert "- 5 deleted" in run.output  # the grants, and the proof of the one that came before its account
    assert readable(azure, stack) == []
    done(stack.deploy("--expect-no-changes"))
    stack.configure(access=None)
    run = done(stack.up())
    assert "+ 8 created" in run.output  # the grants, each with its proof
    assert readable(azure, stack) == [*SERVICES]
    assert cloud.documents(azure, "account.project") == ciphertext
    for name in SERVICES:
        assert cloud.unbound_moments(azure, Judge(azure, stack, name).account_id) == []
