"""The roles of docs/roles are enough for whole lives, and nothing in them is too much: with one action less,
the step that needs it fails and names the action."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import pytest

from components.arguments.callers import CALLER_ROLES
from core import arm_ids
from docs.examples.azure_policy.constraints import CUSTOMER_KEY
from docs.examples.azure_policy.guardrails import AzurePolicyGuardrails
from localazure import authorization, seed
from localazure.authorization import assign_role, save_assignment
from localazure.directory import create_principal
from tests.components.guards.first_deployments import (
    HUB,
    IN_SHARED,
    NETWORK,
    SHARED,
    SUBSCRIPTION,
    both,
    group,
    made,
    network,
    private,
    their_key,
    vault,
)
from tests.support.local_deployment import Deployment
from tests.support.stack import ROOT

LISTED = {
    "azure-policy": list[str](),
    **{file: ["Microsoft.Resources/subscriptions/read"] for file in ("deploy", "preview")},
}
CHECK = "Microsoft.Resources/deployments/validate/action"
"""What the preview's look at the rights takes, by Azure's own validation."""
NESTED = "Microsoft.Resources/deployments/write"
"""What it takes beside that for a group which is yet to be made."""
SELECTED = {"access": "selected", "allowed_subnet_ids": [f"{NETWORK}/subnets/endpoints"]}
OPEN = {"access": "open"}
PREVIEW = ("preview",)
CONDITION = (ROOT / "docs" / "roles" / "deploy-condition.txt").read_text()
CALLERS = [CALLER_ROLES[name].id for name in sorted(CALLER_ROLES)]
"""The roles of `callers`, which the page says to add to the condition."""
CALLER = {"principal_id": "b7e02c96-4a1d-4f53-8c6b-d90f3e5a7124"}


def permissions(file: str) -> Mapping[str, list[str]]:
    """What a role file grants."""
    role = json.loads((ROOT / "docs" / "roles" / f"{file}.json").read_text())
    found: Mapping[str, list[str]] = role["properties"]["permissions"][0]
    return found


def make_role(deployment: Deployment, name: str, block: Mapping[str, list[str]], number: int) -> None:
    """Makes a role of one's own."""
    body = {"roleName": name, "permissions": [block], "assignableScopes": [SUBSCRIPTION]}
    id = f"{SUBSCRIPTION}/providers/{arm_ids.ROLE_DEFINITION}/00000000-0000-4000-8000-00000000000{number}"
    assert deployment.arm("PUT", id, {"properties": body}, api="2022-04-01").status == 201


def _with_roles(condition: str, ids: list[str]) -> str:
    """The condition with more roles in both pairs of braces that list some."""
    return re.sub(r"(GuidEquals \{[^}]*)\}", rf"\1, {', '.join(ids)}}}", condition)


def log_in(deployment: Deployment, *files: str, without: tuple[str, ...] = ()) -> None:
    """Deploys as somebody who has the roles of these files, less some actions, and nothing else."""
    principal = create_principal(
        deployment.door.cloud, tenant_id=seed.TENANT_ID, name="pipeline", managed_identity=False
    )
    for number, file in enumerate(files):
        block = {
            word: [action for action in listed if action not in without]
            for word, listed in permissions(file).items()
        }
        make_role(deployment, file, block, number)
        given = assign_role(deployment.door.cloud, principal.object_id, file, SUBSCRIPTION)
        if file == "deploy":
            given["properties"]["condition"] = _with_roles(CONDITION, CALLERS)
            save_assignment(deployment.door.cloud, given, since=0.0)
    deployment.principal = principal


def guardrails(deployment: Deployment) -> None:
    """Writes Azure Policy with an exemption."""
    scope = group("rg-shared")(deployment)
    exempt = {
        "name": "later",
        "constraint": CUSTOMER_KEY,
        "scope": scope,
        "reason": "x",
        "until": "2050-12-31",
    }
    args = {"scope": SUBSCRIPTION, "exemptions": [exempt]}
    deployment.run(lambda: AzurePolicyGuardrails("guard", args), previews=False)


