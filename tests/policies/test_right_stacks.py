"""Right stacks are let through, in any order, and relations hold by name, by id and through components."""

from __future__ import annotations

from dataclasses import replace

from tests.policies.asking import Thing
from tests.policies.bags import VAULT_ID, with_change
from tests.policies.editing import STACKS, both, change, every, says, with_prop
from tests.policies.stacks import ACCOUNT_ID, run, two_phases


@every
def test_a_right_stack_is_let_through(name: str) -> None:
    """Nothing is refused; in an update, where all is known, nothing is left open either."""
    answers = run(STACKS[name]())
    assert [answer for answer in answers if not answer.open] == []
    assert "preview" in name or answers == []


@every
def test_in_a_preview_only_what_azure_makes_up_stays_open(name: str) -> None:
    """The relations are all decided by dependency; a key's version and a role's id have yet to be made."""
    open_rules = {answer.rule for answer in run(STACKS[name]()) if answer.open}
    roles = {"role-least-privilege", "grant-present"} if "roles" in name else set()
    assert open_rules <= {"cmk-complete", "cmk-no-versionless"} | roles


@every
def test_the_order_of_resources_does_not_matter(name: str) -> None:
    """A stack shown backwards gets the same answers."""
    stack = STACKS[name]()
    stack = change(stack, "vault", props=with_change(stack["vault"].props, "location", "northeurope"))
    backwards = dict(reversed(stack.items()))
    assert sorted(map(str, run(stack))) == sorted(map(str, run(backwards)))


@both
def test_names_and_ids_written_out_are_relations_too(preview: bool) -> None:
    """A program may write names and ids instead of passing resources; a preview knows them of the inputs."""
    stack = two_phases(preview=preview)
    stack = with_prop(stack, "grant", "vaultName", "KV-one")
    stack = change(stack, "grant", property_dependencies={"policy": ["account"]})
    stack = with_prop(stack, "binding", "accountId", ACCOUNT_ID.upper())
    stack = with_prop(stack, "binding", "vaultId", VAULT_ID)
    stack = change(stack, "binding", property_dependencies={})
    stack = with_prop(stack, "audit", "resourceUri", VAULT_ID.strip("/").upper())
    stack = change(stack, "audit", property_dependencies={})
    answers = run(stack)
    stack_rules = {
        "account-has-customer-key",
        "bound-after-grant",
        "grant-present",
        "same-region",
        "one-writer",
    }
    assert {one.rule for one in answers} & {*stack_rules, "same-tenant", "vault-audited"} == set()
    entry = {"objectId": "someone", "permissions": {"keys": ["get"]}}
    mixed = with_prop(stack, "vault", "properties.accessPolicies", [entry])
    assert says(mixed, "no-mixed-access-policies") == "violation"


@both
def test_a_component_stands_for_what_is_below_it(preview: bool) -> None:
    """A program in another language knows a component that it composes, and nothing below it."""
    stack = two_phases(preview=preview)
    for name in ("vault", "account", "grant"):
        stack[f"{name}-part"] = Thing(f"{name}-part", f"language-cmk:index:{name.title()}")
        stack = change(stack, name, parent=f"{name}-part")
    outside = {
        name: replace(
            thing,
            depends_on=[_part(one) for one in thing.depends_on],
            property_dependencies={
                key: [_part(one) for one in ones] for key, ones in thing.property_dependencies.items()
            },
        )
        for name, thing in stack.items()
    }
    for rule in (
        "grant-present",
        "bound-after-grant",
        "account-has-customer-key",
        "vault-audited",
        "one-writer",
    ):
        assert says(outside, rule) == says(two_phases(preview=preview), rule) == "pass", rule
    cut = change(outside, "binding", depends_on=[])
    assert says(cut, "bound-after-grant") == "violation"


def _part(name: str) -> str:
    return f"{name}-part" if name in ("vault", "account", "grant") else name
