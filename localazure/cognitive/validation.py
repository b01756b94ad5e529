"""Checks of a body that creates or changes an account, before any rule looks at it: against the published
definition, then value by value.

The texts of ARM's own refusals (`gateway`) are ARM's; all others are assumed. Source of the network
rules: "Configure Azure AI services virtual networks" (IPv4 alone, no private ranges, none of /31 or /32, a
subdomain is needed); which kinds know a bypass: terraform-provider-azurerm.
"""

import ipaddress
import re
from typing import Any

from localazure import definitions
from localazure.cloud import Cloud
from localazure.cognitive.kinds import Kind, find_kind
from localazure.cognitive.models import KEY_VAULT, MICROSOFT, TYPE, is_key_vault
from localazure.refusals import refused
from localazure.web import Json, Request, bad_request

_ASKED = ("restore", "migrationToken")
"""Properties that a caller sends and no answer shows."""
_SUBDOMAIN = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?")
_PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_LONGEST_PREFIX = 30


def kind_and_sku(kind: str | None, sku: Json | None) -> tuple[Kind, Json]:
    """The kind and the SKU block of an account. Raises 400 for one that does not exist.

    The kind's text is reported by users, the SKU's is assumed.
    """
    found = find_kind(kind or "")
    if found is None:
        raise refused("InvalidApiSetId", kind=kind or "")
    name = (sku or {}).get("name")
    if not isinstance(name, str) or name.upper() not in found.skus:
        raise refused("InvalidSkuId", sku=name or "", kind=found.name, skus=", ".join(found.skus))
    return found, {**(sku or {}), "name": name.upper()}


def check_body(cloud: Cloud, request: Request) -> None:
    """Raises ServiceError 400 where the definition of an account cannot hold the body of a write."""
    body = request.body
    found = definitions.faults(TYPE, body, definitions.reading(cloud.behaviour, request))
    definitions.refuse_unreadable(found)
    # Reading it as "None" would switch the identity off, and make the data unreadable.
    if body.get("identity") is not None and body["identity"].get("type") is None:
        missing = definitions.Fault("identity.type", "there", unreadable=True)
        definitions.refuse_unreadable([missing])
    if wrong := [fault for fault in found if fault.path.startswith("properties.")]:
        raise bad_request(f"{wrong[0].path.removeprefix('properties.')} must be {wrong[0].expected}.")


def properties_of(body: Json, kind: Kind) -> dict[str, Any]:
    """The settable properties that a body sets, null ones left out. Raises 400 for values that cannot be."""
    found = definitions.settable(TYPE, body.get("properties") or {})
    sent = {name: value for name, value in found.items() if name not in _ASKED}
    subdomain = sent.get("customSubDomainName")
    if subdomain == "":
        del sent["customSubDomainName"]
    elif subdomain and not is_subdomain(subdomain):
        raise bad_request(f"The custom subdomain name '{subdomain}' is invalid.")
    check_network(sent.get("networkAcls", {}), kind)
    _check_storage(sent.get("userOwnedStorage") or [], kind)
    if "encryption" in sent:
        sent["encryption"] = _encryption(sent["encryption"])
    return sent


def check_network(acls: Json, kind: Kind) -> None:
    """Raises 400 for network rules (a dict of the right types) that an account of this kind cannot have."""
    if "bypass" in acls and not kind.bypass:
        raise bad_request(f"networkAcls.bypass is not supported for account type '{kind.name}'.")
    for rule in acls.get("ipRules") or ():
        if problem := _ip_problem(str(rule.get("value") or "")):
            raise bad_request(f"The IP rule '{rule.get('value') or ''}' is invalid: {problem}.")


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


def _check_storage(linked: list[Json], kind: Kind) -> None:
    if linked and not kind.storage:
        raise refused("BringOwnFeatureNotEnabled")
    if kind.storage_stays and len(linked) > 1:
        # Documented; the text is assumed.
        raise bad_request("Only one storage account can be linked to an account of this kind.")


def is_subdomain(name: str) -> bool:
    """Whether an account can have this subdomain: letters, digits and hyphens, none of these at an end."""
    return _SUBDOMAIN.fullmatch(name) is not None


def _encryption(sent: Json) -> Json:
    """The block as answers have it: the sent properties, `keySource` first."""
    if not is_key_vault({"keySource": sent.get("keySource")}):
        return {"keySource": MICROSOFT}
    key = {name: value for name, value in (sent.get("keyVaultProperties") or {}).items() if value is not None}
    return {"keySource": KEY_VAULT, "keyVaultProperties": key}