@dataclass(frozen=True)
class Mode:
    """A stack, and the roles that its whole life needs. `before` is what others made."""

    args: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[Deployment], object] = lambda _: None
    roles: tuple[str, ...] = ("deploy",)
    makes: Callable[[Deployment], object] | None = None

    def steps(self) -> Mapping[str, Callable[[Deployment], object]]:
        """The life: each step by its name."""
        services = {"claims": self.args}

        def preview(deployment: Deployment) -> None:
            deployment.preview(services)
            deployment.said += deployment.warnings

        rotation = {"preview of a rotation": lambda deployment: deployment.rotate(preview=True)}
        found: dict[str, Callable[[Deployment], object]] = {"preview": preview} if self.args else {}
        if self.roles != PREVIEW:
            found["update"] = self.makes or (lambda deployment: deployment.up(services))
        found |= {"refresh": Deployment.refresh, **({"preview again": preview} if self.args else {})}
        # The vault of any other mode lets nobody in who is not in its network.
        if self.args.get("network") == OPEN or HUB in str(self.args):
            found |= rotation
            if self.roles != PREVIEW:
                found["rotation"] = lambda deployment: deployment.rotate(preview=False)
        return found if self.roles == PREVIEW else {**found, "take out": self._take_out}

    def _take_out(self, deployment: Deployment) -> None:
        """Deletes what the roles may delete, after the settings that asked for it are gone."""
        actions = {action.lower() for role in self.roles for action in permissions(role)["actions"]}
        deployment.take_out(
            lambda one: "/providers/" in one and f"{arm_ids.parse(one).type}/delete".lower() in actions
        )


def more_identities(deployment: Deployment) -> None:
    """An identity for linked storage."""
    made(deployment, MORE, {"location": "westeurope"}, "2023-01-31")


def by_others(args: Mapping[str, Any]) -> Callable[[Deployment], None]:
    """A stack that somebody else deployed, in the stack's own state."""

    def make(deployment: Deployment) -> None:
        network(deployment)
        deployment.up({"claims": args})

    return make


def role_of_ones_own(deployment: Deployment) -> None:
    """Somebody has given the account's identity a role of the company's own on the vault."""
    make_role(deployment, "reads alerts", {"actions": ["Microsoft.Insights/alertRules/read"]}, number=9)
    own = f"{SUBSCRIPTION}/resourceGroups/rg-claims/providers"
    account = deployment.arm("GET", f"{own}/{arm_ids.ACCOUNT}/lang-claims", api="2024-10-01").body
    vault_id = f"{own}/{arm_ids.VAULT}/kv-claims"
    assign_role(deployment.door.cloud, account["identity"]["principalId"], "reads alerts", vault_id)


def own_client_id_shown(deployment: Deployment) -> None:
    """An Azure that shows of a binding by the account's own identity the client id of that."""
    deployment.door.cloud.behave(system_identity_client_id="echoed")


PRIVATE = {**private(), "access_model": "rbac", "callers": [CALLER]}
USER_ASSIGNED = {**SHARED, "identity": "userAssigned", "access_model": "rbac", "network": SELECTED}
ROLES = {"access_model": "rbac", "network": OPEN}
FOUNDRY = {
    **SHARED,
    "kind": "AIServices",
    "audit": {"new_workspace": False},
    "projects": [{"name": "claims"}],
    "deployments": [{"name": "mini", "model": "gpt-4o-mini"}],
}
MORE = f"{IN_SHARED}/providers/{arm_ids.USER_ASSIGNED_IDENTITY}/id-storage"
IDENTITIES = {**SHARED, "audit": {"new_workspace": False}, "other_identity_ids": [MORE]}
MODES = {
    "access policies": Mode({"vault": {"key_operators": ["deployer"]}, "network": OPEN}),
    "roles": Mode(ROLES),
    "roles, one of one's own besides": Mode(ROLES, both(by_others(ROLES), role_of_ones_own)),
    "roles, own client id shown": Mode(ROLES, own_client_id_shown),
    "user-assigned, selected networks": Mode(USER_ASSIGNED, network),
    "private, with callers": Mode(PRIVATE, network),
    "existing vault": Mode(
        {**SHARED, "vault": {"id": HUB, "key_operators": ["deployer"]}},
        vault(SUBSCRIPTION, "rg-shared", "kv-hub"),
    ),
    "existing key": Mode(
        {**SHARED, "vault": {"key_operators": ["deployer"]}, "key": {"id": f"{HUB}/keys/theirs"}}, their_key
    ),
    "Foundry projects and models": Mode(FOUNDRY, group("rg-shared")),
    "further identities": Mode(IDENTITIES, both(group("rg-shared"), more_identities)),
    "Azure Policy": Mode(roles=("deploy", "azure-policy"), makes=guardrails),
    "a pull request, a new stack": Mode(PRIVATE, network, PREVIEW),
    "a pull request, a rotation": Mode(ROLES, both(by_others(ROLES), role_of_ones_own), PREVIEW),
    "a pull request, own client id shown": Mode(ROLES, both(own_client_id_shown, by_others(ROLES)), PREVIEW),
    "a pull request, a live stack": Mode(PRIVATE, by_others(PRIVATE), PREVIEW),
    "a pull request, user-assigned": Mode(USER_ASSIGNED, by_others(USER_ASSIGNED), PREVIEW),
    "a pull request, Foundry": Mode(FOUNDRY, by_others(FOUNDRY), PREVIEW),
    "a pull request, Azure Policy": Mode({}, guardrails, PREVIEW),
}


