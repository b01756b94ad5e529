"""What one run of the pack remembers between the calls the engine makes.

Owns: the exemptions that were used, and what each vault's, key's and account's inputs declare. The engine
shows stack rules outputs alone: there a vault's own access policies look like those of separate resources,
and in a preview whatever the program leaves out looks unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.exemptions import Exemption
from policies.view import View


@dataclass
class Session:
    """One process serves one run of the engine, so nothing here outlives the run.

    `exemptions` holds, for each one configured, the URNs it was used for; `inputs` is keyed by URN.
    Entries are written whole, so calls that overlap need no lock.
    """

    exemptions: dict[tuple[str, Exemption], set[str]] = field(default_factory=dict)
    inputs: dict[str, View] = field(default_factory=dict)
    saw_inputs: bool = False

    def declared(self, urn: str) -> View | None:
        """A resource's inputs; None when they never came by."""
        return self.inputs.get(urn)

    def only_reads(self, urn: str) -> bool:
        """True when the program reads this vault or account and does not own it: its inputs never came by."""
        return self.saw_inputs and urn not in self.inputs
