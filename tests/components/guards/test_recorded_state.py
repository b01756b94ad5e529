"""Of several services in one state each has what is its own, whatever their names begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from components.preflight.planned import planned
from components.testing import SUBSCRIPTION
from core import resource_types as types
from core.service.data_loss import losses
from core.service.recorded import State, recorded_service, state_of
from tests.components import bound
from tests.components.bound import HUB
from tests.support.recording import service_inputs
from tests.support.situations import situation

GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
SUBNET = f"{GROUPS}/rg-net/providers/Microsoft.Network/virtualNetworks/vnet/subnets"
WORKSPACES = f"{GROUPS}/rg-logs/providers/Microsoft.OperationalInsights/workspaces"
MADE = {"account": types.ACCOUNT, "vault": types.VAULT}


def state(*services: tuple[str, ...]) -> State:
    """What a state holds of services with projects, logs and private endpoints, by their names alone."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for name, *projects in services:
        found |= state_of(bound.state(name)).services
        ids = {what: found[type, f"{name}-{what}"]["id"] for what, type in MADE.items()}
        found[types.SERVICE, name] = {"accountId": ids["account"]}
        for what, id in ids.items():
            endpoint = {"name": f"pe-{name}-{what}", "subnet": {"id": f"{SUBNET}/{name}"}}
            found[types.PRIVATE_ENDPOINT, f"{name}-{what}-endpoint"] = endpoint
            audit = {
                "id": f"{id}/providers/Microsoft.Insights/diagnosticSettings/a",
                "workspaceId": f"{WORKSPACES}/{name}",
            }
            found[types.DIAGNOSTIC_SETTING, f"{name}-{what}-audit"] = audit
        for project in projects:
            one = {"id": f"{ids['account']}/projects/{project}", "name": project}
            found[types.PROJECT, f"{name}-project-{project}"] = one
    return State(found, [])


def refused(found: State, name: str, **said: Any) -> list[str]:
    named: dict[str, Any] = {"account_name": f"lang-{name}", "resource_group_name": f"rg-{name}"}
    before = recorded_service(name, found)
    return [one.path for one in losses(situation(before, name=name, **named, **said))]


@pytest.mark.parametrize(
    ("services", "name", "projects"),
    [
        ((("claims",), ("claims-project", "alpha")), "claims", ()),
        ((("claims",), ("claims-project", "alpha")), "claims-project", ("alpha",)),
        ((("claims", "alpha"), ("claims-project",)), "claims", ("alpha",)),
        ((("claims", "project-alpha"), ("claims-project",)), "claims-project", ()),
        ((("claims", "project-alpha"), ("claims-project", "beta")), "claims", ("project-alpha",)),
    ],
)
def test_a_project_is_that_of_its_account(
    services: tuple[tuple[str, ...], ...], name: str, projects: tuple[str, ...]
) -> None:
    """Not of another service whose name begins the same, which would be refused for it."""
    assert recorded_service(name, state(*services)).projects == projects
    listed = [{"name": one} for one in projects]
    assert "projects" not in refused(state(*services), name, kind="AIServices", sku="S0", projects=listed)


@pytest.mark.parametrize(("projects", "asked"), [((), True), (("vault",), False)])
def test_a_project_is_asked_about_beside_a_part_of_its_name(
    projects: tuple[str, ...], *, asked: bool
) -> None:
    """The vault of `claims-project` is not the project `vault` of `claims`, which is asked about until the
    state has it, and not while this update makes the account one that can have projects."""
    found = state(("claims", *projects), ("claims-project",))
    below: dict[str, Any] = {"kind": "AIServices", "sku": "S0", "projects": [{"name": "vault"}]}
    for manages in (True, False):
        key = (types.ACCOUNT, "claims-account")
        account = {"kind": "AIServices", "properties": {"allowProjectManagement": manages}}
        parts = {**found.services, key: {**found.services[key], **account}}
        before = recorded_service("claims", State(parts, []))
        ids = [
            str(one["id"])
            for one in planned(service_inputs("claims", **below), situation(before, name="claims", **below))
        ]
        assert any(id.endswith("/projects/vault") for id in ids) is (asked and manages)


@pytest.mark.parametrize("name", ["claims", "claims-eu"])
def test_a_service_mentions_what_it_uses_itself(name: str) -> None:
    """What `claims-eu` uses, `claims` does not use yet, and it is not asked about as its own."""
    before = recorded_service(name, state(("claims",), ("claims-eu",)))
    assert before.account
    assert before.account.name == f"lang-{name}"
    mentioned = {
        one for one in ("claims", "claims-eu") if f"{WORKSPACES}/{one}".lower() in before.mentioned_ids
    }
    assert mentioned == {name}
    assert {f"{SUBNET}/{one}".lower() for one in (name,)} <= before.mentioned_ids


@pytest.mark.parametrize("parent", ["language-cmk:index:KeyVault$", "my:index:Team$", ""])
@pytest.mark.parametrize("comes_first", [True, False])
def test_what_is_not_below_a_service_is_no_part_of_it(parent: str, *, comes_first: bool) -> None:
    """A vault of the program's own may have the logical name of a service's vault. The service's own is still
    found, also below a class that a program derives from the service's."""
    own = bound.state("claims")
    others = {f"urn:pulumi:dev::language-cmk::{parent}{types.VAULT}::claims-vault": {"outputs": {"id": HUB}}}
    both = {**others, **own} if comes_first else {**own, **others}
    assert recorded_service("claims", state_of(both)) == recorded_service("claims", state_of(own))
    derived = {urn.replace(types.SERVICE, "language-cmk:index:OurAccount"): one for urn, one in both.items()}
    assert recorded_service("claims", state_of(derived)) == recorded_service("claims", state_of(own))
    assert recorded_service("claims", state_of(others)).vault is None


def test_a_former_name_brings_its_own_resources_along() -> None:
    """`claims-eu` stays when `claims` is renamed."""
    before = recorded_service("first", state(("claims", "alpha"), ("claims-eu", "beta")), ["claims"])
    assert before.projects == ("alpha",)
    assert before.account
    assert before.account.name == "lang-claims"