@dataclass
class Life:
    """A life as it went: what was said in each step, the first step that asked for each action, and the step
    that failed."""

    said: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    failed: str = ""

    def names(self, action: str, *steps: str) -> bool:
        """Whether an action was named, in any of the steps."""
        told = [text for step, text in self.said.items() if not steps or step in steps]
        return any(action.lower() in text.lower() for text in told)


def live(mode: Mode, *without: str) -> Life:
    """A life on the mode's roles, less some actions; it ends once the first of them was named."""
    deployment, life, step = Deployment(), Life(), ""
    mode.before(deployment)
    log_in(deployment, *mode.roles, without=without)

    def watched(before: Any, cloud: Any, object_id: str, action: str, *given: Any) -> Any:
        if object_id == deployment.principal.object_id:
            life.asked.setdefault(action.lower(), step)
        return before(cloud, object_id, action, *given)

    with pytest.MonkeyPatch.context() as patch:
        for function in ("allows", "allows_data"):
            patch.setattr(authorization, function, partial(watched, getattr(authorization, function)))
        for step, run in mode.steps().items():
            deployment.said.clear()
            try:
                run(deployment)
            except Exception as error:  # noqa: BLE001 - whatever it is, its text is judged
                life.failed = f"{step}: {error}"
                deployment.said.append(str(error))
            life.said[step] = "\n".join(deployment.said)
            if life.failed or (without and life.names(without[0])):
                break
    return life


@cache
def whole(name: str) -> Life:
    """The life of a mode on exactly its roles."""
    return live(MODES[name])


@pytest.mark.parametrize("name", MODES)
def test_a_whole_life_passes_with_exactly_the_roles(name: str) -> None:
    """Made, read, previewed again, rotated, and taken out as far as the role may; no check is left out, but
    what a login of previews may not do."""
    assert whole(name).failed == ""
    said = "\n".join(whole(name).said.values())
    assert re.findall(r"not checked: (?!what the deploying login may do).*", said) == []


def test_no_role_has_an_action_that_no_life_needs() -> None:
    """Each action of each file is asked for in some mode; `az login` lists the subscriptions that it may
    read."""
    for file, listed_by_az in LISTED.items():
        needed = {
            action for name, mode in MODES.items() if file in mode.roles for action in whole(name).asked
        }
        granted = [one for listed in permissions(file).values() for one in listed]
        assert [one for one in granted if one.lower() not in needed] == listed_by_az, file


@cache
def first_mode(file: str, action: str) -> str:
    """The first mode that asks for an action of a file; beside another role, deploy is needed for what it is
    needed for in the other modes."""
    return next(
        name for name, mode in MODES.items() if mode.roles[-1] == file and action.lower() in whole(name).asked
    )


EVERY = [
    (file, action)
    for file in LISTED
    for listed in permissions(file).values()
    for action in listed
    if action not in LISTED[file]
]


LATE = ("Microsoft.ManagedIdentity/identities/read", "Microsoft.CognitiveServices/accounts/read")
"""Needed where Azure shows the client id of a binding through the account's own identity, which no preview
can know of an account that is yet to be bound; and by a preview of a first account for its terms alone, which
is noted as the rule that it is."""


@pytest.mark.long
@pytest.mark.parametrize(("file", "action"), EVERY)
def test_with_one_action_less_the_failing_step_names_it(file: str, action: str) -> None:
    """What the preview asks and what writes take is named by the preview; and where that may not have its
    template validated, by the step that needs it."""
    name = first_mode(file, action)
    first = whole(name).asked[action.lower()]
    life = live(MODES[name], action)
    told = "preview" in life.said and first == "preview" and action not in LATE
    assert life.names(action, *(["preview"] if told else [])), (first, life)
    if first in ("preview", "update") and action not in (CHECK, NESTED) and not action.endswith("/read"):
        blind = live(MODES[name], action, CHECK)
        assert blind.names(action), (first, blind)
