"""vault-trusted-services: a vault's firewall lets trusted Microsoft services through."""

from __future__ import annotations

from tests.policies.editing import both, with_prop, without
from tests.policies.stacks import run, two_phases

RULE = "vault-trusted-services"


@both
def test_it_stops_what_would_break_the_binding(preview: bool) -> None:
    """The account cannot reach its key; a vault that no account is bound through is advised on."""
    stack = with_prop(two_phases(preview=preview), "vault", "properties.networkAcls.bypass", "None")
    assert {one.level for one in run(stack) if one.rule == RULE} == {"mandatory"}
    other = without(stack, "binding", "account", "grant")
    assert {one.level for one in run(other) if "firewall" in one.message or RULE in one.message} == {
        "advisory"
    }
