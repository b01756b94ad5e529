"""Whether a private endpoint can have the static addresses that it is to have.

Sources: learn.microsoft.com/azure/virtual-network/virtual-networks-faq (the addresses of a subnet that Azure
keeps); azure-rest-api-specs, Microsoft.Network Subnets_Get and VirtualNetworks_CheckIPAddressAvailability
(`available`), 2024-05-01.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Any, Final

from core import arm_ids
from core.api_versions import SUBNETS
from provider.deployment.model import CREATE, UPDATE, DeploymentFinding, Planned, Report
from provider.deployment.questions import Questions, about_each

NAME: Final = "addresses"
WHAT: Final = "whether a private endpoint can have its addresses"
_RESERVED: Final = 4
"""Azure keeps the first four addresses of a subnet, and the last."""


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each address that is outside the subnet, kept by Azure, or taken."""
    endpoints = [
        one
        for one in plan
        if one.action in (CREATE, UPDATE) and one.type.lower() == arm_ids.PRIVATE_ENDPOINT.lower()
    ]

    async def judge(one: Planned) -> Iterable[DeploymentFinding]:
        properties = one.content.get("properties") or {}
        subnet_id = str((properties.get("subnet") or {}).get("id") or "")
        static = properties.get("ipConfigurations") or []
        # One that does not exist is found by the check of references.
        subnet = await ask.get(subnet_id, SUBNETS) if subnet_id and static else None
        if subnet is None:
            return []
        addresses = [str(item["properties"]["privateIPAddress"]) for item in static]
        told = await asyncio.gather(*(_problem(address, subnet_id, subnet, ask) for address in addresses))
        fix = f"give another address in {one.setting}.ipAddresses"
        return [DeploymentFinding(NAME, one.id, text, fix) for text in told if text]

    return await about_each(NAME, WHAT, endpoints, judge)


async def _problem(address: str, subnet_id: str, subnet: Mapping[str, Any], ask: Questions) -> str | None:
    name, ranges = arm_ids.name_of(subnet_id), _ranges(subnet)
    around = next((one for one in ranges if IPv4Address(address) in one), None)
    if around is None:
        shown = ", ".join(map(str, ranges))
        return f"{address} is outside the subnet {name!r}, whose addresses are {shown}"
    if not _RESERVED <= int(IPv4Address(address)) - int(around.network_address) < around.num_addresses - 1:
        return (
            f"{address} is one of the addresses of the subnet {name!r} ({around}) that Azure keeps: the "
            "first four and the last"
        )
    network = arm_ids.parse(subnet_id).parent.text
    answer = await ask.get(f"{network}/checkIPAddressAvailability?ipAddress={address}", SUBNETS) or {}
    if answer.get("available") is not False:
        return None
    free = ", ".join(answer.get("availableIPAddresses") or ())
    return f"{address} of the subnet {name!r} is taken" + (f"; free are {free}" if free else "")


def _ranges(subnet: Mapping[str, Any]) -> list[IPv4Network]:
    properties = subnet.get("properties") or {}
    prefixes = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
    found = [ip_network(prefix, strict=False) for prefix in prefixes if prefix]
    return [one for one in found if isinstance(one, IPv4Network)]
