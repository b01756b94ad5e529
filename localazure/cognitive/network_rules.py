"""Which network rules an account can have.

Source: "Configure Azure AI services virtual networks" (IPv4 alone, no private ranges, none of /31 or /32, a
subdomain is needed); which kinds know a bypass: terraform-provider-azurerm. Texts are assumed.
"""

from __future__ import annotations

import ipaddress

from localazure.cognitive.account import Account
from localazure.cognitive.kinds import Kind
from localazure.web import Json, ServiceError

_PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_LONGEST_PREFIX = 30


def check(acls: Json, kind: Kind) -> None:
    """Raises 400 for network rules (a dict of the right types) that an account of this kind cannot have."""
    if "bypass" in acls and not kind.bypass:
        raise _bad(f"networkAcls.bypass is not supported for account type '{kind.name}'.")
    for rule in acls.get("ipRules") or ():
        if problem := _ip_problem(str(rule.get("value") or "")):
            raise _bad(f"The IP rule '{rule.get('value') or ''}' is invalid: {problem}.")


def require_subdomain(account: Account) -> None:
    """Raises 400 where an account without a subdomain has network rules (reported by users, too)."""
    if "networkAcls" in account.properties and not account.subdomain:
        raise _bad("networkAcls needs a customSubDomainName.")


def _ip_problem(value: str) -> str | None:
    try:
        network = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        return "it is no IPv4 address and no range in CIDR notation"
    if any(network.overlaps(private) for private in _PRIVATE):
        return "it has private addresses"
    if "/" in value and network.prefixlen > _LONGEST_PREFIX:
        return "a range of this size is written as single addresses"
    return None


def _bad(message: str) -> ServiceError:
    return ServiceError(400, "BadRequest", message)
