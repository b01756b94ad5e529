"""What the joins of a moment (snapshot.py) are looked up by.

Owns: these indexes, each made in one pass.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from review import access
from review.kinds import Kind
from review.resource import ReviewedResource, ReviewedState
from review.values import Value, folded, items, look, text

Entry = tuple[ReviewedResource, ReviewedState]


def index(entries: Iterable[Entry], by: Callable[[ReviewedState], Value]) -> Mapping[str, list[Entry]]:
    """Entries by a folded value; those whose value is not known, under the empty text."""
    index: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        index[folded(by(entry[1])) or ""].append(entry)
    return index


def left(resources: Iterable[ReviewedResource]) -> Iterator[Value]:
    """The accounts whose binding is deleted, or goes to another account."""
    for one in resources:
        if one.kind is Kind.BINDING and one.live:
            id = text(one.live.declared("accountId"))
            if one.deleted or (one.planned and folded(text(one.planned.declared("accountId"))) != folded(id)):
                yield id


def superseded(resources: Iterable[ReviewedResource]) -> Iterator[tuple[str, str | None]]:
    """Vault and identity of each access policy of its own: what it says after the update is what holds.

    The entry that it made is in the vault's list as well, as the vault was found.
    """
    for one in resources:
        if one.kind is Kind.ACCESS_POLICY and one.live and not one.released:
            grant = access.of_access_policy(one.urn, one.live)
            yield grant.scope, folded(grant.principal)


def targets(entries: Iterable[Entry]) -> Mapping[str, int]:
    """How many private endpoints lead to each resource, by its folded id."""
    count: defaultdict[str, int] = defaultdict(int)
    for _, state in entries:
        for path in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            connections = items(state.declared(path))
            for connection in connections if isinstance(connections, list) else ():
                id = folded(text(look(connection, "privateLinkServiceId")))
                if id:
                    count[id] += 1
    return count
