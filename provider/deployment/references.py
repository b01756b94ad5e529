"""Whether what is referred to by id exists, and can be used as it is: by an account, for its key, or by Azure
Monitor. What the service demands of a vault and a key is in core/demands.py.

Sources: azure-rest-api-specs, the GET of each type, and the shapes of Microsoft.Storage 2023-05-01 and
Microsoft.EventHub 2024-01-01; where Azure Monitor can deliver logs: learn.microsoft.com/azure/azure-monitor/
platform/diagnostic-settings, "Destination limitations"; that an account comes to storage as a trusted
Microsoft service: learn.microsoft.com/azure/ai-services/speech-service/
bring-your-own-storage-speech-resource. A type that is not in the table is not looked up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from core import adapters, arm_ids, demands, facts, regions
from core.api_versions import (
    ACTION_GROUPS,
    EVENT_HUBS,
    PRIVATE_DNS_ZONES,
    STORAGE_ACCOUNTS,
    SUBNETS,
    VAULTS,
    WORKSPACES,
)
from provider.deployment.model import USE, DeploymentFinding, Planned, Report
from provider.deployment.questions import Questions, UnansweredQuestionError, about_each

NAME: Final = "references"
WHAT: Final = "whether what is referred to by id exists and can be used"
VERSIONS: Final[Mapping[str, str]] = {
    arm_ids.SUBNET.lower(): SUBNETS,
    arm_ids.PRIVATE_DNS_ZONE.lower(): PRIVATE_DNS_ZONES,
    arm_ids.WORKSPACE.lower(): WORKSPACES,
    arm_ids.ACTION_GROUP.lower(): ACTION_GROUPS,
    arm_ids.STORAGE_ACCOUNT.lower(): STORAGE_ACCOUNTS,
    arm_ids.EVENT_HUB_RULE.lower(): EVENT_HUBS,
    arm_ids.VAULT.lower(): VAULTS,
    arm_ids.MANAGED_HSM.lower(): VAULTS,
    arm_ids.KEY.lower(): VAULTS,
}
_RIGHTS: Final = ("Manage", "Send", "Listen")
"""What Azure Monitor needs of an event hub."""
_OF_A_KEY: Final = (arm_ids.VAULT.lower(), arm_ids.MANAGED_HSM.lower(), arm_ids.KEY.lower())
Problem = tuple[str, str]
"""What was found, and what to do about it."""


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each id of something that does not exist, or cannot be used."""
    used = {one.id.lower(): one for one in plan if _is_asked(one)}

    async def judge(one: Planned) -> Iterable[DeploymentFinding]:
        answer = await ask.get(one.id, VERSIONS[one.type.lower()])
        if answer is None:
            text = f"{one.label} does not exist: {one.id}"
            return [DeploymentFinding(NAME, one.id, text, f"correct {one.setting}, or {_make(one)}")]
        return [DeploymentFinding(NAME, one.id, *wrong) for wrong in await _problems(one, answer, ask)]

    report = await about_each(NAME, WHAT, used.values(), judge)
    return report + Report(notes=tuple([note async for note in _notes(used.values(), ask)]))


def _is_asked(one: Planned) -> bool:
    """Whether something is looked up: of vaults and keys those that an account is yet to be bound in, which
    say where it is."""
    known = one.action == USE and one.type.lower() in VERSIONS
    return known and (bool(one.location) or one.type.lower() not in _OF_A_KEY)


def _make(one: Planned) -> str:
    """How something may come to be."""
    vault = {arm_ids.VAULT.lower(): "--name", arm_ids.MANAGED_HSM.lower(): "--hsm-name"}
    if option := vault.get(one.type.lower()):
        where = f" --location {one.location}" if option == "--hsm-name" else ""
        return f"run `az keyvault recover {option} {one.name}{where}` if it was deleted"
    return "make it first"


async def _problems(one: Planned, found: Mapping[str, Any], ask: Questions) -> list[Problem]:
    """What is wrong with something as Azure has it; nothing of most types."""
    if _is_linked(one):
        return [*_firewall(one, found, ", so that the account cannot keep its data there", by_rules=True)]
    if one.type.lower() == arm_ids.STORAGE_ACCOUNT.lower():
        there = _region(one, one.label, found)
        return [*there, *_tier(one, found), *_firewall(one, found, ", such as Azure Monitor")]
    if one.type.lower() == arm_ids.EVENT_HUB_RULE.lower():
        parent = arm_ids.parse(one.id).parent
        namespace = await ask.get(parent.text, EVENT_HUBS) or {}
        return [*_region(one, f"event hub namespace {parent.name!r}", namespace), *_rights(one, found)]
    if one.type.lower() in _OF_A_KEY:
        return [*_demands(one, found)]
    return []


