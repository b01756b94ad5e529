"""The memory of one run of the pack between the engine's calls."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from core.stack import Stack, StackResource
from policies.exemptions import Exemption, day_of
from policies.used import UsedProtections


@dataclass
class Session:
    """One process serves one run of the engine, so nothing here outlives the run.

    `clock` gives seconds since 1970. `declared` are the resources as the engine asked about them, by URN:
    each that the program registers, none that it deletes or only reads (pulumi/pulumi
    pkg/resource/deploy/step_generator.go, continueStepsFromImport). It shows stack rules outputs alone: there
    a vault's own access policies look like those of separate resources, and in a preview whatever the program
    leaves out looks unknown.
    `exemptions` holds, for each one configured, the URNs it was used for.
    `undecided`, `unused` and `unusable` (exemptions) are lines for the reports at the end; `refusing` the
    rules that refuse unless the configuration says otherwise. `judges_unused`: rules also judge vaults, keys
    and grants that no account uses. Entries are written whole, so calls that overlap need no lock.
    """

    clock: Callable[[], float] = time.time
    exemptions: dict[tuple[str, Exemption], set[str]] = field(default_factory=dict)
    declared: dict[str, StackResource] = field(default_factory=dict)
    undecided: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    judges_unused: bool = False
    unusable: list[str] = field(default_factory=list)
    refusing: tuple[str, ...] = ()
    _stack: tuple[Sequence[StackResource], UsedProtections] | None = None

    @property
    def today(self) -> date:
        """The day by UTC."""
        return day_of(self.clock())

    def protections(self, shown: Sequence[StackResource]) -> UsedProtections:
        """The model of the stack, built once for all rules of a request; if it cannot be built, each rule
        raises the error."""
        if self._stack is None or self._stack[0] is not shown:
            self._stack = (shown, UsedProtections(self._stack_of(shown), self.judges_unused))
        return self._stack[1]

    def _stack_of(self, shown: Sequence[StackResource]) -> Stack:
        """The resources that this run declares. After a refresh the engine's list also has every resource of
        the old state, even those that go; if only a state is shown, all of it is judged."""
        declared = [one for one in shown if not self.declared or one.urn in self.declared]
        if self.declared and not declared:
            asked = f"{len(self.declared)} resources that it asked about"
            raise ValueError(f"the engine shows a stack without any of the {asked}")
        return Stack(
            replace(one, inputs=stated.outputs) if (stated := self.declared.get(one.urn)) else one
            for one in declared
        )
