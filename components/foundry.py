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
    for path, listed in (("projects", service.projects), ("deployments", service.deployments)):
        for name, count in Counter(one.name.lower() for one in listed).items():
            if count > 1:
                yield Problem(path, f"{name!r} is listed {count} times; list it once")


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


def make_below(
    inputs: FoundryArguments,
    account: MadeAccount,
    protected: Declare,
    removable: Declare,
    *,
    location: str,
    after: Sequence[pulumi.Resource],
) -> None:
    """Makes projects, then deploys models, each after the one before and all of them after `after`.

    A project holds data: `protected` declares it, or `removable` if this stack is to remove it.
    """
    made, removed = [*after], {name.lower() for name in inputs.removed_projects}
    for what, token, given, arguments in _below_account(inputs, location):
        place = {"accountName": account.name, "resourceGroupName": then(account.id, arm_ids.group_of)}
        child = Declaration(
            token,
            f"{inputs.name}-{what.removesuffix('s')}-{given.name}",
            {**place, **arguments, "tags": inputs.tags},
            what,
            at=account.id,
        )
        stays = what == "projects" and given.name.lower() not in removed
        made += (protected if stays else removable)(child, depends_on=[*made]).resources


def _below_account(inputs: FoundryArguments, location: str) -> Iterator[tuple[str, Any, Any, dict[str, Any]]]:
    """The argument that asks for each, its type in Pulumi, what is asked, and its arguments."""
    for project in inputs.projects:
        arguments = {
            "projectName": project.name,
            "location": location,
            "identity": {"type": "SystemAssigned"},
            "properties": {"displayName": project.display_name, "description": project.description},
        }
        yield "projects", types.PROJECT, project, arguments
    for model in inputs.deployments:
        arguments = {
            "deploymentName": model.name,
            "sku": {"name": model.sku, "capacity": model.capacity},
            "properties": {
                "model": {"format": model.format, "name": model.model, "version": model.version},
                "versionUpgradeOption": model.upgrade,
            },
        }
        yield "deployments", types.DEPLOYMENT, model, arguments
