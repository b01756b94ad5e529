"""The resources below an account: Microsoft Foundry projects, and deployments of models.

Both come after the account's key. Once an account has a project, Azure keeps it on the kind of key that it
has (learn.microsoft.com/azure/ai-foundry/concepts/encryption-keys-portal). Azure takes one write below an
account at a time (hashicorp/terraform-provider-azurerm#22607), so each comes after the one before it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from components.account import MadeAccount
from components.account_args import AccountArguments
from components.arguments import names
from components.arguments.inputs import Arguments, Rule, argument
from components.arguments.problem import Problem
from components.declared import Declaration, Declare, then
from core import arm_ids, kind_limits
from core import resource_types as types

STANDARD = "Standard"
UPGRADES = ("OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade")


@dataclass(frozen=True, kw_only=True)
class ProjectArgs(Arguments):
    """A project of a Foundry account. It has an identity of its own, which never uses the account's key."""

    name: str = argument(check=names.PROJECT.checked)
    """Required. Name of the project. Another name is another project, without the data."""
    display_name: str | None = None
    """Optional. The project's name in the Foundry portal."""
    description: str | None = None
    """Optional. What the project is for."""


@dataclass(frozen=True, kw_only=True)
class DeploymentArgs(Arguments):
    """A model that is deployed to the account."""

    name: str = argument(check=names.DEPLOYMENT.checked)
    """Required. Name of the deployment, by which applications call it."""
    model: str
    """Required. Name of the model, such as `gpt-4o-mini`."""
    version: str | None = None
    """Optional. Version of the model. Default: Azure's own, which changes with time."""
    format: str = "OpenAI"
    """Optional. Format of the model, named after its publisher; `OpenAI` by default."""
    sku: str = STANDARD
    """Optional. Where and how the model runs: `Standard` (default) in the account's region; names that begin
    with `Global` or `DataZone` process data elsewhere, too."""
    capacity: int = argument(1, minimum=1)
    """Optional. Throughput, in units of the model, mostly 1000 tokens a minute; 1 by default."""
    upgrade: str | None = argument(None, choices=UPGRADES)
    """Optional. When Azure replaces the model's version: `NoAutoUpgrade`, `OnceCurrentVersionExpired` or
    `OnceNewDefaultVersionAvailable`. Default: Azure's own."""


def _below(service: "FoundryArguments") -> Iterator[Problem]:
    kind = service.account_kind
    managed = service.allow_project_management
    if (managed or service.projects) and (unmet := kind_limits.lacks(kind.name, "foundry")):
        path = "projects" if service.projects else "allowProjectManagement"
        yield Problem(path, f"found {unmet.text}")
    elif service.projects and managed is False:
        yield Problem("allowProjectManagement", "found false, but projects are listed; remove one of them")
    if service.deployments and (unmet := kind_limits.lacks(kind.name, "openai")):
        yield Problem("deployments", f"found {unmet.text}")
    yield from _unique("projects", [one.name for one in service.projects])
    yield from _unique("deployments", [one.name for one in service.deployments])


def _unique(path: str, given: Sequence[str]) -> Iterator[Problem]:
    counted = Counter(name.lower() for name in given)
    for index, name in enumerate(given):
        if counted[name.lower()] > 1:
            yield Problem(f"{path}[{index}].name", f"{name!r} is listed more than once; list it once")


@dataclass(frozen=True, kw_only=True)
class FoundryArguments(AccountArguments):
    """The arguments of an account and of the resources below it."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_below,)

    projects: Sequence[ProjectArgs] = ()
    """Optional. Foundry projects of the account, of kind `AIServices`. They are made after the key is bound,
    because Azure refuses the change of an account that has projects."""
    removed_projects: Sequence[str] = argument((), check=names.PROJECT.checked)
    """Optional. Names of projects that this stack deletes with their data. A project that is no longer listed
    and not named here is refused. If it is protected, run `pulumi up` with this change alone first."""
    deployments: Sequence[DeploymentArgs] = ()
    """Optional. Models that are deployed to the account, of kind `AIServices` or `OpenAI`, one after the
    other."""

    @property
    def manages_projects(self) -> bool | None:
        """Whether the account may have projects; None leaves that as it is."""
        return True if self.projects else super().manages_projects


def _child_of(
    account: MadeAccount, token: str, logical_name: str, what: str, *, name: str, **arguments: Any
) -> Declaration:
    """A child of the account, `projects` or `deployments`, which the argument of that name asks for."""
    place = {"accountName": account.name, "resourceGroupName": then(account.id, arm_ids.group_of)}
    type = f"{arm_ids.ACCOUNT}/{what}"
    return Declaration(token, logical_name, type, name, {**place, **arguments}, what, at=account.id)


def make_projects(
    inputs: FoundryArguments,
    account: MadeAccount,
    protected: Declare,
    removable: Declare,
    *,
    location: str,
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Makes projects, each after the one before and all of them after `after`; returns `after` and them.

    A project holds data: `protected` declares it, or `removable` if this stack is to remove it.
    """
    made, removed = [*after], {name.lower() for name in inputs.removed_projects}
    for given in inputs.projects:
        logical_name = f"{inputs.name}-project-{given.name}"
        arguments = {
            "projectName": given.name,
            "location": location,
            "identity": {"type": "SystemAssigned"},
            "properties": {"displayName": given.display_name, "description": given.description},
            "tags": inputs.tags,
        }
        project = _child_of(account, types.PROJECT, logical_name, "projects", name=given.name, **arguments)
        declare = removable if given.name.lower() in removed else protected
        made += declare(project, depends_on=list(made)).resources
    return made


def make_deployments(
    inputs: FoundryArguments, account: MadeAccount, declare: Declare, after: Sequence[pulumi.Resource]
) -> None:
    """Deploys models, each after the one before and all of them after `after`."""
    made = [*after]
    for given in inputs.deployments:
        logical_name = f"{inputs.name}-deployment-{given.name}"
        arguments = {
            "deploymentName": given.name,
            "sku": {"name": given.sku, "capacity": given.capacity},
            "properties": {
                "model": {"format": given.format, "name": given.model, "version": given.version},
                "versionUpgradeOption": given.upgrade,
            },
            "tags": inputs.tags,
        }
        deployment = _child_of(
            account, types.DEPLOYMENT, logical_name, "deployments", name=given.name, **arguments
        )
        made += declare(deployment, depends_on=list(made)).resources
