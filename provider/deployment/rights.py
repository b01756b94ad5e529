"""Whether this login may write what is about to be made.

Sources: Microsoft.Authorization Permissions_ListForResourceGroup and DenyAssignments_ListForScope 2022-04-01
(azure-rest-api-specs); that permissions can be listed for a subscription is assumed, as the portal does it.
Operations: learn.microsoft.com/azure/role-based-access-control/permissions; what linking takes:
azure/private-link/rbac-permissions, azure/dns/dns-protect-private-zones-recordsets,
azure/storage/common/storage-network-security (service endpoints), JimGBritt/AzurePolicy#17 (workspaces),
azure/azure-monitor/platform/diagnostic-settings (event hubs; that storage takes the same is assumed). A
group or resource that is not there yet inherits what its subscription gives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from core import adapters, arm_ids, roles
from core.api_versions import AUTHORIZATION
from core.facts import EVERYBODY, DenyAssignment
from core.roles import Permissions, Role
from provider.azure_client import Principal
from provider.deployment.model import (
    CREATE,
    DELETE,
    UPDATE,
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
_UNREADABLE: Final = ("microsoft.keyvault/vaults/accesspolicies",)
"""Types that are written and never read."""
_READ_KEY: Final = (f"{arm_ids.KEY}/read", f"{arm_ids.KEY}/versions/read")
"""What it takes to follow a key's newest version."""
_JOIN_SERVICE_ENDPOINT: Final = (
    "properties.networkAcls.virtualNetworkRules.id",
    f"{arm_ids.SUBNET}/joinViaServiceEndpoint/action",
)
_LINKED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    arm_ids.VAULT.lower(): (_JOIN_SERVICE_ENDPOINT,),
    arm_ids.ACCOUNT.lower(): (
        _JOIN_SERVICE_ENDPOINT,
        ("identity.userAssignedIdentities", f"{arm_ids.USER_ASSIGNED_IDENTITY}/assign/action"),
    ),
    arm_ids.DIAGNOSTIC_SETTING.lower(): (
        ("properties.workspaceId", f"{arm_ids.WORKSPACE}/sharedKeys/action"),
        ("properties.storageAccountId", f"{arm_ids.STORAGE_ACCOUNT}/listKeys/action"),
        ("properties.eventHubAuthorizationRuleId", f"{arm_ids.EVENT_HUB_RULE}/listKeys/action"),
    ),
    arm_ids.PRIVATE_ENDPOINT.lower(): (
        ("properties.subnet.id", f"{arm_ids.SUBNET}/join/action"),
        (
            "properties.privateLinkServiceConnections.properties.privateLinkServiceId",
            "{type}/privateEndpointConnectionsApproval/action",
        ),
    ),
    arm_ids.DNS_ZONE_GROUP.lower(): (
        (
            "properties.privateDnsZoneConfigs.properties.privateDnsZoneId",
            f"{arm_ids.PRIVATE_DNS_ZONE}/join/action",
        ),
    ),
    arm_ids.DNS_ZONE_LINK.lower(): (
        ("properties.virtualNetwork.id", "Microsoft.Network/virtualNetworks/join/action"),
    ),
}
"""Where a body refers to other resources, and the action that linking each takes. `{type}` is its type."""
_POLL_NETWORK: Final = "Microsoft.Network/locations/operations/read"
_POLL_DNS: Final = "Microsoft.Network/privateDnsOperationStatuses/read"
_POLLED: Final = {
    **dict.fromkeys((arm_ids.PRIVATE_ENDPOINT.lower(), arm_ids.DNS_ZONE_GROUP.lower()), _POLL_NETWORK),
    **dict.fromkeys((arm_ids.PRIVATE_DNS_ZONE.lower(), arm_ids.DNS_ZONE_LINK.lower()), _POLL_DNS),
}
"""What following the operation of a write takes: on the subscription, or on the zone's group."""
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
        named = {EVERYBODY, self.principal_id.lower()}
        for denial in self.denials:
            spared = self.principal_id.lower() in denial.excluded
            if not spared and named & set(denial.principals) and denial.denied.allows(action):
                return denial
        return None


