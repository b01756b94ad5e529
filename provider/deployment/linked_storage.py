"""Whether an account can use a storage account that it is linked to.

Source: learn.microsoft.com/azure/ai-services/speech-service/bring-your-own-storage-speech-resource: the
account comes as a trusted Microsoft service. The shapes are those of azure-rest-api-specs, Microsoft.Storage
2023-05-01.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core import arm_ids, facts, regions
from provider.deployment.model import Planned

Problem = tuple[str, str]
"""What was found, and what to do about it."""


def is_linked(one: Planned) -> bool:
    """Whether it is storage for an account's data, whose kind its content has, and not for logs."""
    return one.type.lower() == arm_ids.STORAGE_ACCOUNT.lower() and bool(one.kind)


def notes(one: Planned, found: Mapping[str, Any]) -> Iterator[Problem]:
    """What refuses nothing: data in the storage is under the storage account's own key, wherever that is."""
    source = str(((found.get("properties") or {}).get("encryption") or {}).get("keySource") or "")
    if source.lower() != facts.CUSTOMER_MANAGED.lower():
        yield (
            f"{one.label} is encrypted with Microsoft-managed keys, and so is what the account keeps there",
            "only a customer-managed key of the storage account's own puts that data under your key",
        )
    there = str(found.get("location") or "")
    if there and regions.normalised(there) != regions.normalised(one.location):
        yield (
            f"{one.label} is in region {there!r}, and the account in {one.location!r}",
            "Microsoft recommends one in the same region",
        )


def problems(one: Planned, found: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with linked storage as Azure has it. A firewall may admit the account itself instead."""
    rules = (found.get("properties") or {}).get("networkAcls") or {}
    admits = "azureservices" in str(rules.get("bypass") or "").lower() or rules.get("resourceAccessRules")
    if str(rules.get("defaultAction") or "").lower() != "deny" or admits:
        return []
    text = (
        f"the firewall of {one.label} does not admit trusted Microsoft services, so that the account cannot "
        "keep its data there"
    )
    return [(text, f"run `az storage account update --name {one.name} --bypass AzureServices`")]
