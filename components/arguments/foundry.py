"""Whether an account becomes a Microsoft Foundry resource by itself, and the resources below it: Foundry
projects, and deployments of models.

These come after the account's key, so that all their data is under it. An account that has projects moves to
a customer's key, and not back (learn.microsoft.com/azure/foundry/concepts/encryption-keys-portal,
2026-08-10).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from components.arguments import names
from components.arguments.account_args import AccountArguments
from components.arguments.inputs import Arguments, Rule, argument
from core import kind_limits
from core.service.desired import DISABLED, ENABLED
from core.service.problem import Problem

_UPGRADES = ("OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade")


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
    sku: str = "Standard"
    """Optional. Where and how the model runs: `Standard` (default) in the account's region; names that begin
    with `Global` or `DataZone` process data elsewhere, too."""
    capacity: int = argument(1, minimum=1)
    """Optional. Throughput, in units of the model, mostly 1000 tokens a minute; 1 by default."""
    upgrade: str | None = argument(None, choices=_UPGRADES)
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
    if service.foundry_auto_upgrade and (unmet := kind_limits.lacks(kind.name, "becomes")):
        yield Problem("foundryAutoUpgrade", f"found {unmet.text}")
    if service.deployments and (unmet := kind_limits.lacks(kind.name, "openai")):
        yield Problem("deployments", f"found {unmet.text}")
    for path, listed in (("projects", service.projects), ("deployments", service.deployments)):
        for name, count in Counter(one.name.lower() for one in listed).items():
            if count > 1:
                yield Problem(path, f"{name!r} is listed {count} times; list it once")


@dataclass(frozen=True, kw_only=True)
class FoundryArguments(AccountArguments):
    """The arguments of an account that may become a Foundry resource, and of the resources below it."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_below,)

    foundry_auto_upgrade: str | None = argument(None, choices=(DISABLED, ENABLED))
    """Optional. Whether Azure may turn the account of kind `OpenAI` into one of kind `AIServices` by itself:
    `disabled` opts it out, with or without a customer-managed key, and `enabled` lets Azure. Each update that
    writes the account sets it again. Default: unchanged, also when the setting is removed."""
    projects: Sequence[ProjectArgs] = ()
    """Optional. Foundry projects of the account, of kind `AIServices`. They are made after the key is bound.
    An account that has projects can be given a key later, and then keeps one."""
    removed_projects: Sequence[str] = argument((), check=names.PROJECT.checked)
    """Optional. Names of projects that this stack deletes with their data. A project that is no longer listed
    and not named here is refused. If it is protected, run `pulumi up` with this change alone first."""
    deployments: Sequence[DeploymentArgs] = ()
    """Optional. Models that are deployed to the account, of kind `AIServices` or `OpenAI`, one after the
    other."""
