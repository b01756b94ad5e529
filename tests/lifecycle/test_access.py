"""No way of destroying a protected stack takes access from the accounts that stay."""

from __future__ import annotations

import pytest

from localazure.seed import OTHER_SUBSCRIPTION_ID, TENANT_ID
from tests.support.azure import running_azure
from tests.support.judge import Judge
from tests.support.stack import Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
_GROUP = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-central"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/kv-central"


def urns(stack: Stack) -> set[str]:
    """Of its resources; providers come and go."""
    return {one["urn"] for one in stack.resources() if not one["type"].startswith("pulumi:providers:")}


def test_fails_to_take_access_from_accounts_that_stay(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The grants, by an access policy in a vault of another subscription and by a role, are not protected.
    The roles of callers go with `--exclude-protected`, and the next update makes them again."""
    with running_azure(tmp_path_factory.mktemp("azure")) as azure:
        stack = Stack(tmp_path_factory.mktemp("access") / "stack", azure.environ)
        judges = [Judge(azure, stack, name) for name in ("hub", "role")]
        judges[0].arm("PUT", _GROUP, "2024-03-01", {"location": "westeurope"})
        properties = {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": True,
            "enableRbacAuthorization": False,
            "accessPolicies": [],
        }
        judges[0].arm("PUT", _VAULT, "2026-02-01", {"location": "westeurope", "properties": properties})
        hub = {"name": "hub", "vault": {"id": _VAULT}}
        role = {"name": "role", "accessModel": "rbac", "callers": [{"principalId": "deployer"}]}
        stack.configure(name=None, vault=None, key=None, services=[hub, role], protect=True)
        done(stack.deploy())
        for judge in judges:
            judge.write_data()
        before = urns(stack)
        (urn,) = (one for one in before if one.endswith("::hub-access"))
        assert not stack.destroy().ok
        assert not stack.pulumi("destroy", "--yes", "--target", urn).ok
        done(stack.pulumi("destroy", "--yes", "--exclude-protected"))
        assert [judge.reads_data() for judge in judges] == [True, True]
        gone = before - urns(stack)
        assert any("::role-caller-" in urn for urn in gone), gone
        done(stack.deploy())
        assert before <= urns(stack)
