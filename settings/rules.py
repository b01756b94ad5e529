"""Rules between settings, one function each.

Owns: which settings exclude or need each other, and why. A rule names the settings it reads, so that it is
not asked about one that is wrong already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from components import names
from components.key import EXPIRES_AFTER_DAYS, ROTATES_AFTER_DAYS
from components.network import ZONES
from components.problem import Problem
from components.roles import ROTATION_OPERATOR
from settings.model import ServiceSettings

# Between a rotation and the old version's expiry somebody must run `pulumi up`, or the data is out of reach.
DAYS_TO_REBIND = 30


Found = Iterator[Problem]


def _free_tier(service: ServiceSettings) -> Found:
    if service.sku == "F0" and service.encryption == "customerManaged":
        yield Problem(
            "sku",
            "found 'F0', which cannot have a customer-managed key; use 'S', or encryption: microsoftManaged",
        )


def _without_customer_key(service: ServiceSettings) -> Found:
    if not service.has_key:
        for group in ("vault", "key"):
            if getattr(service, group).model_fields_set:
                yield Problem(
                    group, "has no meaning with encryption: microsoftManaged; remove one of the two"
                )


def _made_or_existing_vault(service: ServiceSettings) -> Found:
    if service.vault.id and service.vault.name:
        yield Problem(
            "vault", "found both a name and an id; name is for a vault made here, id for one that exists"
        )


def _operators(service: ServiceSettings) -> Found:
    if service.access_model == "rbac" and service.vault.key_operators:
        yield Problem(
            "vault.keyOperators",
            f"is for access policies; with accessModel: rbac, give them the role {ROTATION_OPERATOR.name!r} "
            "at the vault",
        )


def _made_or_existing_key(service: ServiceSettings) -> Found:
    key = service.key
    for setting in ("name", "expires_after_days", "rotates_after_days"):
        if key.id and getattr(key, setting) is not None:
            yield Problem(
                f"key.{_camel(setting)}", "is for a key made here, but key.id names one that exists"
            )
    if key.id and service.vault.name:
        yield Problem("vault.name", "is for a vault made here, but key.id names a key in one that exists")
    if key.id and service.vault.id and not key.id.lower().startswith(service.vault.id.lower() + "/keys/"):
        yield Problem(
            "key.id", f"is no key of the vault {service.vault.id!r}; remove vault.id, key.id is enough"
        )


def _rotation_before_expiry(service: ServiceSettings) -> Found:
    expires = service.key.expires_after_days or EXPIRES_AFTER_DAYS
    rotates = service.key.rotates_after_days or ROTATES_AFTER_DAYS
    latest = expires - DAYS_TO_REBIND
    if rotates > latest:
        yield Problem(
            "key.rotatesAfterDays",
            f"found {rotates}, with expiry after {expires} days; expected at most {latest}, because the data "
            "is out of reach once the bound version expires, and binding the next takes a `pulumi up`",
        )


def _networks(service: ServiceSettings) -> Found:
    network = service.network
    listed = network.allowed_ip_ranges or network.allowed_subnet_ids
    if network.access == "selected" and not listed:
        yield Problem("network", "access 'selected' needs allowedIpRanges or allowedSubnetIds")
    if network.access != "selected" and listed:
        yield Problem(
            "network", f"networks are listed, but access is {network.access!r}; expected 'selected'"
        )
    if network.access == "private" and not network.subnet_id:
        yield Problem("network", "access 'private' needs subnetId")
    if network.access != "private" and (network.subnet_id or network.private_dns_zone_ids):
        yield Problem(
            "network",
            f"a subnet or DNS zones are given, but access is {network.access!r}; expected 'private'",
        )


def _resource_group(service: ServiceSettings) -> Found:
    if service.resource_group_name and service.existing_resource_group_name:
        yield Problem(
            "resourceGroupName", "is for a group made here, but existingResourceGroupName is given, too"
        )


def _audit(service: ServiceSettings) -> Found:
    if service.audit.new_workspace and service.audit.workspace_id:
        yield Problem("audit", "found both newWorkspace and a workspaceId; one of them is enough")
    if service.audit.alerts and service.audit.new_workspace is False and not service.audit.workspace_id:
        yield Problem(
            "audit.alerts", "needs a workspace, where the log is that it asks, but found newWorkspace: false"
        )
    if (service.audit.alert_emails or service.audit.alert_action_group_ids) and not service.audit.alerts:
        yield Problem("audit", "somebody is to be told, but alerts is false; expected true")
    made_here = service.has_key and not (service.vault.id or service.key.id)
    if service.audit.alerts and not made_here:
        yield Problem("audit.alerts", "is for a vault made here; the log of an existing one is its owner's")


def _derived_names(service: ServiceSettings) -> Found:
    makes_key = service.has_key and not service.key.id
    wanted: list[tuple[bool, Callable[[str], str], str]] = [
        (
            not (service.resource_group_name or service.existing_resource_group_name),
            names.resource_group_name,
            "resourceGroupName",
        ),
        (not service.account_name, names.account_name, "accountName"),
        (makes_key and not (service.vault.id or service.vault.name), names.vault_name, "vault.name"),
        (makes_key and not service.key.name, names.key_name, "key.name"),
    ]
    for is_derived, name, setting in wanted:
        try:
            if is_derived:
                name(service.name)
        except ValueError as error:
            yield Problem("name", f"{error}; shorten name, or give {setting}")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


RULES: tuple[tuple[Callable[[ServiceSettings], Found], tuple[str, ...]], ...] = (
    (_free_tier, ("sku", "encryption")),
    (_without_customer_key, ("encryption", "unbindAccount", "vault", "key")),
    (_made_or_existing_vault, ("vault",)),
    (_operators, ("accessModel", "vault")),
    (_made_or_existing_key, ("vault", "key")),
    (_rotation_before_expiry, ("key",)),
    (_networks, ("network",)),
    (_resource_group, ("resourceGroupName", "existingResourceGroupName")),
    (_audit, ("audit", "encryption", "unbindAccount", "vault", "key")),
    (
        _derived_names,
        ("name", "encryption", "unbindAccount", "vault", "key", "accountName", "resourceGroupName"),
    ),
)


def problems_of(service: ServiceSettings, wrong: frozenset[str] = frozenset()) -> Found:
    """What is wrong between a service's settings. `wrong` are the top-level settings that are wrong by
    themselves."""
    for rule, reads in RULES:
        if wrong.isdisjoint(reads):
            yield from rule(service)


def problems_between(services: Sequence[ServiceSettings]) -> Found:
    """Names that two services would both make."""
    kinds: dict[str, list[str]] = {
        "name": [service.name for service in services],
        "accountName": [service.account_name or names.account_name(service.name) for service in services],
        "resourceGroupName": [
            service.resource_group_name or names.resource_group_name(service.name)
            for service in services
            if not service.existing_resource_group_name
        ],
        "vault.name": [
            service.vault.name or names.vault_name(service.name)
            for service in services
            if service.has_key and not (service.vault.id or service.key.id)
        ],
        "key.name": [
            f"{service.vault.id}/keys/{service.key.name or names.key_name(service.name)}"
            for service in services
            if service.has_key and service.vault.id and not service.key.id
        ],
        # A network can know one zone of a name, and each of these services would make its own.
        "network.privateDnsZoneIds": [
            service.network.subnet_id.rsplit("/subnets/", 1)[0]
            for service in services
            if service.network.subnet_id and len(service.network.private_dns_zone_ids) < len(ZONES)
        ],
    }
    for path, found in kinds.items():
        for name, count in Counter(name.lower() for name in found).items():
            if count > 1:
                yield Problem(
                    path,
                    f"{count} services make {name!r}; give each its own, or make it once and name it as "
                    "existing",
                )
    yield from _shared_operators(services)


def _shared_operators(services: Sequence[ServiceSettings]) -> Found:
    """A vault has one access policy for each object id, so that one service alone can make it."""
    made = Counter(
        (operator, (service.vault.id or (service.key.id or "").rsplit("/keys/", 1)[0]).lower())
        for service in services
        if service.has_key and (service.vault.id or service.key.id)
        for operator in service.vault.key_operators
    )
    for (operator, vault_id), count in made.items():
        if count > 1:
            yield Problem(
                "vault.keyOperators",
                f"{count} services give {operator!r} access to the keys of {vault_id!r}; name it at one of "
                "them, which holds for all keys of the vault",
            )
