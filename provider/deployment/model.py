"""The resources that are about to be made or changed, and the findings about them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from core import api_versions as versions
from core import arm_ids

GROUP: Final = arm_ids.RESOURCE_GROUP
CREATE: Final = "create"
UPDATE: Final = "update"
DELETE: Final = "delete"
USE: Final = "use"
"""The resource exists elsewhere, and one that is about to be made refers to it."""
ACTIONS: Final = (CREATE, UPDATE, DELETE, USE)
ACCESS_POLICY: Final = "microsoft.keyvault/vaults/accesspolicies"
VERSIONS: Final[Mapping[str, str]] = {
    arm_ids.VAULT.lower(): versions.VAULTS,
    arm_ids.KEY.lower(): versions.VAULTS,
    ACCESS_POLICY: versions.VAULTS,
    arm_ids.ACCOUNT.lower(): versions.ACCOUNTS,
    f"{arm_ids.ACCOUNT}/projects".lower(): versions.FOUNDRY,
    f"{arm_ids.ACCOUNT}/deployments".lower(): versions.FOUNDRY,
    arm_ids.USER_ASSIGNED_IDENTITY.lower(): versions.IDENTITIES,
    arm_ids.WORKSPACE.lower(): versions.WORKSPACES,
    arm_ids.DIAGNOSTIC_SETTING.lower(): versions.DIAGNOSTIC_SETTINGS,
    arm_ids.PRIVATE_ENDPOINT.lower(): versions.ENDPOINTS,
    arm_ids.DNS_ZONE_GROUP.lower(): versions.ENDPOINTS,
    arm_ids.PRIVATE_DNS_ZONE.lower(): versions.PRIVATE_DNS_ZONES,
    arm_ids.DNS_ZONE_LINK.lower(): versions.PRIVATE_DNS_ZONES,
    arm_ids.ROLE_ASSIGNMENT.lower(): versions.AUTHORIZATION,
    arm_ids.LOCK.lower(): versions.LOCKS,
    arm_ids.MANAGED_HSM.lower(): versions.VAULTS,
    arm_ids.SUBNET.lower(): versions.SUBNETS,
    arm_ids.ACTION_GROUP.lower(): versions.ACTION_GROUPS,
    arm_ids.STORAGE_ACCOUNT.lower(): versions.STORAGE_ACCOUNTS,
}
"""For each type that is written in a template or looked up, the API version. Other types are neither."""
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Planned:
    """A resource that is about to be made, changed or deleted, or that is used as it is.

    `content` is its ARM body as far as it is known; `bound` is the body of an account once it is under its
    key, if another write binds it. `setting` and `existing_setting` are the caller's names for the argument
    that names the resource, and for the one that takes an existing resource.
    """

    id: str = ""
    action: str = CREATE
    content: Json = field(default_factory=dict)
    bound: Json | None = None
    setting: str = "name"
    existing_setting: str = ""

    @property
    def name(self) -> str:
        """The resource's own name."""
        return arm_ids.name_of(self.id)

    @cached_property
    def type(self) -> str:
        """`NAMESPACE/TYPE[/TYPE]`."""
        return arm_ids.parse(self.id).type if "/providers/" in self.id.lower() else GROUP

    @property
    def namespace(self) -> str:
        """The resource provider."""
        return self.type.partition("/")[0]

    @property
    def group_id(self) -> str:
        """The ARM id of the resource group that it is in, or is."""
        return group_of(self.id)

    @property
    def location(self) -> str:
        """The region; "" where the resource has none."""
        return str(self.content.get("location") or "")

    @property
    def kind(self) -> str:
        """The account's kind."""
        return str(self.content.get("kind") or "")

    @property
    def label(self) -> str:
        """The resource as a message names it: `vault 'kv-claims'`."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.type.rpartition("/")[2])
        noun = re.sub(r"\b[A-Z](?=[a-z])", lambda found: found[0].lower(), words)
        return f"{re.sub(r'ies$', 'y', noun).removesuffix('s')} {self.name!r}"


@dataclass(frozen=True)
class DeploymentFinding:
    """A reason why Azure would refuse the planned resource with this `id`, and the way out."""

    check: str
    id: str
    text: str
    fix: str


@dataclass(frozen=True)
class Unchecked:
    """A question that could not be answered, and why."""

    check: str
    what: str
    why: str


@dataclass(frozen=True)
class Report:
    """What all checks together found."""

    findings: tuple[DeploymentFinding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()

    def __add__(self, other: Report) -> Report:
        unchecked = dict.fromkeys((*self.unchecked, *other.unchecked))
        return Report((*self.findings, *other.findings), tuple(unchecked))


def group_of(id: str) -> str:
    """The ARM id of the group that an id is in, or is."""
    return "/".join(id.split("/")[:5])


def by_group(plan: Iterable[Planned]) -> Collection[Sequence[Planned]]:
    """The resources, for each group that they are in or are."""
    found: defaultdict[str, list[Planned]] = defaultdict(list)
    for one in plan:
        found[one.group_id.lower()].append(one)
    return found.values()


def subscription_scope(id: str) -> str:
    """The subscription that an id is in, as a scope."""
    return "/".join(id.split("/")[:3])
