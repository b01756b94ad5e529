"""What one run of the pack remembers between the engine's calls.

Owns: which resources this run declares, the inputs of each vault, key and account, and the exemptions that
were used.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.exemptions import Exemption
from policies.view import View


@dataclass
class Session:
    """One process serves one run of the engine, so nothing here outlives the run.

    `exemptions` holds, for each one configured, the URNs it was used for; `inputs` is keyed by URN. The
    engine shows stack rules outputs alone: there a vault's own access policies look like those of separate
    resources, and in a preview whatever the program leaves out looks unknown. `urns` are the resources that
    came by as declared: the engine asks resource rules about each resource that the program registers, about
    no resource that it deletes or only reads (pulumi/pulumi pkg/resource/deploy/step_generator.go,
    continueStepsFromImport). Entries are written whole, so calls that overlap need no lock.
    """

    exemptions: dict[tuple[str, Exemption], set[str]] = field(default_factory=dict)
    inputs: dict[str, View] = field(default_factory=dict)
    urns: set[str] = field(default_factory=set)

    def declared(self, urn: str) -> View | None:
        """A resource's inputs; None when they never came by."""
        return self.inputs.get(urn)

    def declares(self, urn: str) -> bool:
        """Whether this run declares a resource; True for each where nothing came by, as for a state shown
        alone."""
        return not self.urns or urn in self.urns