def _demands(one: Planned, found: Mapping[str, Any]) -> Iterator[Problem]:
    """What the service demands of a vault, or of a key, for an account in the region of the content."""
    if one.type.lower() == arm_ids.KEY.lower():
        key = adapters.key(found)
        judged: list[demands.Judgement | None] = [*demands.judge(None, None, key, kind=one.kind)]
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
        fix = f"run `{command}`" if (command := unmet.az(**places)) else unmet.command(**places)
        if unmet.demand == "same-region":
            there = regions.normalised(str(found.get("location")))
            fix = f"set location: {there}, or {one.setting} to one in {one.location}"
        yield f"the {one.label} cannot be used: {unmet.text}", fix


async def _notes(used: Iterable[Planned], ask: Questions) -> AsyncIterator[DeploymentFinding]:
    for one in filter(_is_linked, used):
        with suppress(UnansweredQuestionError):
            if answer := await ask.get(one.id, VERSIONS[one.type.lower()]):
                for text, advice in _advice(one, answer):
                    yield DeploymentFinding(NAME, one.id, text, advice)


def _is_linked(one: Planned) -> bool:
    """Whether it is storage for an account's data, whose kind its content has, and not for logs."""
    return one.type.lower() == arm_ids.STORAGE_ACCOUNT.lower() and bool(one.kind)


def _advice(one: Planned, found: Mapping[str, Any]) -> Iterator[Problem]:
    """What refuses nothing: data in the storage is under the storage account's own key, wherever that is."""
    source = str(((found.get("properties") or {}).get("encryption") or {}).get("keySource") or "")
    if source.lower() != facts.CUSTOMER_MANAGED.lower():
        yield (
            f"{one.label} is encrypted with Microsoft-managed keys, and so is what the account keeps there",
            "only a customer-managed key of the storage account's own puts that data under your key",
        )
    there = str(found.get("location") or "")
    if there and not regions.same(there, one.location):
        yield (
            f"{one.label} is in region {there!r}, and the account in {one.location!r}",
            "Microsoft recommends one in the same region",
        )


def _firewall(
    one: Planned, found: Mapping[str, Any], kept_out: str, *, by_rules: bool = False
) -> Iterator[Problem]:
    """`by_rules`: the firewall may admit the account itself instead."""
    rules = (found.get("properties") or {}).get("networkAcls") or {}
    admits = "azureservices" in str(rules.get("bypass") or "").lower()
    admits = admits or (by_rules and bool(rules.get("resourceAccessRules")))
    if str(rules.get("defaultAction") or "").lower() == "deny" and not admits:
        yield (
            f"the firewall of {one.label} does not admit trusted Microsoft services{kept_out}",
            f"run `az storage account update --name {one.name} --bypass AzureServices`",
        )


def _region(one: Planned, label: str, found: Mapping[str, Any]) -> Iterator[Problem]:
    there = str(found.get("location") or "")
    if one.location and there and not regions.same(there, one.location):
        yield (
            f"{label} is in region {there!r}, but its logs come from resources in {one.location!r}",
            f"set {one.setting} to one in the same region",
        )


def _tier(one: Planned, found: Mapping[str, Any]) -> Iterator[Problem]:
    if str((found.get("sku") or {}).get("name") or "").lower().startswith("premium"):
        yield (
            f"{one.label} has a premium tier, and Azure Monitor sends no logs to premium storage",
            f"set {one.setting} to one of a standard tier",
        )


def _rights(one: Planned, found: Mapping[str, Any]) -> Iterator[Problem]:
    given = [str(right) for right in (found.get("properties") or {}).get("rights") or ()]
    missing = [right for right in _RIGHTS if right not in given]
    if missing:
        yield (
            f"{one.label} grants {', '.join(given) or 'no rights'}, and not {', '.join(missing)}",
            f"set {one.setting} to a rule with {', '.join(_RIGHTS)}, such as RootManageSharedAccessKey",
        )
