"""The checks and how they run: Azure's own validation, and this project's checks of what no validation tells.

The project's own checks are about names that are taken, locks, things that are referred to by id, and terms.
Sources: azure-rest-api-specs (Vaults_CheckNameAvailability, CheckDomainAvailability,
ManagementLocks_ListByScope 2020-05-01, the GET of each type); below learn.microsoft.com/azure:
azure-resource-manager/management/ lock-resources (levels, inheritance),
azure-monitor/platform/diagnostic-settings (Destination limitations).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from core import adapters, arm_ids, demands, kinds, regions, values
from core.api_versions import ACCOUNTS, AZURE_NATIVE_KEYS, LOCKS, RESOURCES, VAULTS, VAULTS_RETIRE_ON
from core.arm_ids import MalformedError
from core.commands import adopt, take_over
from core.facts import HOURS_HELD
from provider.deployment import model, validation
from provider.deployment.model import DeploymentFinding, Planned, Report, Unchecked
from provider.deployment.questions import Questions, UnansweredQuestionError, about_each

Found = Iterable[DeploymentFinding]
NAMES, LOCKED, REFERENCES, TERMS, ENDED = "names", "locks", "references", "terms", "api-versions"
_VAULT, _ACCOUNT = arm_ids.VAULT.lower(), arm_ids.ACCOUNT.lower()


async def run(plan: Sequence[Planned], ask: Questions) -> Report:
    """Runs all checks at the same time. Their answers say which day it is for Azure."""
    report = sum(await asyncio.gather(*(check(plan, ask) for check in CHECKS.values())), Report())
    report += Report(tuple(ended_versions(plan, ask.answered_at)))
    # What a check of our own tells of a resource, with its way out, is not told again in Azure's words.
    told = {one.id.lower() for one in report.findings if one.check in (NAMES, REFERENCES)}
    findings = (one for one in report.findings if one.check != validation.NAME or one.id.lower() not in told)
    return replace(report, findings=tuple(findings))


def ended_versions(plan: Sequence[Planned], answered_at: float) -> Iterator[DeploymentFinding]:
    """A finding for each resource that would be made by a version of Key Vault's API which Azure refuses by
    its own clock; `answered_at` in seconds since 1970."""
    if datetime.fromtimestamp(answered_at, UTC).date() < VAULTS_RETIRE_ON:
        return
    for one in plan:
        version = one.content.get("apiVersion") or VAULTS
        if one.action == model.CREATE and version < VAULTS:
            newest = ".".join(map(str, AZURE_NATIVE_KEYS))
            yield DeploymentFinding(
                ENDED,
                one.id,
                f"azure-native would make {one.label} by API version {version}, which Azure refuses from "
                f"{VAULTS_RETIRE_ON:%d %B %Y} on; releases up to {newest} do",
                "run `pip install --upgrade pulumi-azure-native` for a later release, or use an existing one "
                f"with {one.existing_setting}",
            )


def planned(given: Mapping[str, Any]) -> Planned:
    """A planned resource from a caller's object. Raises MalformedError."""
    if not isinstance(given, Mapping):
        raise MalformedError(f"found {given!r}; expected an object")
    known = {"existingSetting" if one.name == "existing_setting" else one.name for one in fields(Planned)}
    if unknown := sorted(set(given) - known):
        raise MalformedError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    named = {"existing_setting" if name == "existingSetting" else name: given[name] for name in given}
    found = Planned(**{name: value for name, value in named.items() if value is not None})
    if not isinstance(found.id, str) or not found.id.lower().startswith("/subscriptions/"):
        raise MalformedError(f"id is {found.id!r}; expected the ARM id of a resource or a resource group")
    if found.action not in model.ACTIONS:
        raise MalformedError(f"action is {found.action!r}; expected one of {', '.join(model.ACTIONS)}")
    _ = found.type  # raises for an id that is none
    return replace(found, id=found.id.rstrip("/"))


