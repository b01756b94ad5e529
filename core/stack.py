"""The resources of a stack at one moment, and which belong together.

Built from the resources of a policy request, from a preview, a plan or a state: one reading of each type
in every shape that azure-native's own types may have. Joined by values where values are known (ids, and the
names of vaults and accounts, which are unique in Azure), otherwise by the engine's property dependencies;
never by logical names.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, Final

from core import arm_ids, key_uris, values
from core.defaults import DEFAULTS
from core.facts import LIVE_ENCRYPTION
from core.resource_types import (
    COMPONENTS,
    GENERIC_INPUTS,
    NAME_INPUTS,
    PARENT_NAME_INPUTS,
    Kind,
    is_harmless,
    is_harmless_arm_type,
    kind_of_arm_type,
    may_concern_keys,
    parse_token,
    parse_urn,
)
from core.values import Hidden, Value

Bag = Mapping[str, Any]
_ARM_ID_PARTS: Final = 8
"""subscriptions/S/resourceGroups/R/providers/N/TYPE/NAME"""


@dataclass(frozen=True)
class Provider:
    """A resource's provider: its URN, and the tenant that it is configured for."""

    urn: str = ""
    tenant: Value = None


@dataclass(frozen=True, eq=False)
class StackResource:
    """One resource. `outputs` are what the cloud answered, which in a preview are the inputs and unknowns;
    `inputs` what the program declares, None where only a state is shown. `api_version` is the one that its
    program chose. `sources` are URNs by input; `dependencies` all of them, also those that give no value.
    """

    urn: str
    kind: Kind | None
    inputs: Bag | None = None
    outputs: Bag = field(default_factory=dict)
    parent: str | None = None
    api_version: str | None = None
    protect: bool = False
    deletes_first: bool = False
    ignore_changes: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    provider: Provider = Provider()

    @property
    def name(self) -> str:
        """Its name in the program, for messages."""
        return parse_urn(self.urn).name

    @property
    def azure_name(self) -> Value:
        """Its name in Azure: the id's last part, else the input that gives it."""
        id = values.known_name(values.get_path(self.outputs, "id"))
        if id.startswith("/"):
            return arm_ids.name_of(id)
        if self.kind is None:
            return None
        return values.name(values.get_path(self.declared, NAME_INPUTS.get(self.kind, "name")))

    @property
    def declared(self) -> Bag:
        """The properties that the program declares; if only a state is shown, the properties in the state."""
        return self.outputs if self.inputs is None else self.inputs

    def input(self, path: str) -> Any:
        """What the program declares. Here a property that the program leaves out is absent; in a preview's
        outputs it is unknown, like a value that is not known yet."""
        return values.prop(self.declared, path)

    def setting(self, path: str) -> Any:
        """What the program declares, or else Azure's default."""
        stated = self.input(path)
        if stated is None:
            return DEFAULTS.get(path.rpartition(".")[2])
        return stated

    def output(self, path: str) -> Any:
        """What the cloud answered, in a preview as far as it is known."""
        return values.prop(self.outputs, path)

    def text(self, path: str) -> Value:
        """A text that the program declares, or else what the cloud answered."""
        return values.name(self.input(path)) or values.name(self.output(path))

    def ignores(self, *path: str, in_part: bool = False) -> bool:
        """Whether its ignoreChanges takes in the whole property at a path; or, `in_part`, a part of it."""
        ignored = (_path(text)[: len(path) if in_part else None] for text in self.ignore_changes)
        return any(_fits(ignored_path, path) for ignored_path in ignored)

    @property
    def leaves_encryption(self) -> bool:
        """Whether the program leaves an account's encryption as it is: it ignores changes of all of it, or
        says by LIVE_ENCRYPTION that what it declares is what the account has."""
        return LIVE_ENCRYPTION in self.ignore_changes or self.ignores("properties", "encryption")

    @property
    def exists(self) -> bool:
        """Whether it exists before this update. The preview of a creation does not know the name."""
        return values.get_path(self.outputs, "name") is not Hidden.UNKNOWN


def of_engine(raw: Bag) -> StackResource:
    """A resource as the engine's JSON has it: of a state, or a preview's state before or after the step."""
    urn = str(raw.get("urn") or "")
    token = str(raw.get("type") or parse_urn(urn).type)
    inputs, outputs = raw.get("inputs") or {}, raw.get("outputs") or {}
    if id := raw.get("id"):
        outputs = {**outputs, "id": id}
    kind, version = read(token, inputs)
    return StackResource(
        urn=urn,
        kind=kind,
        inputs=inputs,
        outputs=outputs,
        parent=raw.get("parent"),
        api_version=version,
        protect=bool(raw.get("protect")),
        ignore_changes=tuple(raw.get("ignoreChanges") or ()),
        dependencies=tuple(raw.get("dependencies") or ()),
        sources=raw.get("propertyDependencies") or {},
        provider=Provider(str(raw.get("provider") or "")),
    )


