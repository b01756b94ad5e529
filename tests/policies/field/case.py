"""How a definition of another rule set's own tests is written down here.

The definitions are rewritten as azure-native takes them, from how those projects' tests are known to look.
The verdicts are ours. Where one differs from the source's own, `but` names the reason: the sets disagree
among each other there, or the service document asks for more, and the pack chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PASS, FAIL, OPEN = "pass", "violation", "open"


@dataclass(frozen=True)
class Case:
    """`source` is the other set's rule id, `passes` its own verdict, `verdicts` those of our rules.

    `config` holds the settings of our rules where a set's demand is one of them.
    """

    source: str
    passes: bool
    props: Mapping[str, Any]
    verdicts: Mapping[str, str]
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    but: str = ""

    @property
    def agrees(self) -> bool:
        """True when all of our rules say what the source says."""
        return all((verdict == PASS) is self.passes for verdict in self.verdicts.values())


def case(
    source: str,
    passes: bool,
    props: Mapping[str, Any],
    *rules: str,
    but: str = "",
    config: Mapping[str, Mapping[str, Any]] | None = None,
    own: Mapping[str, str] | None = None,
) -> Case:
    """A case in which our `rules` say what the source says, but for those in `own`."""
    verdicts = dict.fromkeys(rules, PASS if passes else FAIL) | dict(own or {})
    return Case(source, passes, props, verdicts, config or {}, but)