async def names(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each name that is taken: by a resource in the same group, or, of vaults and subdomains,
    anywhere in the world."""
    own_groups = {resource.id.lower() for resource in plan if resource.type == model.GROUP}
    made = model.by_group(resource for resource in plan if resource.action == model.CREATE)

    async def judge(members: Sequence[Planned]) -> Found:
        group_id = members[-1].group_id
        group = await ask.get(group_id, RESOURCES)
        if group is None and group_id.lower() not in own_groups:
            return [_no_group(members)]
        existing: dict[str, Mapping[str, Any]] = {}
        if group is not None:
            inside = await ask.list(f"{group_id}/resources", RESOURCES)
            existing = {group_id.lower(): group, **{str(body["id"]).lower(): body for body in inside}}
        here = [
            _taken_here(resource, existing[resource.id.lower()])
            for resource in members
            if resource.id.lower() in existing
        ]
        others = (resource for resource in members if resource.id.lower() not in existing)
        elsewhere = await asyncio.gather(*(_taken_in_the_world(resource, ask) for resource in others))
        return [*here, *filter(None, elsewhere)]

    return await about_each(NAMES, "whether the names are free", made, judge)


def _no_group(members: Sequence[Planned]) -> DeploymentFinding:
    one = members[0]
    group = arm_ids.group_of(one.id)
    location = next((other.location for other in members if other.location), "REGION")
    text = f"{one.label} would be created in resource group {group!r}, which does not exist"
    fix = f"create it with `az group create --name {group} --location {location}`, or name one that exists"
    return DeploymentFinding(NAMES, one.id, text, fix)


def _taken_here(one: Planned, found: Mapping[str, Any]) -> DeploymentFinding:
    tags = ", ".join(f"{name}={value}" for name, value in sorted((found.get("tags") or {}).items()))
    text = f"{one.label} exists already at {found.get('id', one.id)}"
    text += f", tagged {tags}," if tags else ""
    way = f"give another {one.setting}"
    if one.existing_setting:
        value = one.name if one.type == model.GROUP else one.id
        way += f" or use the existing one with {one.existing_setting}: {value}"
    ways = [way, take_over()]
    if one.type.lower() == _ACCOUNT:
        ways.append(adopt(one.id))
    return DeploymentFinding(NAMES, one.id, f"{text} and this stack does not record it", "; ".join(ways))


_UNIQUE: Final = {
    _VAULT: (
        "Microsoft.KeyVault/checkNameAvailability",
        VAULTS,
        ("name", "nameAvailable", "message"),
        "by a vault of another subscription or tenant, or by a deleted one that can come back",
    ),
    _ACCOUNT: (
        "Microsoft.CognitiveServices/checkDomainAvailability",
        ACCOUNTS,
        ("subdomainName", "isSubdomainAvailable", "reason"),
        f"by an account somewhere, or by one that was deleted in the last {HOURS_HELD} hours",
    ),
}
"""For each type whose names are unique in the world: the question, its API version, the words of the question
and of the answer, and who may hold a name that is taken."""


async def _taken_in_the_world(one: Planned, ask: Questions) -> DeploymentFinding | None:
    if one.type.lower() not in _UNIQUE:
        return None
    question, version, (name, is_free, why), holder = _UNIQUE[one.type.lower()]
    path = arm_ids.of_subscription(arm_ids.subscription_of(one.id), question)
    answer = await ask.post(path, version, {name: one.name, "type": one.type})
    if answer.get(is_free) is not False:
        return None
    text = f"the name of {one.label} is unique in the world and is taken, most likely {holder}"
    # Azure lists deleted resources late (assumed), and only those that are listed can be recovered.
    fix = f"give another {one.setting}; if it was just deleted, run the same command again in a minute"
    return DeploymentFinding(NAMES, one.id, f"{text} (Azure: {answer.get(why)})", fix)


_VERBS: Final = {model.CREATE: "making", model.UPDATE: "changing", model.DELETE: "deleting"}


async def locks(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each lock on the way: ReadOnly forbids every write, CanNotDelete a delete. For resources
    that may be changed, a finding for each: the caller looks up the one that is."""
    written = model.by_group(one for one in plan if one.action != model.USE)

    async def judge(members: Sequence[Planned]) -> Found:
        group_id = members[-1].group_id
        # What is deleted already is in no group.
        exists = "/resourcegroups/" in group_id.lower() and await ask.get(group_id, RESOURCES) is not None
        scope = group_id if exists else model.subscription_scope(group_id)
        found: dict[str, DeploymentFinding] = {}
        for lock in await ask.list(arm_ids.child(scope, arm_ids.LOCK), LOCKS):
            at = str(lock["id"])[: str(lock["id"]).lower().rindex("/providers/")]
            level = str((lock.get("properties") or {}).get("level"))
            for one in members:
                if _forbids(level, at, one):
                    text = f"the lock {lock.get('name')!r} ({level}) at {at} forbids {_VERBS[one.action]}"
                    fix = f"its owner removes it for this update with `az lock delete --ids {lock['id']}`"
                    told = DeploymentFinding(LOCKED, one.id, f"{text} {one.label}", fix)
                    about = one.id if one.action == model.UPDATE else ""
                    found.setdefault(f"{lock['id']} {about}".lower(), told)
        return found.values()

    return await about_each(LOCKED, "whether a lock forbids it", written, judge)


def _forbids(level: str, scope: str, one: Planned) -> bool:
    if arm_ids.same(one.type, arm_ids.LOCK) and one.action == model.DELETE:
        return False  # a lock does not keep itself
    if not arm_ids.covers(scope, one.id):
        # A delete takes what is inside along, locked or not.
        return one.action == model.DELETE and arm_ids.covers(one.id, scope)
    return level == "ReadOnly" or one.action == model.DELETE


_RECOVERED: Final = {_VAULT: "--name", arm_ids.MANAGED_HSM.lower(): "--hsm-name"}
_OF_A_KEY: Final = (*_RECOVERED, arm_ids.KEY.lower())


async def references(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each id whose resource does not exist or cannot be used. The vault and the key of an
    account that is not bound yet have to meet the demands of core/demands.py, and storage has to let in the
    services that write to it. Looks up only vaults and keys whose content says where the account is, and only
    types with an API version."""
    used = {
        one.id.lower(): one
        for one in plan
        if one.action == model.USE
        and one.type.lower() in model.VERSIONS
        and (one.location or one.type.lower() not in _OF_A_KEY)
    }

    made_in = {arm_ids.subscription_of(one.id) for one in plan if one.action == model.CREATE}

    async def judge(one: Planned) -> Found:
        type = one.type.lower()
        answer = await ask.get(one.id, model.VERSIONS[type])
        if answer is not None:
            if arm_ids.same(type, arm_ids.STORAGE_ACCOUNT):
                return _storage(one, answer)
            return _demands(one, answer) if type in _OF_A_KEY else ()
        way = "make it first"
        if option := _RECOVERED.get(type):
            where = f" --location {one.location}" if option == "--hsm-name" else ""
            way = f"run `az keyvault recover {option} {one.name}{where}` if it was deleted"
        text = f"{one.label} does not exist: {one.id}"
        subscription = arm_ids.subscription_of(one.id)
        if subscription not in made_in:
            text = (
                f"{one.label} was not found, or this login may not see subscription {subscription}: {one.id}"
            )
        return [DeploymentFinding(REFERENCES, one.id, text, f"correct {one.setting}, or {way}")]

    return await about_each(
        REFERENCES, "whether what is referred to by id exists and can be used", used.values(), judge
    )


def _storage(one: Planned, found: Mapping[str, Any]) -> Iterator[DeploymentFinding]:
    """A finding if the storage keeps out the account that it is linked to. A rule of the firewall may admit
    the account, too."""
    network, rules = adapters.network(found.get("properties")), "properties.networkAcls.resourceAccessRules"
    admits_it = values.get_path(found, rules) or network.admits_trusted_services
    if values.word(network.default_action) == "deny" and not admits_it:
        text = f"the firewall of {one.label} does not admit trusted Microsoft services"
        admitted = [word for word in re.findall(r"\w+", str(network.bypass)) if word != "None"]
        # Any combination, such as `Logging, Metrics`: azure-rest-api-specs, Storage, NetworkRuleSet.
        # That the option takes several words and replaces all is assumed.
        words = " ".join([*admitted, "AzureServices"])
        fix = f"run `az storage account update --name {one.name} --bypass {words}`"
        yield DeploymentFinding(REFERENCES, one.id, text, fix)


def _demands(one: Planned, found: Mapping[str, Any]) -> Iterator[DeploymentFinding]:
    """A finding for each demand of the service that a vault or a key does not meet, for an account in the
    content's region."""
    judged: list[demands.Judgement | None]
    if arm_ids.same(one.type, arm_ids.KEY):
        judged = [*demands.judge(None, None, adapters.key(found), kind=one.kind)]
        places = {"key": (found.get("properties") or {}).get("keyUri") or ""}
    else:
        vault = adapters.vault({**found, "id": one.id})
        tenant_id = (one.content.get("properties") or {}).get("tenantId") or vault.tenant_id
        judged = [
            demands.region(one.location, vault.location, vault.noun),
            demands.tenant(tenant_id, vault.tenant_id, vault.noun),
            *demands.judge(None, vault, None),
        ]
        places = {"vault_id": one.id}
    for unmet in (judgement for judgement in judged if judgement and judgement.unmet):
        fix = unmet.way(**places)
        if unmet.demand == "same-region":
            there = regions.normalised(str(found.get("location")))
            fix = f"set location: {there}, or {one.setting} to one in {one.location}"
        text = f"the {one.label} cannot be used: {unmet.text}"
        yield DeploymentFinding(REFERENCES, one.id, text, fix)


async def terms(plan: Sequence[Planned], ask: Questions) -> Report:
    """Says that terms and forms were not checked. For some kinds, somebody has to accept the Responsible AI
    terms by making the first account in the portal, or Microsoft has to approve a form before it takes a
    customer's key. No API tells whether that was done. A subscription that has such an account already, or
    one under a customer's key, is assumed to have done it."""
    made: dict[tuple[str, str, bool], kinds.AccountKind] = {}
    for resource in plan:
        kind = kinds.find(resource.kind) if resource.type.lower() == _ACCOUNT else None
        if kind and resource.action == model.CREATE:
            if kind.terms:
                made[arm_ids.subscription_of(resource.id), kind.name, False] = kind
            if (
                kind.approval
                and adapters.account(resource.bound or resource.content).encryption.is_customer_managed
            ):
                made[arm_ids.subscription_of(resource.id), kind.name, True] = kind
    found: list[Unchecked] = []
    for (subscription, name, is_form), kind in sorted(made.items(), key=lambda item: item[0]):
        what = f"whether the terms of kind {name} are accepted in the subscription"
        why = (
            "no API tells; if Azure refuses the account for that, make the first one in the portal, which "
            "asks for them"
        )
        if is_form:
            what = f"whether customer-managed keys for kind {name} are approved for the subscription"
            why = "no API tells, and the subscription has none of them under a customer's key; the form is "
            why += kind.approval
        try:
            listed = await ask.list(arm_ids.of_subscription(subscription, arm_ids.ACCOUNT), ACCOUNTS)
            there = [account for account in map(adapters.account, listed) if account.kind == name]
            if any(account.encryption.is_customer_managed or not is_form for account in there):
                continue
        except UnansweredQuestionError as unanswered:
            why = str(unanswered)
        found.append(Unchecked(TERMS, what, why))
    return Report(unchecked=tuple(found))


CHECKS: Final[Mapping[str, Callable[[Sequence[Planned], Questions], Awaitable[Report]]]] = {
    NAMES: names,
    validation.NAME: validation.check,
    LOCKED: locks,
    REFERENCES: references,
    TERMS: terms,
}
"""Each check by its name. A check asks only about resources that are about to be made, deleted or referred
to, and refuses only because of an answer that it read. A resource that this login may not read is reported as
not checked."""
