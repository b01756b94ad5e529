"""Who may reach a service's endpoints, said once for its account and its vault.

Owns: the translation into both resources' network properties. Pure. Does not own: the private endpoints
themselves (private_network.py).
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

_LONGEST_PREFIX = 30
CLOSED, SELECTED, OPEN, PRIVATE = "closed", "selected", "open", "private"
CHOICES = {"network.access": (CLOSED, SELECTED, OPEN, PRIVATE)}
# The DNS zones in which private endpoints are found. Source:
# learn.microsoft.com/azure/private-link/private-endpoint-dns
ZONES = {
    "account": "privatelink.cognitiveservices.azure.com",
    "vault": "privatelink.vaultcore.azure.net",
}


class NetworkArgs(TypedDict):
    """Who may reach the endpoints of the account and the vault."""

    access: NotRequired[str | None]
    """Optional. "closed": no public access at all (default); "selected": the networks listed; "open":
    everyone who can log in; "private": no public access, and private endpoints in a subnet."""
    allowed_ip_ranges: NotRequired[list[str] | None]
    """Conditional. With "selected": public IPv4 addresses or CIDR ranges."""
    allowed_subnet_ids: NotRequired[list[str] | None]
    """Conditional. With "selected": ARM ids of subnets with service endpoints for Key Vault and Cognitive
    Services."""
    subnet_id: NotRequired[pulumi.Input[str] | None]
    """Conditional. With "private": ARM id of the subnet for the endpoints of the account and the vault."""
    private_dns_zone_ids: NotRequired[list[str] | None]
    """Optional. With "private": ARM ids of existing private DNS zones,
    privatelink.cognitiveservices.azure.com and privatelink.vaultcore.azure.net; one that is not given is
    made here."""


def public_network_access(network: NetworkArgs) -> str:
    """The `publicNetworkAccess` of both resources."""
    return "Disabled" if (network.get("access") or CLOSED) in (CLOSED, PRIVATE) else "Enabled"


def vault_rules(network: NetworkArgs) -> Mapping[str, Any]:
    """The vault's firewall. Trusted services always pass, or the Language service could not use the key."""
    return {"bypass": "AzureServices", **_rules(network)}


def account_rules(network: NetworkArgs) -> Mapping[str, Any]:
    """The account's firewall."""
    return _rules(network)


def _rules(network: NetworkArgs) -> dict[str, Any]:
    return {
        "default_action": "Allow" if network.get("access") == OPEN else "Deny",
        "ip_rules": [{"value": cidr} for cidr in network.get("allowed_ip_ranges") or ()],
        "virtual_network_rules": [{"id": subnet} for subnet in network.get("allowed_subnet_ids") or ()],
    }


def checked_ip_range(text: str) -> str:
    """A public IPv4 address or range. Raises ValueError for any other; Azure's firewalls know no private
    ones."""
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no IPv4 address or CIDR range ({error})") from None
    if network.prefixlen == 0:
        raise ValueError(f"{text!r} is everyone; to mean that, say access: open")
    # "Small address ranges that use /31 or /32 prefix sizes aren't supported": learn.microsoft.com/azure/
    # ai-services/cognitive-services-virtual-networks.
    if "/" in text and network.prefixlen > _LONGEST_PREFIX:
        raise ValueError(
            f"{text!r} is too small a range, which Azure refuses; list each address by itself, without '/'"
        )
    if network.is_private:
        raise ValueError(
            f"{text!r} is a private range, which Azure's firewalls refuse; allow its subnet instead"
        )
    return text