def read(token: str, bag: Bag) -> tuple[Kind | None, str | None]:
    """The kind of a resource by its type token, and the API version that its program chose.

    The generic resources of azure-native and azapi say by their inputs what they are. Their properties are
    not read here, so one that may concern keys is as good as another provider's.
    """
    found = parse_token(token)
    if found.kind is not Kind.GENERIC:
        return found.kind, found.api_version
    names = ("type", GENERIC_INPUTS[0], "apiVersion")
    type, namespace, chosen = (values.known_name(values.get_path(bag, name)) for name in names)
    version = chosen or type.partition("@")[2] or None
    if may_concern_keys(_arm_type(bag), namespace.strip("/")):
        return Kind.OTHER_PROVIDER, version
    return None, version


def reviewed_kind(token: str, raw: Bag) -> Kind | None:
    """The kind of a resource in the engine's JSON, which is UNREAD where nobody knows that its type is
    harmless. A component has none: its children are resources of their own, and the engine refuses a plan in
    which a component has become a resource (pkg/resource/deploy/plan.go, "resource kind changed")."""
    inputs = raw.get("inputs") or {}
    kind, _ = read(token, inputs)
    if kind is not None or not raw.get("custom"):
        return kind
    if parse_token(token).kind is Kind.GENERIC:
        harmless = is_harmless_arm_type(_arm_type(inputs) or "")
    else:
        harmless = is_harmless(token)
    return None if harmless else Kind.UNREAD


def _arm_type(bag: Bag) -> str | None:
    """The Resource Manager type that a generic resource says it is; None where that is not known."""
    stated = [values.name(values.get_path(bag, name)) for name in ("type", *GENERIC_INPUTS)]
    if any(isinstance(value, Hidden) for value in stated):
        return None
    told, namespace, path, last = (str(value or "").strip("/") for value in stated)
    parts = (namespace, *path.split("/")[::2], last)
    return told.partition("@")[0] or "/".join(filter(None, parts)) or None


def made_as_generic(resource: StackResource) -> Kind | None:
    """The kind of what a program makes by the generic resource of azure-native or azapi; None for what is
    made otherwise, and for azapi's types that only change a resource."""
    token = parse_urn(resource.urn).type
    if parse_token(token).kind is not Kind.GENERIC or not token.lower().endswith(":resource"):
        return None
    return kind_of_arm_type(_arm_type(resource.declared) or "")


def around(resource: StackResource, at: Callable[[str], StackResource | None]) -> Iterator[StackResource]:
    """This project's components around a resource, innermost first; `at` finds a resource by its URN. By
    their inputs they say what their settings ask for on purpose: `access: revoked`, `unbindAccount`, ..."""
    parent = at(resource.parent or "")
    while parent is not None and parse_urn(parent.urn).type.startswith(COMPONENTS):
        yield parent
        parent = at(parent.parent or "")


def _path(text: str) -> tuple[str, ...]:
    """The parts of a property path: properties.encryption and properties["encryption"] are one."""
    return tuple(part for part in re.split(r"[.\[\]\"']+", text) if part)


