"""What a caller sends to create or change an account, checked value by value before any rule looks at it.

The texts of these refusals are ARM's where ARM makes them (`gateway`), else assumed.
"""

from __future__ import annotations

import re
from typing import Any

from localazure.cognitive import network_rules
from localazure.cognitive.account import KEY_VAULT, MICROSOFT
from localazure.cognitive.kinds import Kind, find_kind
from localazure.cognitive.shape import SETTABLE
from localazure.web import Json, ServiceError

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,63}")
_SUBDOMAIN = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?")


def check_name(name: str) -> None:
    """Raises 400 where an account cannot have this name (2 to 64 characters; text assumed)."""
    if not _NAME.fullmatch(name):
        raise ServiceError(
            400,
            "AccountNameInvalid",
            f"Account name '{name}' is invalid: it has 2 to 64 letters, digits, '-', '_' or '.', "
            "and begins with a letter or digit.",
        )


def kind_and_sku(kind: str | None, sku: Json | None) -> tuple[Kind, Json]:
    """The kind and the SKU block of an account. Raises 400 for one that does not exist.

    The kind's text is reported by users, the SKU's is assumed.
    """
    found = find_kind(kind or "")
    if found is None:
        raise ServiceError(
            400,
            "InvalidApiSetId",
            f"The account type '{kind or ''}' is either invalid or unavailable in given region.",
        )
    name = (sku or {}).get("name")
    if not isinstance(name, str) or name.upper() not in found.skus:
        raise ServiceError(
            400,
            "InvalidSkuId",
            f"The SKU '{name or ''}' is either invalid or unavailable for account type '{found.name}'; "
            f"it has {', '.join(found.skus)}.",
        )
    return found, {**(sku or {}), "name": name.upper()}


def properties_of(body: Json, kind: Kind) -> dict[str, Any]:
    """The settable properties that a body sets, null ones left out. Raises 400 for values that cannot be."""
    sent = {k: v for k, v in _dict(body, "properties").items() if k in SETTABLE and v is not None}
    subdomain = sent.get("customSubDomainName")
    if subdomain == "":
        del sent["customSubDomainName"]
    elif subdomain and not is_subdomain(subdomain):
        raise _bad(f"The custom subdomain name '{subdomain}' is invalid.")
    if str(sent.get("publicNetworkAccess", "Enabled")) not in ("Enabled", "Disabled"):
        raise _bad("publicNetworkAccess must be 'Enabled' or 'Disabled'.")
    network_rules.check(sent.get("networkAcls", {}), kind)
    _check_storage(sent.get("userOwnedStorage") or [], kind)
    if "encryption" in sent:
        sent["encryption"] = _encryption(sent["encryption"])
    return sent


def _check_storage(linked: list[Json], kind: Kind) -> None:
    if linked and not kind.storage:
        raise ServiceError(
            400,
            "BringOwnFeatureNotEnabled",
            "Bring your own feature is not enabled for Subscription/SKU/Kind.",
        )
    if kind.storage_stays and len(linked) > 1:
        # Documented; the text is assumed.
        raise _bad("Only one storage account can be linked to an account of this kind.")


def is_subdomain(name: str) -> bool:
    """Whether an account can have this subdomain: letters, digits and hyphens, none of these at an end."""
    return _SUBDOMAIN.fullmatch(name) is not None


def _encryption(sent: Json) -> Json:
    """The block as it will be answered: what was sent, `keySource` first."""
    source = sent.get("keySource") or KEY_VAULT
    if source.lower() not in (KEY_VAULT.lower(), MICROSOFT.lower()):
        raise _bad(f"keySource must be '{KEY_VAULT}' or '{MICROSOFT}'.")
    if source.lower() == MICROSOFT.lower():
        return {"keySource": MICROSOFT}
    key = {name: value for name, value in (sent.get("keyVaultProperties") or {}).items() if value is not None}
    return {"keySource": KEY_VAULT, "keyVaultProperties": key}


def _dict(body: Json, name: str) -> dict[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _bad(message: str) -> ServiceError:
    return ServiceError(400, "BadRequest", message)
