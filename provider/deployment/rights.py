"""Whether this login may write what is about to be made.

Sources: Microsoft.Authorization Permissions_ListForResourceGroup and DenyAssignments_ListForScope 2022-04-01
(azure-rest-api-specs); that permissions can be listed for a subscription is assumed, as the portal does it.
Operations: learn.microsoft.com/azure/role-based-access-control/permissions. A group or resource that is not
there yet inherits what its subscription gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core import adapters, arm_ids, roles
from core.facts import DenyAssignment
from core.roles import Permissions, Role
from provider.azure_calls import Principal
from provider.deployment.model import (
    DELETE,
    USE,
    DeploymentFinding,
    Planned,
    Report,
    Unchecked,
    subscription_scope,
)
from provider.deployment.questions import Questions, UnansweredQuestionError, about_each

NAME: Final = "rights"
WHAT: Final = "whether this login may write all of it"
PERMISSIONS: Final = "Microsoft.Authorization/permissions"
VERSION: Final = "2022-04-01"
_EVERYBODY: Final = "00000000-0000-0000-0000-000000000000"
_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    arm_ids.USER_ASSIGNED_IDENTITY.lower(): (f"{arm_ids.USER_ASSIGNED_IDENTITY}/assign/action",),
}
"""What making a resource takes besides its own write."""
_ROLES: Final = (
    roles.RBAC_ADMINISTRATOR,
    roles.VAULT_CONTRIBUTOR,
    roles.COGNITIVE_CONTRIBUTOR,
    roles.IDENTITY_CONTRIBUTOR,
    roles.LOG_CONTRIBUTOR,
    roles.NETWORK_CONTRIBUTOR,
    roles.CONTRIBUTOR,
)
"""The built-in roles by which a missing right can be given, narrow ones first."""


@dataclass(frozen=True)
class Effective:
    """What a login may do at a scope."""

    scope: str
    permissions: tuple[Permissions, ...]
    denials: tuple[DenyAssignment, ...]
    principal_id: str

    def allows(self, action: str) -> bool:
        """Whether it may do an action on resources."""
        return self.gives(action) and self.denied_by(action) is None

    def gives(self, action: str) -> bool:
        """Whether its roles allow an action, whatever is denied."""
        return any(block.allows(action) for block in self.permissions)

    def denied_by(self, action: str) -> DenyAssignment | None:
        """The deny assignment that takes an action away, whatever roles there are."""
        named = {_EVERYBODY, self.principal_id.lower()}
        for denial in self.denials:
            spared = self.principal_id.lower() in denial.excluded
            if not spared and named & set(denial.principals) and denial.denied.allows(action):
                return denial
        return None


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each scope at which rights are missing. A login that may write nothing at all is taken
    for one of previews: that is told, and refuses nothing."""
    principal = await ask.principal()
    by_scope: dict[str, list[Planned]] = {}
    for one in (one for one in plan if one.action != USE):
        by_scope.setdefault(await _scope(one, ask), []).append(one)
    unread: list[Unchecked] = []
    known: list[tuple[Effective, list[Planned]]] = []

    async def read(scope: str) -> Iterable[DeploymentFinding]:
        known.append((await _effective(scope, ask, principal, unread), by_scope[scope]))
        return ()

    report = await about_each(NAME, WHAT, by_scope, read)
    may_write = any(
        rights.gives(action) for rights, members in known for one in members for action in actions(one)
    )
    findings = [judged(rights, members, principal) for rights, members in known]
    found = tuple(finding for finding in findings if finding)
    if found and not may_write:
        why = "; ".join(dict.fromkeys(f"{one.text}; {one.fix}" for one in found))
        return report + Report(unchecked=(Unchecked(NAME, "what the deploying login may do", why), *unread))
    return report + Report(found, tuple(unread))


def actions(planned: Planned) -> tuple[str, ...]:
    """What making or deleting a resource takes."""
    verb = "delete" if planned.action == DELETE else "write"
    return (f"{planned.type}/{verb}", *_MORE.get(planned.type.lower(), ()))


def lacking(rights: Effective, planned: Planned) -> tuple[str, ...]:
    """The actions that a login may not do."""
    return tuple(action for action in actions(planned) if not rights.allows(action))


def judged(rights: Effective, members: Sequence[Planned], principal: Principal) -> DeploymentFinding | None:
    """The rights that are missing at a scope, and the commands that give the least."""
    short = [(one, lacking(rights, one)) for one in members]
    missing = tuple(dict.fromkeys(action for _, some in short for action in some))
    if not missing:
        return None
    first = next(one for one, some in short if some)
    denied = [(action, denial) for action in missing if (denial := rights.denied_by(action))]
    if denied:
        action, denial = denied[0]
        text = f"the deny assignment {denial.denied.name!r} at {denial.scope} forbids {action}"
        fix = "have its owner (a deployment stack, an application) exclude this login, or use another group"
        return DeploymentFinding(NAME, first.id, text, fix)
    who = f"the login {principal.object_id} may not do {', '.join(missing)} at {rights.scope}"
    commands = " and ".join(
        f"`az role assignment create --assignee {principal.object_id} "
        f'--role "{role.name}" --scope {rights.scope}`'
        for role in least_roles(missing)
    )
    return DeploymentFinding(NAME, first.id, who, f"an owner can give it with {commands}")


def least_roles(missing: Iterable[str]) -> tuple[Role, ...]:
    """Built-in roles that together allow the actions; narrow ones, unless a wide one is needed anyway."""
    wanted = list(missing)
    chosen = [next((role for role in _ROLES if role.allows(action)), roles.OWNER) for action in wanted]
    wide = [role for role in (roles.OWNER, roles.CONTRIBUTOR) if role in chosen]
    for role in wide:
        chosen = [role if role.allows(action) else one for action, one in zip(wanted, chosen, strict=True)]
    return tuple(dict.fromkeys(chosen))


async def _scope(planned: Planned, ask: Questions) -> str:
    """Where the rights for a resource are asked: its group if that exists, or else the subscription."""
    try:
        exists = await ask.group_exists(planned.group_id)
    except UnansweredQuestionError:
        exists = True
    return planned.group_id if exists else subscription_scope(planned.id)


async def _effective(scope: str, ask: Questions, principal: Principal, unread: list[Unchecked]) -> Effective:
    blocks = await ask.list(arm_ids.child(scope, PERMISSIONS), VERSION)
    given = tuple(adapters.permissions(block) for block in blocks)
    try:
        denials = await ask.list(arm_ids.child(scope, arm_ids.DENY_ASSIGNMENT), VERSION)
    except UnansweredQuestionError as unanswered:
        denials = []
        unread.append(Unchecked(NAME, "whether a deny assignment forbids it", str(unanswered)))
    above = [adapters.deny_assignment(one) for one in denials]
    counting = tuple(one for one in above if arm_ids.covers(one.scope, scope))
    return Effective(scope, given, counting, principal.object_id)
