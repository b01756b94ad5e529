"""Each finding bears on controls of common frameworks, which are listed once."""

from __future__ import annotations

from operate.evidence.findings import findings
from operate.evidence.rules import CONTROLS, RULES, SOURCES
from tests.operate.evidence.made import facts, service, vault


def test_every_rule_has_its_controls() -> None:
    """Those on which no framework bears are named."""
    without = {name for name, rule in RULES.items() if not rule.controls}
    assert without == {"account-not-settled", "kind-ends", "same-region"}


def test_every_control_has_a_source_and_one_title() -> None:
    """Ids and titles come from somewhere, and an id has one title."""
    assert {one.framework for one in CONTROLS} == SOURCES.keys()
    assert len({(one.framework, one.id) for one in CONTROLS}) == len(CONTROLS)


def test_a_finding_names_its_controls() -> None:
    """A vault without purge protection is not recoverable, in the words of the CIS benchmark."""
    (found,) = findings(facts(service(vault=vault(purge_protection=False))))
    assert "Ensure the Key Vault is Recoverable" in {one.title for one in found.controls}