@dataclass(frozen=True)
class Need:
    """An action that making or deleting a resource takes, and the ARM id that it is done on."""

    planned: Planned
    action: str
    at: str


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each scope at which rights are missing. A login that may write nothing at all is taken
    for one of previews: that is told, and refuses nothing."""
    principal = await ask.principal()
    made = {one.id.lower() for one in plan if one.action == CREATE}
    by_scope: dict[str, list[Need]] = {}
    for need in (need for one in plan for need in needs(one)):
        by_scope.setdefault(await _scope(need.at, made, ask), []).append(need)
    unread: list[Unchecked] = []
    known: list[tuple[Effective, list[Need]]] = []

    async def read(scope: str) -> Iterable[DeploymentFinding]:
        known.append((await _effective(scope, ask, principal, unread), by_scope[scope]))
        return ()

    report = await about_each(NAME, WHAT, by_scope, read)
    may_write = any(
        rights.gives(need.action)
        for rights, members in known
        for need in members
        if not need.action.endswith("/read")
    )
    findings = [judged(rights, members, principal) for rights, members in known]
    found = tuple(finding for finding in findings if finding)
    if found and not may_write:
        why = "; ".join(dict.fromkeys(f"{one.text}; {one.fix}" for one in found))
        return report + Report(unchecked=(Unchecked(NAME, "what the deploying login may do", why), *unread))
    return report + Report(found, tuple(unread))


def needs(planned: Planned) -> Iterator[Need]:
    """What making, changing or deleting a resource takes. Its provider looks for it before it writes."""
    if planned.action == UPDATE:
        yield Need(planned, f"{planned.type}/write", planned.id)
        return
    if planned.action == DELETE:
        yield Need(planned, f"{planned.type}/delete", planned.id)
        return
    if arm_ids.same(planned.type, arm_ids.KEY):
        for action in _READ_KEY:
            yield Need(planned, action, planned.id)
    if planned.action == USE:
        return
    for verb in ("write",) if planned.type.lower() in _UNREADABLE else ("read", "write"):
        yield Need(planned, f"{planned.type}/{verb}", planned.id)
    for path, action in _LINKED.get(planned.type.lower(), ()):
        for id in _ids(planned.content, path.split(".")):
            yield Need(planned, action.replace("{type}", arm_ids.parse(id).type), id)
    if action := _POLLED.get(planned.type.lower(), ""):
        group = arm_ids.parse(planned.id).scope
        yield Need(planned, action, subscription_scope(group) if action == _POLL_NETWORK else group)


def _ids(value: object, path: Sequence[str]) -> Iterator[str]:
    """The ids at a path of a body: texts or the names of an object; a list stands for each of its items."""
    if isinstance(value, (list, tuple)) or (isinstance(value, Mapping) and not path):
        for item in value:
            yield from _ids(item, path)
    elif isinstance(value, Mapping):
        yield from _ids(value.get(path[0]), path[1:])
    elif isinstance(value, str) and not path and value.lower().startswith("/subscriptions/"):
        yield value


def judged(rights: Effective, members: Sequence[Need], principal: Principal) -> DeploymentFinding | None:
    """The rights that are missing at a scope, and the commands that give the least."""
    short = [need for need in members if not rights.allows(need.action)]
    if not short:
        return None
    missing, first = tuple(dict.fromkeys(need.action for need in short)), short[0].planned
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


async def _scope(id: str, made: Collection[str], ask: Questions) -> str:
    """Where the rights on an id are asked: the innermost scope that exists, since a role may be given on a
    single subnet or vault; `made` are the ids, in lower case, that do not exist yet."""
    while id.lower() in made:
        id = _above(id)
    with suppress(UnansweredQuestionError):  # told where the rights are read
        while id != subscription_scope(id) and not await ask.get(
            arm_ids.child(id, PERMISSIONS), AUTHORIZATION
        ):
            id = _above(id)
    return id


def _above(id: str) -> str:
    """The scope that an id is in: the resource that it extends or is nested in, its group, or the
    subscription."""
    if "/providers/" not in id.lower():
        return subscription_scope(id)
    scope, inside = id[: (at := id.lower().rindex("/providers/"))], id[at:].strip("/").split("/")
    return scope if len(inside) <= 4 else id.rpartition("/")[0].rpartition("/")[0]


async def _effective(scope: str, ask: Questions, principal: Principal, unread: list[Unchecked]) -> Effective:
    blocks = await ask.list(arm_ids.child(scope, PERMISSIONS), AUTHORIZATION)
    given = tuple(adapters.permissions(block) for block in blocks)
    try:
        denials = await ask.list(arm_ids.child(scope, arm_ids.DENY_ASSIGNMENT), AUTHORIZATION)
    except UnansweredQuestionError as unanswered:
        denials = []
        unread.append(Unchecked(NAME, "whether a deny assignment forbids it", str(unanswered)))
    above = [adapters.deny_assignment(one) for one in denials]
    counting = tuple(one for one in above if one.applies_below and arm_ids.covers(one.scope, scope))
    return Effective(scope, given, counting, principal.object_id)
