"""A write of a vault opens nothing that somebody closed, and gives no identity more than it had."""

from __future__ import annotations

from typing import Any

import pytest

from components.resources.vault_guard import gained, lost_access, reopening
from components.testing import SUBSCRIPTION
from core import adapters
from core.facts import Vault

VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
OPEN, CLOSED = {"defaultAction": "Allow"}, {"defaultAction": "Deny"}
TRUSTED, NOBODY = {"bypass": "AzureServices"}, {"bypass": "None"}
NOTHING_ELSE = " --secret-permissions --certificate-permissions --storage-permissions"
USE = ["get", "wrapKey", "unwrapKey"]


def vault(**properties: Any) -> dict[str, Any]:
    return {"id": VAULT, "name": "kv", "properties": properties}


def with_policies(entries: list[dict[str, Any]]) -> Vault:
    return adapters.vault(vault(accessPolicies=entries))


def network(*parts: dict[str, str], public: str = "Enabled") -> dict[str, Any]:
    rules = {name: value for part in parts for name, value in part.items()}
    return vault(publicNetworkAccess=public, networkAcls=rules)


ROLES = vault(enableRbacAuthorization=True)


def entry(object_id: str, application: str = "", **permissions: list[str]) -> dict[str, Any]:
    by = {"applicationId": application} if application else {}
    return {"objectId": object_id, "permissions": permissions, **by}


@pytest.mark.parametrize(
    ("now", "recorded", "sent", "says"),
    [
        (network(CLOSED, NOBODY), network(OPEN, TRUSTED), network(OPEN, TRUSTED), "to restore it, run `az"),
        # A refresh has taken the closed network into the state: no setting lets trusted services out.
        (network(CLOSED, NOBODY), network(CLOSED, NOBODY), network(CLOSED, TRUSTED), "to restore it, run"),
        (network(CLOSED, NOBODY), network(CLOSED, NOBODY), network(CLOSED, NOBODY), None),
        (
            network(CLOSED, TRUSTED),
            network(OPEN, TRUSTED),
            network(OPEN, TRUSTED),
            "set network.access: closed",
        ),
        (network(OPEN, public="Disabled"), network(OPEN), network(OPEN), "--public-network-access Enabled"),
        # The settings ask for it.
        (network(CLOSED, TRUSTED), network(CLOSED, TRUSTED), network(OPEN, TRUSTED), None),
        (network(OPEN, TRUSTED), network(OPEN, TRUSTED), network(CLOSED, TRUSTED), None),
        (ROLES, vault(), vault(), "--enable-rbac-authorization false"),
        (ROLES, ROLES, vault(), "--enable-rbac-authorization false"),
        (ROLES, ROLES, vault(), None),
        (vault(), ROLES, ROLES, "--enable-rbac-authorization true"),
        (vault(), vault(), ROLES, "--enable-rbac-authorization true"),
        (vault(), vault(), ROLES, None),
        (vault(), vault(), vault(), None),
    ],
)
def test_a_write_opens_nothing_that_somebody_closed(
    now: dict[str, Any], recorded: dict[str, Any], sent: dict[str, Any], says: str | None
) -> None:
    """Unless the settings ask for it, as a change from Azure RBAC that another rule lets through."""
    may_leave_roles = says is None
    may = {"may_leave_roles": may_leave_roles, "may_enter_roles": may_leave_roles}
    found = reopening(adapters.vault(now), recorded, sent, **may)
    assert (found is None) is (says is None)
    assert says is None or says in (found or "")


@pytest.mark.parametrize(
    ("policies", "user", "says"),
    [
        ([entry("u", keys=USE)], "U", None),
        ([entry("u", keys=["all"])], "u", None),
        ([entry("u", keys=["get", "wrapKey"])], "u", "it lacks unwrapKey."),
        ([entry("u", application="a", keys=USE)], "u", "it lacks get and wrapKey and unwrapKey."),
        ([], "", None),
    ],
)
def test_access_that_is_gone_is_told(policies: list[dict[str, Any]], user: str, says: str | None) -> None:
    found = lost_access(with_policies(policies), user)
    assert found is None if says is None else says in (found or "")


@pytest.mark.parametrize(
    ("before", "now", "commands"),
    [
        ([entry("u", keys=USE)], [entry("U", keys=[*map(str.upper, USE)])], []),
        ([entry("u", keys=USE)], [entry("u", keys=["get"])], []),
        ([], [entry("u", keys=["get"])], ["delete-policy --name kv --object-id u"]),
        (
            [entry("u", keys=["get"])],
            [entry("u", keys=["get"]), entry("u", "a", secrets=["get"])],
            ["delete-policy --name kv --object-id u --application-id a"],
        ),
        (
            [entry("u", keys=["list", "get"])],
            [entry("u", keys=["get"], certificates=["get"])],
            [f"set-policy --name kv --object-id u --key-permissions get list{NOTHING_ELSE}"],
        ),
    ],
)
def test_each_identity_that_has_more_is_told_with_the_command_that_takes_it_away(
    before: list[dict[str, Any]], now: list[dict[str, Any]], commands: list[str]
) -> None:
    found = [*gained(with_policies(before), with_policies(now))]
    assert found == [f"`az keyvault {one} --subscription {SUBSCRIPTION}`" for one in commands]
