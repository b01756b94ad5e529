"""Who may reach a service's endpoints: one setting for its account and its vault."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from components.arguments import checks
from components.arguments.inputs import Arguments, Rule, argument
from core import arm_ids, clouds, kinds, regions
from core.kinds import AccountKind
from core.service.desired import CLOSED, OPEN, PRIVATE, SELECTED
from core.service.problem import Fix, Problem

ACCOUNT, VAULT = "account", "vault"
"""The resources with a private endpoint; in Azure, each word is also the name of the endpoint's group."""
_ZONES = "account_dns_zone", "openai_dns_zone", "foundry_dns_zone", "vault_dns_zone"


def dns_zones(location: str, kind: AccountKind = kinds.LANGUAGE) -> dict[str, tuple[str, ...]]:
    """The private DNS zones of an account of a kind and of its vault, in the cloud of a region."""
    cloud = regions.cloud_of(location)
    account = (
        cloud.account_dns_zone,
        cloud.openai_dns_zone if kind.openai else "",
        cloud.foundry_dns_zone if kind.foundry else "",
    )
    return {"account": tuple(filter(None, account)), "vault": (cloud.vault_dns_zone,)}


def _ip_range(text: str) -> None:
    """An IPv4 address or range that is not every address. Which ranges its firewalls take, Azure says."""
    if ipaddress.IPv4Network(text).prefixlen == 0:
        raise ValueError(
            f"{text!r} is every address; to allow everyone, remove allowedIpRanges, and set network.access: "
            "open"
        )


def _zone(text: str) -> None:
    found = arm_ids.resource_id(text, arm_ids.PRIVATE_DNS_ZONE).name
    if found.lower() not in {getattr(cloud, zone) for cloud in clouds.ALL for zone in _ZONES}:
        raise ValueError(f"{found!r} is not a DNS zone of these private endpoints")


def _selected(network: "NetworkArgs") -> Iterator[Problem]:
    listed = network.allowed_ip_ranges or network.allowed_subnet_ids
    if network.access == SELECTED and not listed:
        yield Problem("access", "'selected' needs allowedIpRanges or allowedSubnetIds")
    if network.access != SELECTED and listed:
        text = f"found {network.access!r}, but networks are listed; expected 'selected'"
        # Whoever wrote `closed` or `private` may mean that, and the list is what is wrong.
        is_decided = "access" in network.given and network.access != OPEN
        yield Problem("access", text, None if is_decided else Fix(SELECTED))


def _private(network: "NetworkArgs") -> Iterator[Problem]:
    if network.access == PRIVATE and network.subnet_id is None:
        yield Problem("subnetId", "is required with access: private")
    if network.access != PRIVATE and (network.subnet_id is not None or network.private_dns_zone_ids):
        text = f"found {network.access!r}, but a subnet or DNS zones are given; expected 'private'"
        yield Problem("access", text, Fix(PRIVATE))


@dataclass(frozen=True, kw_only=True)
class NetworkArgs(Arguments):
    """Who may reach the endpoints of the account and of the vault made here."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_selected, _private)

    access: str = argument(CLOSED, choices=(CLOSED, SELECTED, OPEN, PRIVATE))
    """Optional. `closed` (default): nobody; `selected`: the networks listed; `open`: everyone who can log in;
    `private`: only a network of your own, through private endpoints."""
    allowed_ip_ranges: Sequence[str] = argument((), check=_ip_range)
    """Conditional. Public IPv4 addresses or CIDR ranges that have access; with `selected`."""
    allowed_subnet_ids: Sequence[str] = argument((), check=checks.resource_id(arm_ids.SUBNET))
    """Conditional. ARM ids of subnets that have access; with `selected`. The subnets need service endpoints
    for Key Vault and Cognitive Services."""
    subnet_id: pulumi.Input[str] | None = argument(None, check=checks.resource_id(arm_ids.SUBNET))
    """Conditional. ARM id of the subnet for the private endpoints of account and vault; with `private`."""
    private_dns_zone_ids: Sequence[str] = argument((), check=_zone)
    """Optional. ARM ids of the private DNS zones, linked to the network, that are to list the endpoints:
    `privatelink.cognitiveservices.azure.com` and `privatelink.vaultcore.azure.net`, with `AIServices` and
    `OpenAI` also those of their other endpoints; with `private`. No zone is made here, and Azure Policy may
    list the endpoints instead."""

    @property
    def public_network_access(self) -> str:
        """The `publicNetworkAccess` of account and vault."""
        return "Disabled" if self.access in (CLOSED, PRIVATE) else "Enabled"

    @property
    def account_rules(self) -> dict[str, Any]:
        """The account's firewall."""
        return {
            "defaultAction": "Allow" if self.access == OPEN else "Deny",
            "ipRules": [{"value": cidr} for cidr in self.allowed_ip_ranges],
            "virtualNetworkRules": [{"id": subnet} for subnet in self.allowed_subnet_ids],
        }

    @property
    def vault_rules(self) -> dict[str, Any]:
        """The vault's firewall. Trusted services pass, so that the account can use the key."""
        return {"bypass": "AzureServices", **self.account_rules}
