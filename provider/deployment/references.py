"""Whether what is referred to by id exists, whether the vault and the key that an account is yet to be bound
in meet the demands of core/demands.py, and whether storage lets in what is to write to it.

Sources: azure-rest-api-specs, the GET of each type; what Azure Monitor demands of storage:
learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings, "Destination limitations". A type
without an API version is not looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from core import adapters, arm_ids, demands, regions
from provider.deployment.model import USE, VERSIONS, DeploymentFinding, Planned, Report
from provider.deployment.questions import Questions, about_each

NAME: Final = "references"
WHAT: Final = "whether what is referred to by id exists and can be used"
_RECOVERED: Final = {arm_ids.VAULT.lower(): "--name", arm_ids.MANAGED_HSM.lower(): "--hsm-name"}
_OF_A_KEY: Final = (*_RECOVERED, arm_ids.KEY.lower())


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each id of something that does not exist, or cannot be used. Of vaults and keys those are
    looked up that say where the account is."""
    used = {
        one.id.lower(): one
        for one in plan
        if one.action == USE
        and one.type.lower() in VERSIONS
        and (one.location or one.type.lower() not in _OF_A_KEY)
    }

    async def judge(one: Planned) -> Iterable[DeploymentFinding]:
        answer = await ask.get(one.id, VERSIONS[one.type.lower()])
        if answer is not None:
            if one.type.lower() == arm_ids.STORAGE_ACCOUNT.lower():
                return _storage(one, answer)
            return _demands(one, answer) if one.type.lower() in _OF_A_KEY else ()
        way = "make it first"
        if option := _RECOVERED.get(one.type.lower()):
            where = f" --location {one.location}" if option == "--hsm-name" else ""
            way = f"run `az keyvault recover {option} {one.name}{where}` if it was deleted"
        text = f"{one.label} does not exist: {one.id}"
        return [DeploymentFinding(NAME, one.id, text, f"correct {one.setting}, or {way}")]

    return await about_each(NAME, WHAT, used.values(), judge)


def _storage(one: Planned, found: Mapping[str, Any]) -> Iterator[DeploymentFinding]:
    """What keeps out Azure Monitor, which then drops the logs and tells nobody, or the account that the
    storage is linked to: the content has its kind then, and a rule of the firewall may admit it, too."""
    rules = (found.get("properties") or {}).get("networkAcls") or {}
    admits_it = bool(one.kind and rules.get("resourceAccessRules"))
    admits_it |= "azureservices" in str(rules.get("bypass")).lower()
    if str(rules.get("defaultAction")).lower() == "deny" and not admits_it:
        text = f"the firewall of {one.label} does not admit trusted Microsoft services"
        admitted = [word for word in re.findall(r"\w+", rules.get("bypass") or "") if word != "None"]
        # Any combination, such as `Logging, Metrics`: azure-rest-api-specs, Microsoft.Storage, NetworkRuleSet.
        # That the option takes several words and replaces all is assumed.
        words = " ".join([*admitted, "AzureServices"])
        fix = f"run `az storage account update --name {one.name} --bypass {words}`"
        yield DeploymentFinding(NAME, one.id, text, fix)
    if not one.kind and str((found.get("sku") or {}).get("name")).lower().startswith("premium"):
        text = f"{one.label} has a premium tier, and Azure Monitor sends no logs to premium storage"
        yield DeploymentFinding(NAME, one.id, text, f"set {one.setting} to one of a standard tier")


def _demands(one: Planned, found: Mapping[str, Any]) -> Iterator[DeploymentFinding]:
    """What the service demands of a vault, or of a key, for an account in the region of the content."""
    if one.type.lower() == arm_ids.KEY.lower():
        judged: list[demands.Judgement | None] = [
            *demands.judge(None, None, adapters.key(found), kind=one.kind)
        ]
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
        yield DeploymentFinding(NAME, one.id, f"the {one.label} cannot be used: {unmet.text}", fix)
