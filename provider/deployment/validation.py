"""What Azure itself would refuse: it validates a template of the resources that are about to be made.

One question for each resource group that exists, and one for all that are yet to be made. Azure judges rights
first: if some are missing, the same question without rights follows, so that everything is told at once.
Sources: docs/azure-facts.md, azure-rest-api-specs, Deployments_Validate 2025-04-01. The validation does not
cover names that are taken, locks, terms, and the rights to delete and to read. More resources than a template
may have are asked about in parts, as if those of the deployments inside it counted.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from core import adapters, arm_ids, arm_template, roles
from core.api_versions import AUTHORIZATION, DEPLOYMENTS, IDENTITIES, RESOURCES
from core.environment import IGNORES_VALIDATION
from provider.deployment import model
from provider.deployment.model import DeploymentFinding, Planned, Report, Unchecked
from provider.deployment.questions import Questions, UnansweredQuestionError
from provider.failure import ServiceError

NAME: Final = "validation"
RIGHTS, DENIALS = f"{NAME}: rights", f"{NAME}: policies"
"""The checks of findings that only Azure's validation can make."""
WHAT: Final = "what Azure's own validation would refuse"
RIGHTS_WHAT: Final = "what the deploying login may do"
PERMISSIONS: Final = "Microsoft.Authorization/permissions"
_DISALLOWED, _RIGHTS = "RequestDisallowedByPolicy", "AuthorizationFailed"
_OF_THE_TEMPLATE: Final = ("ForbiddenByRbac", "ParentResourceNotFound", "ResourceNotFound", "NotFound")
"""Refusals of the template that the update itself would not get: a vault refuses a login to which the update
first gives the role to read keys, and Azure refuses a resource that the update makes only after another one.
Whether other resources exist is looked up (checks.py)."""
_LATER: Final = (arm_ids.ROLE_ASSIGNMENT.lower(), model.ACCESS_POLICY)
"""Types that name an identity that another resource has yet to make, so that their values are known later."""
_MISSING: Final = re.compile(
    r"perform action(?:\(s\))? '(?P<action>[^']+)' (?:at|on|on the linked) scope(?:\(s\))? '(?P<scope>[^']+)'"
    r"(?!; however, it does)(?:; however.*? deny assignment with name '(?P<denial>[^']+)' and Id '[^']+' "
    r"at scope '(?P<at>[^']+)')?"
)
"""An action that is missing, its scope, and the deny assignment that takes it away, in Azure's refusals."""
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


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each refusal of a resource that is made."""
    login = (await ask.principal()).object_id
    made = {_written(resource).lower() for resource in plan if resource.action == model.CREATE}
    asked: defaultdict[str, list[Planned]] = defaultdict(list)
    freed = {resource.name.lower() for resource in plan if resource.action == model.DELETE}
    for resource in plan:
        if _is_asked(resource, freed):
            asked[_existing(resource.id, made).lower()].append(resource)
    parts = [part for some in asked.values() for part in _parts(some)]
    return sum(await asyncio.gather(*(_validated(part, made, login, ask) for part in parts)), Report())


def _parts(members: Sequence[Planned]) -> Iterator[list[Planned]]:
    """The members in parts that a template can hold, with a deployment for each group. A group is never
    divided. If a part names what another part makes, Azure answers that it does not exist, which is not told
    (`_OF_THE_TEMPLATE`)."""
    part: list[Planned] = []
    size = 0
    for group in model.by_group(members):
        size += len(group) + 1
        if part and size > arm_template.MOST_RESOURCES:
            yield part
            part, size = [], len(group) + 1
        part += group
    yield part


def _is_asked(one: Planned, freed: Collection[str]) -> bool:
    """Whether a resource can be validated as a new one. One whose name the update frees first cannot."""
    known = one.type == model.GROUP or one.type.lower() in model.VERSIONS
    below_freed = any(part.lower() in freed for part in one.id.split("/")[5:])
    return known and one.action == model.CREATE and not below_freed


async def _validated(members: Sequence[Planned], made: set[str], login: str, ask: Questions) -> Report:
    scope = _existing(members[0].id, made)
    path = arm_ids.child(scope, arm_ids.DEPLOYMENT, "language-cmk")
    try:
        refusal = await ask.refusal(path, _body(scope, members, arm_template.PROVIDER))
        missing = _missing(refusal)
        if not missing:
            return await _report(refusal, members, ask)
        rest = await ask.refusal(path, _body(scope, members, arm_template.NO_RBAC))
        report = await _report(rest, members, ask)
        # What only the question takes refuses nothing.
        lacking = [
            refused
            for refused in missing
            if not arm_ids.same(refused["action"], f"{arm_ids.DEPLOYMENT}/write")
        ]
        if len(lacking) < len(missing):
            why = f"this login may not do {arm_ids.DEPLOYMENT}/write, which it needs to ask about new groups"
            report += Report(unchecked=(Unchecked(NAME, RIGHTS_WHAT, why),))
        rights = tuple(_rights(lacking, members, made, login))
        denied = any(refused["denial"] for refused in lacking)
        if denied or len({refused["scope"] for refused in lacking}) < len(members):
            return report + Report(rights)
        # A login that may write nothing is taken for one of previews: that is told, and refuses nothing.
        why = "; ".join(f"{finding.text}; {finding.fix}" for finding in rights)
        return report + Report(unchecked=(Unchecked(NAME, RIGHTS_WHAT, why),))
    except UnansweredQuestionError as unanswered:
        return Report(unchecked=(Unchecked(NAME, WHAT, str(unanswered)),))


def _body(scope: str, members: Sequence[Planned], level: str) -> dict[str, Any]:
    """The deployment of some resources at a group, or at a subscription with its new groups."""
    if "/resourcegroups/" in scope.lower():
        return {"properties": arm_template.properties([_resource(member) for member in members], level)}
    resources: list[dict[str, Any]] = []
    inside: defaultdict[str, list[Planned]] = defaultdict(list)
    for member in members:
        if member.type == model.GROUP:
            body = {
                "type": "Microsoft.Resources/resourceGroups",
                "apiVersion": RESOURCES,
                "name": member.name,
            }
            resources.append({**member.content, **body})
        else:
            inside[arm_ids.group_of(member.id)].append(member)
    for group, some in inside.items():
        nested = arm_template.properties([_resource(member) for member in some], level)
        deployment = {"type": arm_ids.DEPLOYMENT, "apiVersion": DEPLOYMENTS, "name": f"{group[:60]}-in"}
        resources.append({**deployment, "resourceGroup": group, "properties": nested})
    location = next((member.location for member in members if member.location), "westeurope")
    return {"location": location, "properties": arm_template.properties(resources, level)}


def _resource(one: Planned) -> dict[str, Any]:
    """A resource of a template."""
    id, content = arm_ids.parse(_written(one)), one.content
    found = {
        **{word: value for word, value in content.items() if word not in ("type", "name")},
        "type": id.type,
        "apiVersion": model.VERSIONS[id.type.lower()],
        "name": "/".join(id.names),
    }
    if "/providers/" in id.scope.lower():
        found["scope"] = id.scope[id.scope.lower().rindex("/providers/") + len("/providers/") :]
    if arm_ids.same(id.type, arm_ids.VAULT):
        # Key Vault asks for the list, which azure-native adds.
        found["properties"] = {"accessPolicies": [], **(content.get("properties") or {})}
    if id.type.lower() in _LATER:
        later = f"{one.group_id}/providers/{arm_ids.USER_ASSIGNED_IDENTITY}/later"
        principal = f"[reference('{later}', '{IDENTITIES}').principalId]"
        properties = content.get("properties") or {}
        if policy := properties.get("policy"):
            found["properties"] = {"accessPolicies": [{**policy, "objectId": principal}]}
        else:
            found["properties"] = {**properties, "principalId": principal}
    return found


def _missing(refusal: ServiceError | None) -> list[re.Match[str]]:
    """The missing actions that a refusal names: one match of `_MISSING` for each."""
    if refusal is None:
        return []
    whole = () if refusal.details else (refusal.text,)
    texts = [one.text for one in refusal.details if one.code.endswith(_RIGHTS)] or whole
    return [*{one[0]: one for text in texts for one in _MISSING.finditer(text)}.values()]


async def _report(refusal: ServiceError | None, members: Sequence[Planned], ask: Questions) -> Report:
    """The findings of a refusal, by resource."""
    if refusal is None:
        return Report()
    found: dict[str, DeploymentFinding] = {}
    for detail in refusal.details or [refusal]:
        about = _about(detail.target, members, detail.text)
        if detail.code.endswith(_RIGHTS) or detail.code in _OF_THE_TEMPLATE:
            continue
        if detail.code == "MissingSubscriptionRegistration" and await _registers(about, ask):
            continue
        text = f"Azure would refuse {about.label}: {detail.code}: {detail.text}"
        check = DENIALS if detail.code == _DISALLOWED else NAME
        found.setdefault(detail.text, DeploymentFinding(check, about.id, text, _fix(detail, about)))
    return Report(tuple(found.values()))


def _about(target: str, members: Sequence[Planned], text: str = "") -> Planned:
    """The resource that a refusal is about: Azure names it by its id, its name or its provider, as the target
    or in the text."""
    named = target.lower()
    ids = [member for member in members if arm_ids.same(_written(member), target)]
    names = [member for member in members if named in (member.name.lower(), member.namespace.lower())]
    told = [member for member in members if f"'{member.name}'".lower() in text.lower()]
    return next(iter((*ids, *names, *told, *members)))


def _fix(detail: ServiceError, about: Planned) -> str:
    if detail.code == "MissingSubscriptionRegistration":
        command = f"az provider register --namespace {about.namespace} --wait"
        return f"have somebody with that right run `{command}`"
    if detail.code != _DISALLOWED:
        return (
            "change what the stack declares so that Azure takes it; "
            f"{IGNORES_VALIDATION}=1 has an update try it all the same"
        )
    way = "change the settings so that they meet the policy"
    if about.bound is not None:
        way += ", or set identity: userAssigned, by which the account is made with its key"
    scope = about.group_id if about.type != model.GROUP else model.subscription_scope(about.id)
    assigned = re.search(rf"/[^\"']*/{arm_ids.POLICY_ASSIGNMENT}/[^\"']+", detail.text, re.IGNORECASE)
    return (
        f"{way}, or have its owner exempt this with `az policy exemption create --name language-cmk "
        f"--policy-assignment {assigned[0] if assigned else 'ID'} --exemption-category Waiver "
        f"--scope {scope}`"
    )


async def _registers(about: Planned, ask: Questions) -> bool:
    """Whether the login may register a provider: the client then does so by itself."""
    path = arm_ids.child(model.subscription_scope(about.id), PERMISSIONS)
    action = f"{about.namespace}/register/action"
    try:
        blocks = await ask.list(path, AUTHORIZATION)
    except UnansweredQuestionError:
        return False
    return any(adapters.permissions(block).allows(action) for block in blocks)


def _rights(
    missing: Iterable[re.Match[str]], members: Sequence[Planned], made: set[str], login: str
) -> Iterator[DeploymentFinding]:
    """The missing rights, by the innermost scope that exists, with commands that give narrow roles at that
    scope alone: a right on somebody else's vault or key should not become a right on its whole group."""
    by_scope: defaultdict[str, list[re.Match[str]]] = defaultdict(list)
    for one in missing:
        target = one["scope"]
        if one["denial"]:
            said = f"the deny assignment {one['denial']!r} at {one['at']} forbids {one['action']}"
            fix = "have its owner (a deployment stack, an application) exclude this login"
            about = _about(target, members).id
            yield DeploymentFinding(RIGHTS, about, f"Azure would refuse this login: {said}", fix)
        else:
            while target.lower() in made or f"/{arm_ids.DEPLOYMENT}/".lower() in target.lower():
                target = _above(target)
            by_scope[target].append(one)
    for scope, some in by_scope.items():
        actions = [*dict.fromkeys(one["action"] for one in some)]
        text = f"Azure would refuse this login: {login} may not do {', '.join(actions)} at {scope}"
        given = dict.fromkeys(
            next((role for role in _ROLES if role.allows(action)), roles.OWNER) for action in actions
        )
        commands = " and ".join(
            f'`az role assignment create --assignee {login} --role "{role.name}" --scope {scope}`'
            for role in given
        )
        about = _about(some[0]["scope"], members).id
        yield DeploymentFinding(RIGHTS, about, text, f"an owner can give it with {commands}")


def _existing(id: str, made: set[str]) -> str:
    """The group that an id is in, or is; the subscription if there is no group, or the group does not exist
    yet."""
    group = model.group_of(id)
    is_there = "/resourcegroups/" in group.lower() and group.lower() not in made
    return group if is_there else model.subscription_scope(id)


def _above(id: str) -> str:
    """The scope that an id is in: the resource that it extends or is nested in, its group, or the
    subscription."""
    if "/providers/" not in id.lower():
        return model.subscription_scope(id)
    scope, inside = id[: (at := id.lower().rindex("/providers/"))], id[at:].strip("/").split("/")
    return scope if len(inside) <= 4 else id.rpartition("/")[0].rpartition("/")[0]


def _written(one: Planned) -> str:
    """The id under which a template writes a resource: the name of a role assignment is not known yet."""
    if not arm_ids.same(one.type, arm_ids.ROLE_ASSIGNMENT):
        return one.id
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{one.id}|{one.setting}".lower())
    return f"{one.id.rpartition('/')[0]}/{name}"
