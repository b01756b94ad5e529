"""The stack's resources by kind, id and relation, indexed once per request.

Finds the resource that another one refers to, by value where it is known, otherwise by dependency.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pulumi_policy import PolicyResource

from core.resource_types import NAME_INPUTS, Kind
from policies.kinds import read
from policies.session import Session
from policies.view import UNKNOWN, View


@dataclass(frozen=True, eq=False)
class Node:
    """One resource as stack rules see it: its outputs, which in a preview are its inputs and unknowns."""

    kind: Kind
    urn: str
    resource: PolicyResource
    view: View

    @property
    def name(self) -> str:
        """The resource's logical name, for messages."""
        return str(self.resource.name)

    @property
    def ignore_changes(self) -> tuple[str, ...]:
        """The property paths whose changes are ignored."""
        options = self.resource.opts
        return tuple(options.ignore_changes or ()) if options else ()

    @property
    def provider_urn(self) -> str | None:
        """The URN of the provider resource, None when the engine does not show it."""
        provider = self.resource.provider
        return str(provider.urn) if provider else None


_ARM_ID_PARTS: Final = 8
"""subscriptions/S/resourceGroups/R/providers/N/TYPE/NAME"""


class StackIndex:
    """Indexes in one pass; every look-up afterwards is by key or along the dependencies of one resource."""

    def __init__(self, resources: Iterable[PolicyResource], session: Session) -> None:
        self.session = session
        self._by_kind: dict[Kind, list[Node]] = {kind: [] for kind in Kind}
        self._by_urn: dict[str, Node] = {}
        self._components: dict[str, PolicyResource] = {}
        self._children: dict[str, list[PolicyResource]] = {}
        # After a refresh the engine's list has every resource of the old state, too, also those that go.
        declared = [one for one in resources if session.declares(one.urn)]
        if session.urns and not declared:
            raise ValueError(
                f"the engine shows a stack without any of the {len(session.urns)} resources that it asked "
                "about"
            )
        for resource in declared:
            found = read(resource.resource_type, resource.props)
            kind = None if found.kind in (Kind.STACK, Kind.GENERIC) else found.kind
            if kind is not None:
                node = Node(kind, resource.urn, resource, found.view)
                self._by_kind[kind].append(node)
                self._by_urn[node.urn] = node
            else:
                self._components[resource.urn] = resource
            if (parent := _parent(resource)) is not None:
                self._children.setdefault(parent, []).append(resource)
        for nodes in self._by_kind.values():
            nodes.sort(key=lambda node: node.urn)

    def of(self, kind: Kind) -> list[Node]:
        """The resources of a kind, by URN, so that no answer depends on the order of the stack."""
        return self._by_kind[kind]

    def stated(self, node: Node) -> View:
        """The inputs that the program states for a resource. Here a property that the program leaves out is
        absent; in a preview's outputs it is unknown, like a value that is not known yet. If the request shows
        only a stack, without a program, the resource's own view."""
        return self.session.declared(node.urn) or node.view

    def is_revoked(self, node: Node) -> bool:
        """Whether a component around a resource says `access: revoked`: its grant was taken away on purpose,
        and what stands is kept so that the access can be given back."""
        return any(component.word("access") == "revoked" for component in self._around(node))

    def is_unbound_on_purpose(self, account: Node) -> bool:
        """Whether a component around an account says `unbindAccount` with the account's name."""
        names = self.names_of(account)
        return any(
            isinstance(name := component.text("unbindAccount"), str) and name.lower() in names
            for component in self._around(account)
        )

    def _around(self, node: Node) -> Iterator[View]:
        """The inputs of our components around a resource; their outputs, where the state is shown alone."""
        parent = _parent(node.resource)
        if self.session.components:
            yield from self.session.around(parent)
            return
        while parent is not None and (component := self._components.get(parent)) is not None:
            yield View(component.props)
            parent = _parent(component)

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """Resources by their Azure id, lower case."""
        return {
            found.lower(): node
            for nodes in self._by_kind.values()
            for node in nodes
            if isinstance(found := node.view.text("id"), str)
        }

    @cached_property
    def vault_by_name(self) -> dict[str, Node]:
        """Vaults by name, lower case; a vault's name is unique in Azure."""
        return {name: node for node in reversed(self.of(Kind.VAULT)) for name in self.names_of(node)}

    @cached_property
    def _accounts_by_name(self) -> dict[str, Node]:
        return {name: node for node in reversed(self.of(Kind.ACCOUNT)) for name in self.names_of(node)}

    def names_of(self, node: Node) -> set[str]:
        """The names a resource has in Azure, lower case; a preview knows them of the inputs alone."""
        views = [node.view, self.stated(node)]
        stated = [view.get(key) for view in views for key in ("name", NAME_INPUTS.get(node.kind, "name"))]
        return {name.lower() for name in stated if isinstance(name, str)}

    def exists(self, node: Node) -> bool:
        """Whether a resource is there before this update: the preview of a create does not know its name."""
        return node.view.get("name") is not UNKNOWN

    def depends_on(self, node: Node) -> Iterator[Node]:
        """What a resource depends on directly, by option or by value."""
        for resource in self._with_children(_depends_on(node.resource)):
            found = self._by_urn.get(resource.urn)
            if found is not None:
                yield found

    def account_named(self, name: str) -> Node | None:
        """The account of a name, which is unique in Azure."""
        return self._accounts_by_name.get(name.lower())

    def named_by(self, arm_id: str) -> Node | None:
        """The vault or account with an Azure id; by its name where its own id is not known."""
        wanted = arm_id.strip("/").lower()
        found = self.by_id.get(f"/{wanted}")
        if found is not None:
            return found
        parts = wanted.split("/")
        by_name = {"vaults": self.vault_by_name, "accounts": self._accounts_by_name}
        known = by_name.get(parts[-2], {}).get(parts[-1]) if len(parts) == _ARM_ID_PARTS else None
        return known if known is not None and not isinstance(known.view.text("id"), str) else None

    def sources_of(self, node: Node, *properties: str) -> Iterator[Node]:
        """The known resources that the values of a resource's properties come from."""
        for name in properties:
            for source in self._with_children(node.resource.property_dependencies.get(name, ())):
                found = self._by_urn.get(source.urn)
                if found is not None:
                    yield found

    def _with_children(self, resources: Iterable[PolicyResource]) -> Iterator[PolicyResource]:
        """The resources, and all below those that are components: who depends on a component that another
        program serves depends on its children, as the engine has it, too (pkg/resource/graph)."""
        for resource in resources:
            yield resource
            if resource.urn in self._components:
                yield from self._with_children(self._children.get(resource.urn, ()))

    def source(self, node: Node, kind: Kind, *properties: str) -> Node | None:
        """The one resource of a kind that properties come from; None when there is none, or more than one."""
        found = {one.urn: one for one in self.sources_of(node, *properties) if one.kind is kind}
        return next(iter(found.values())) if len(found) == 1 else None

    def ancestors(self, node: Node) -> Iterator[Node]:
        """Everything a resource depends on, nearest first, each once."""
        seen = {node.urn}
        level = [node.resource]
        while level:
            following: list[PolicyResource] = []
            for resource in level:
                for parent in self._with_children(_depends_on(resource)):
                    if parent.urn not in seen:
                        seen.add(parent.urn)
                        following.append(parent)
                        found = self._by_urn.get(parent.urn)
                        if found is not None:
                            yield found
            level = following


def _parent(resource: PolicyResource) -> str | None:
    return resource.opts.parent if resource.opts else None


def _depends_on(resource: PolicyResource) -> Iterator[PolicyResource]:
    yield from resource.dependencies
    for sources in resource.property_dependencies.values():
        yield from sources
