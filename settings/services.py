"""Rules between the services of one stack: no two services may make the same thing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from components.arguments.inputs import known_text
from core import arm_ids, facts
from core.service.problem import Problem
from settings.model import ServiceSettings

_OPERATORS = "vault.keyOperators"
_IN_GROUP = ("identity", "workspace", "privateEndpoint")
_ANYWHERE = ("account", "resourceGroup", "vault")


def problems_between(services: Sequence[ServiceSettings]) -> Iterator[Problem]:
    """Names that two services would both make. Of services of one name, whatever follows from it is not
    repeated."""
    named: defaultdict[str, list[int]] = defaultdict(list)
    made: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, service in enumerate(services):
        named[service.name].append(number)
        if named[service.name] == [number]:
            for path, resource_name in _made(service):
                made[path, resource_name.lower()].append(number)
    for name, numbers in named.items():
        if len(numbers) > 1:
            text = f"{_listed(numbers)} are named {name!r}; give each a name of its own"
            yield Problem(f"services[{numbers[-1]}].name", text)
    for (path, resource_name), numbers in made.items():
        if len(numbers) > 1:
            way = "give each its own, or make it once and name it as existing in the others"
            if path == _OPERATORS:
                way = "list it at one of them, because its access holds for all keys of the vault"
            yield Problem(
                f"services[{numbers[-1]}].{path}", f"{_listed(numbers)} make {resource_name!r}; {way}"
            )


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(f"services[{number}]" for number in numbers)


def _made(service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """What no other service may make: the setting, and the name with the place where it counts."""
    for resource, name in service.made_names:
        if resource in _ANYWHERE:
            yield service.argument_of(resource), name
        elif resource == "key" and service.vault.id:
            yield service.argument_of(resource), facts.key_id(str(service.vault.id), name)
        elif resource in _IN_GROUP:
            yield f"names.{resource}", f"{service.group_name}/{name}"
    key_id, vault_id = known_text(service.key.id), known_text(service.vault.id)
    if key_id and not vault_id:
        vault_id = arm_ids.key_id(key_id).parent.text
    if service.has_key and vault_id:
        # A vault has one access policy, or one assignment of the role, per object id.
        for operator in service.vault.key_operators:
            yield _OPERATORS, f"access for {operator} to the keys of {vault_id}"
