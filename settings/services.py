"""Rules between the services of one stack: no two services may make the same thing."""

from collections import Counter
from collections.abc import Iterator, Sequence

from components.arguments.inputs import known_text
from components.arguments.problem import Problem
from components.network import ACCOUNT, VAULT, dns_zones
from core import arm_ids, facts
from settings.model import ServiceSettings

_IN_GROUP = ("identity", "workspace", "privateEndpoint")
_ANYWHERE = ("account", "resourceGroup", "vault")


def problems_between(services: Sequence[ServiceSettings]) -> Iterator[Problem]:
    """Names that two services would both make."""
    made = Counter((path, name.lower()) for one in services for path, name in _made(one))
    for (path, name), count in made.items():
        if count > 1:
            yield Problem(
                path,
                f"{count} services make {name!r}; give each its own, or make it once and name it as "
                "existing in the others",
            )
    yield from _shared_operators(services)


def _made(service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """What no other service may make: the setting, and the name with the place where it counts."""
    yield "name", service.name
    for one in service.made_names:
        name = service.name_of(one)
        if one.resource in _ANYWHERE:
            yield one.argument, name
        elif one.resource == "key" and service.vault.id:
            yield one.argument, facts.key_id(str(service.vault.id), name)
        elif one.resource in _IN_GROUP and name:
            group = service.resource_group_name or known_text(service.existing_resource_group_name)
            yield f"names.{one.resource}", f"{group or ''}/{name}"
    # A network can be linked to one zone of a name, and each of these services would make its own.
    if service.network.subnet_id and _makes_zone(service):
        network = arm_ids.parse(str(service.network.subnet_id)).parent
        yield "network.privateDnsZoneIds", network.text


def _makes_zone(service: ServiceSettings) -> bool:
    """Whether a service makes a DNS zone of its own: for its account or, if it makes its vault, for the
    vault."""
    zones = dns_zones(service.location, service.account_kind)
    used = [*zones[ACCOUNT], *(zones[VAULT] if service.makes_vault else ())]
    return any(service.network.zone_id(zone) is None for zone in used)


def _shared_operators(services: Sequence[ServiceSettings]) -> Iterator[Problem]:
    """A vault has one access policy, or one assignment of the role, per object id: one service makes it."""
    made = Counter(
        (operator, _existing_vault(service))
        for service in services
        if _existing_vault(service)
        for operator in service.vault.key_operators
    )
    for (operator, vault_id), count in made.items():
        if count > 1:
            yield Problem(
                "vault.keyOperators",
                f"{count} services give {operator!r} access to the keys of {vault_id!r}; list it at one of "
                "them, because its access holds for all keys of the vault",
            )


def _existing_vault(service: ServiceSettings) -> str:
    vault_id, key_id = known_text(service.vault.id), known_text(service.key.id)
    if key_id and not vault_id:
        vault_id = arm_ids.key_id(key_id).parent.text
    return vault_id.lower() if vault_id and service.has_key else ""