def _fits(path: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    fits = all(part in ("*", name) for part, name in zip(path, wanted, strict=False))
    return 0 < len(path) <= len(wanted) and fits


class Stack:
    """Indexes in one pass; every look-up afterwards is by key or along the dependencies of one resource."""

    def __init__(self, resources: Iterable[StackResource]) -> None:
        self._by_kind: dict[Kind, list[StackResource]] = {kind: [] for kind in Kind}
        self._by_urn: dict[str, StackResource] = {}
        self._children: dict[str, list[StackResource]] = {}
        for one in resources:
            self._by_urn[one.urn] = one
            if one.parent is not None:
                self._children.setdefault(one.parent, []).append(one)
            if one.kind is not None:
                self._by_kind[one.kind].append(one)
        for found in self._by_kind.values():
            found.sort(key=lambda one: one.urn)

    def of(self, kind: Kind) -> list[StackResource]:
        """The resources of a kind, by URN, so that no answer depends on the order of the stack."""
        return self._by_kind[kind]

    def at(self, urn: str) -> StackResource | None:
        """The resource of a URN."""
        return self._by_urn.get(urn)

    def asked(self, resource: StackResource, setting: str) -> set[Value]:
        """What this project's components around a resource say by a setting, lower case. By `access: revoked`
        its grant was taken away on purpose, and what stands is kept so that the access can be given back; by
        `unbindAccount` the account of that name is unbound on purpose."""
        return {values.word(component.input(setting)) for component in around(resource, self.at)}

    # Dependencies

    def depends_on(self, resource: StackResource) -> Iterator[StackResource]:
        """What a resource depends on directly, by option or by value, and all below the components among it:
        who depends on a component depends on its children, as the engine has it, too (pkg/resource/graph)."""
        yield from self._with_children(resource.dependencies)
        for sources in resource.sources.values():
            yield from self._with_children(sources)

    def ancestors(self, resource: StackResource) -> Iterator[StackResource]:
        """Everything a resource depends on, nearest first, each once."""
        seen, level = {resource.urn}, [resource]
        while level:
            following = []
            for one in level:
                for found in self.depends_on(one):
                    if found.urn not in seen:
                        seen.add(found.urn)
                        following.append(found)
                        yield found
            level = following

    def sources(
        self, resource: StackResource, *inputs: str, kinds: Collection[Kind | None] = ()
    ) -> list[StackResource]:
        """The resources that the values of a resource's inputs come from, each once; those of some kinds."""
        found = self._with_children(urn for name in inputs for urn in resource.sources.get(name) or ())
        return list(
            {resource.urn: resource for resource in found if not kinds or resource.kind in kinds}.values()
        )

    def source(self, resource: StackResource, kind: Kind, *inputs: str) -> StackResource | None:
        """The one resource of a kind that inputs come from; None when there is none, or more than one."""
        found = self.sources(resource, *inputs, kinds=(kind,))
        return found[0] if len(found) == 1 else None

    def _with_children(self, urns: Iterable[str]) -> Iterator[StackResource]:
        for urn in urns:
            if (one := self._by_urn.get(urn)) is not None:
                yield one
                if one.kind in (None, Kind.STACK):
                    yield from self._with_children(child.urn for child in self._children.get(urn, ()))

    # Names and ids

    def names_of(self, resource: StackResource) -> set[str]:
        """The names a resource has in Azure, lower case; a preview knows them of the inputs alone."""
        inputs = {"name"}
        if resource.kind:
            inputs.add(NAME_INPUTS.get(resource.kind, "name"))
        bags = (resource.outputs, resource.declared)
        stated = {values.known_name(values.get_path(bag, name)).lower() for bag in bags for name in inputs}
        return stated - {""}

    @cached_property
    def by_id(self) -> dict[str, StackResource]:
        """Resources by their Azure id, lower case. A binding has its account's."""
        found = {
            values.known_name(values.get_path(one.outputs, "id")).lower(): one
            for kind, resources in self._by_kind.items()
            for one in resources
            if kind is not Kind.BINDING
        }
        found.pop("", None)
        return found

    @cached_property
    def _by_name(self) -> dict[Kind, dict[str, StackResource]]:
        hsms, vaults, accounts = (
            {name: resource for resource in reversed(self.of(kind)) for name in self.names_of(resource)}
            for kind in (Kind.MANAGED_HSM, Kind.VAULT, Kind.ACCOUNT)
        )
        places = {key_uris.place_named(name, arm_ids.MANAGED_HSM): one for name, one in hsms.items()}
        return {Kind.MANAGED_HSM: hsms, Kind.VAULT: places | vaults, Kind.ACCOUNT: accounts}

    @property
    def vaults(self) -> dict[str, StackResource]:
        """Each vault and managed HSM by the name of its place of keys."""
        return self._by_name[Kind.VAULT]

    def named(self, kind: Kind, name: Value) -> StackResource | None:
        """The vault or the account of a name, unique in Azure; or the managed HSM of a place of keys."""
        return self._by_name[kind].get(name.lower()) if isinstance(name, str) else None

    def named_by(self, arm_id: str) -> StackResource | None:
        """The vault or account with an Azure id; by its name where its own id is not known."""
        wanted = arm_id.strip("/").lower()
        found = self.by_id.get(f"/{wanted}")
        if found is not None:
            return found
        parts, kinds = wanted.split("/"), {"vaults": Kind.VAULT, "accounts": Kind.ACCOUNT}
        if len(parts) != _ARM_ID_PARTS or parts[-2] not in kinds:
            return None
        named = self.named(kinds[parts[-2]], parts[-1])
        if named is None or values.known_name(named.output("id")):
            return None
        return named

    def target(self, resource: StackResource, kind: Kind, name: str) -> StackResource | None:
        """The vault, account or other resource that an input names by its id, or that it comes from."""
        stated = values.name(resource.output(name))
        if not isinstance(stated, str):
            return self.source(resource, kind, name)
        found = self.named_by(stated)
        if found is None or found.kind is not kind:
            return None
        return found

    def above(self, child: StackResource, kind: Kind = Kind.VAULT) -> StackResource | None:
        """The vault that a key or an access policy is in, or the account above a project or a deployment."""
        if child.kind is None:
            return None
        named = PARENT_NAME_INPUTS[child.kind]
        name = child.text(named)
        if isinstance(name, str):
            return self.named(kind, name)
        return self.source(child, kind, named)

    @cached_property
    def _logs(self) -> dict[str, list[StackResource]]:
        found: dict[str, list[StackResource]] = {}
        for setting in self.of(Kind.DIAGNOSTIC_SETTING):
            kinds = (Kind.VAULT, Kind.MANAGED_HSM, Kind.ACCOUNT)
            places = product(("resourceUri", "scope"), kinds)
            about = (self.target(setting, at, name) or self.source(setting, at, name) for name, at in places)
            if one := next(filter(None, about), None):
                found.setdefault(one.urn, []).append(setting)
        return found

    def logs_of(self, resource: StackResource) -> list[StackResource]:
        """The diagnostic settings of a vault or an account."""
        return self._logs.get(resource.urn, [])
