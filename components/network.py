"""Who may reach a service's endpoints, said once for its account and its vault.

Owns: the translation into both resources' network properties. Pure. Does not own: private endpoints.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

CLOSED, SELECTED, OPEN = "closed", "selected", "open"


class NetworkArgs(TypedDict):
    """Who may reach the endpoints of the account and the vault."""

    access: NotRequired[str | None]
    """Optional. "closed": no public access at all (default); "selected": the networks listed; "open":
    everyone who can log in."""
    allowed_ip_ranges: NotRequired[list[str] | None]
    """Conditional. With "selected": public IPv4 addresses or CIDR ranges."""
    allowed_subnet_ids: NotRequired[list[str] | None]
    """Conditional. With "selected": ARM ids of subnets with service endpoints for Key Vault and Cognitive
    Services."""


def public_network_access(network: NetworkArgs) -> str:
    """The `publicNetworkAccess` of both resources."""
    return "Disabled" if (network.get("access") or CLOSED) == CLOSED else "Enabled"


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
    if network.is_private:
        raise ValueError(
            f"{text!r} is a private range, which Azure's firewalls refuse; allow its subnet instead"
        )
    return text
