"""What one run of the pack remembers between the engine's calls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_policy import ResourceValidationArgs

from core.resource_types import COMPONENTS, Kind
from policies.exemptions import Exemption
from policies.kinds import read
from policies.view import View

_REMEMBERED: Final = frozenset(
    {
        Kind.VAULT,
        Kind.KEY,
        Kind.ACCOUNT,
        Kind.BINDING,
        Kind.ACCESS_POLICY,
        Kind.ROLE_ASSIGNMENT,
        Kind.DIAGNOSTIC_SETTING,
    }
)


@dataclass
class Session:
    """One process serves one run of the engine, so nothing here outlives the run.

    `exemptions` holds, for each one configured, the URNs it was used for; `inputs` is keyed by URN, as are
    `components`: what each of ours was given, and the URN of what it is in. The engine shows stack rules
    outputs alone: there a vault's own access policies look like those of separate resources, and in a preview
    whatever the program leaves out looks unknown. `urns` are the resources that came by as declared: the
    engine asks resource rules about each resource that the program registers, about no resource that it
    deletes or only reads (pulumi/pulumi pkg/resource/deploy/step_generator.go, continueStepsFromImport).
    `undecided`, `unused` and `unusable` (exemptions) are lines for the reports at the end. `judges_unused`:
    rules also judge vaults, keys and grants that no account uses. Entries are
    written whole, so calls that overlap need no lock.
    """

    exemptions: dict[tuple[str, Exemption], set[str]] = field(default_factory=dict)
    inputs: dict[str, View] = field(default_factory=dict)
    urns: set[str] = field(default_factory=set)
    components: dict[str, tuple[View, str | None]] = field(default_factory=dict)
    undecided: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    judges_unused: bool = False
    unusable: list[str] = field(default_factory=list)
    relations: tuple[object, Any] | None = None
    _last: object = None

    def note(self, args: ResourceValidationArgs) -> None:
        """Remembers a resource that the engine asks about, once for all rules."""
        if args.props is self._last:
            return
        self._last = args.props
        self.urns.add(args.urn)
        if args.resource_type.startswith(COMPONENTS):
            self.components[args.urn] = (View(args.props), args.opts.parent if args.opts else None)
            return
        resource = read(args.resource_type, args.props)
        if resource.kind in _REMEMBERED:
            self.inputs[args.urn] = resource.view

    def around(self, parent: str | None) -> Iterator[View]:
        """The inputs of this project's components around a resource, innermost first; `parent` is what it is
        in.

        By these inputs a component says what its settings ask for on purpose: `access: revoked`, `protect:
        false`, `replaceAccount` and `unbindAccount`. A parent is registered before its children.
        """
        while parent is not None and (component := self.components.get(parent)) is not None:
            inputs, parent = component
            yield inputs

    def declared(self, urn: str) -> View | None:
        """A resource's inputs; None when they never came by."""
        return self.inputs.get(urn)

    def declares(self, urn: str) -> bool:
        """Whether this run declares a resource; always True for a state that is shown alone."""
        return not self.urns or urn in self.urns
