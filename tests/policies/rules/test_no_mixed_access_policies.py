"""no-mixed-access-policies: access policies are listed in the vault or made apart, not both."""

from __future__ import annotations

from dataclasses import replace

from tests.policies.asking import UNKNOWN_LIST, Pack, verdict
from tests.policies.editing import both, says, told, with_prop
from tests.policies.stacks import two_phases


@both
def test_listed_and_standalone_policies_are_not_mixed(preview: bool) -> None:
    """A vault that lists policies overwrites those made apart."""
    stack = two_phases(preview=preview)
    entry = {"objectId": "someone", "permissions": {"keys": ["get"]}}
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", [entry]), "no-mixed-access-policies")
        == "violation"
    )
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", UNKNOWN_LIST), "no-mixed-access-policies")
        == "open"
    )
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", []), "no-mixed-access-policies")
        == "violation"
    )
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", None), "no-mixed-access-policies")
        == "pass"
    )


def test_policies_that_azure_reports_are_not_the_vaults_own() -> None:
    """After a refresh a vault's outputs list the standalone policies, and those of other people."""
    stack = two_phases()
    pack = Pack()
    for thing in stack.values():
        pack.ask(thing)
    live = [stack["grant"].props["policy"], {"objectId": "another team"}]
    refreshed = with_prop(stack, "vault", "properties.accessPolicies", live)
    assert verdict(pack.ask_stack(list(refreshed.values())), "no-mixed-access-policies") == "pass"


def test_without_inputs_only_the_known_policies_are_taken_for_standalone() -> None:
    """When a stack is shown alone, an entry that no resource makes is taken for the vault's own."""
    stack = two_phases()
    own = with_prop(stack, "vault", "properties.accessPolicies", [stack["grant"].props["policy"]])
    assert verdict(Pack().ask_stack(list(own.values())), "no-mixed-access-policies") == "pass"
    foreign = with_prop(stack, "vault", "properties.accessPolicies", [{"objectId": "another"}])
    assert verdict(Pack().ask_stack(list(foreign.values())), "no-mixed-access-policies") == "violation"


def test_policies_made_apart_are_counted() -> None:
    """One is, two are."""
    stack = with_prop(two_phases(), "vault", "properties.accessPolicies", [{"objectId": "someone"}])
    assert "grant is made for it apart" in told(stack, "no-mixed-access-policies")
    stack["second"] = replace(stack["grant"], name="second")
    assert "grant, second are made for it apart" in told(stack, "no-mixed-access-policies")
