"""Right stacks are let through, in any order, and relations hold by name, by id and through components."""

from dataclasses import replace
from typing import Any

import pytest

from core.adapters import stated_identity
from core.resource_types import Kind
from core.stack import StackResource
from policies.analyzer import UNDECIDED
from tests.policies.asking import LATER, ROLE, UNKNOWN_LIST, UNKNOWN_TEXT, Pack, Thing, verdict
from tests.policies.bags import VAULT_ID, role_props
from tests.policies.editing import STACKS, both, edited, every, says
from tests.policies.rules.row import SERVICE
from tests.policies.stacks import ACCOUNT_ID, run, two_phases


@every
def test_a_right_stack_is_let_through(name: str) -> None:
    """An update shows nothing. A preview leaves open what Azure makes up, a key's version and a role's id,
    and lists it; relations are decided by dependency."""
    answers = run(STACKS[name]())
    roles = {"role-least-privilege", "grant-present"} if "roles" in name else set()
    later = {"cmk-complete", "cmk-no-versionless", *roles} if "preview" in name else set()
    listed = [answer.message for answer in answers if answer.rule == UNDECIDED]
    assert {answer.rule for answer in answers} <= {*later, *([UNDECIDED] if later else [])}
    assert {answer.level for answer in answers if answer.rule != UNDECIDED} <= {LATER}
    open_rules = {answer.rule for answer in answers if answer.level == LATER}
    assert {line.rpartition("\n")[2].partition(":")[0] for line in listed} == open_rules


def test_a_preview_of_our_components_lists_nothing_that_it_does_not_know() -> None:
    """They check their own values before anything is written."""
    stack = two_phases(preview=True)
    ours = edited(stack, {f"{name}@place": f"prod::shop::{SERVICE}$" for name in stack})
    assert [answer for answer in run(ours) if answer.rule == UNDECIDED] == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"role.scope": UNKNOWN_TEXT, "role@property_dependencies": {}}, "role-least-privilege: role "),
        ({"binding.keyUriWithVersion": UNKNOWN_TEXT}, "cmk-no-versionless: binding "),
    ],
)
def test_what_a_rule_needed_and_did_not_see_is_listed(change: dict[str, Any], line: str) -> None:
    """A scope that a program puts together is not known in a preview, and neither is a key of another
    resource's: the update could write what no rule has judged."""
    role = Thing("role", ROLE, {**role_props(), "principalId": "app"})
    answers = run(edited({**two_phases(preview=True, roles=True), "role": role}, change))
    assert any(f"\n{line}" in answer.message for answer in answers if answer.rule == UNDECIDED)


@every
def test_the_order_of_resources_does_not_matter(name: str) -> None:
    """A stack shown backwards gets the same answers."""
    stack = edited(STACKS[name](), {"vault.location": "northeurope"})
    backwards = dict(reversed(stack.items()))
    assert sorted(map(str, run(stack))) == sorted(map(str, run(backwards)))


@both
def test_names_and_ids_written_out_are_relations_too(preview: bool) -> None:
    """A program may write names and ids instead of passing resources; a preview knows them of the inputs."""
    written = {
        "grant.vaultName": "KV-one",
        "grant@property_dependencies": {"policy": ["account"]},
        "binding.accountId": ACCOUNT_ID.upper(),
        "binding.vaultId": VAULT_ID,
        "binding@property_dependencies": {},
        "audit.resourceUri": VAULT_ID.strip("/").upper(),
        "audit@property_dependencies": {},
    }
    stack = edited(two_phases(preview=preview), written)
    open_rules = {"cmk-complete", "cmk-no-versionless", UNDECIDED} if preview else set()
    assert {one.rule for one in run(stack)} <= open_rules
    entry = {"objectId": "someone", "permissions": {"keys": ["get"]}}
    mixed = edited(stack, {"vault.properties.accessPolicies": [entry]})
    assert says(mixed, "no-mixed-access-policies") == "violation"


@both
def test_a_component_stands_for_what_is_below_it(preview: bool) -> None:
    """A program in another language knows a component that it composes, and nothing below it."""
    stack = two_phases(preview=preview)
    for name in ("vault", "account", "grant"):
        stack[f"{name}-part"] = Thing(f"{name}-part", f"language-cmk:index:{name.title()}")
        stack = edited(stack, {f"{name}@parent": f"{name}-part"})
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
    cut = edited(outside, {"binding@depends_on": []})
    assert says(cut, "bound-after-grant") == "violation"


def _part(name: str) -> str:
    return f"{name}-part" if name in ("vault", "account", "grant") else name


@pytest.mark.parametrize(("key", "expected"), [("cmk", "open"), ("other", "violation")])
def test_a_keys_name_is_known_of_its_inputs(key: str, expected: str) -> None:
    """azure-native's outputs have no keyName, and in a preview no name either."""
    pack = Pack()
    stack = edited(two_phases(preview=True, roles=True), {"grant.scope": f"{VAULT_ID}/keys/{key}"})
    for thing in stack.values():
        pack.ask(thing)
    shown = edited(stack, {"key.keyName": ..., "key.name": UNKNOWN_TEXT})
    assert verdict(pack.ask_stack(list(shown.values())), "grant-present") == expected


def test_the_identities_of_an_account_are_read_from_inputs_and_outputs() -> None:
    """A list of ids, or a map with client ids; one that is not known makes the whole so."""
    for attached, ids, clients in (
        (["/A"], {"/a"}, []),
        ({"/a": {"clientId": "C"}, "/b": {}}, {"/a", "/b"}, ["C", ""]),
        (None, set(), []),
    ):
        read = stated_identity({"identity": {"type": "UserAssigned", "userAssignedIdentities": attached}})
        assert set(read.attached or ()) == ids
        assert [one.client_id for one in read.shown] == clients
        assert (read.is_user, read.is_system) == (True, False)
    for unknown in (["/a", UNKNOWN_TEXT], UNKNOWN_LIST):
        read = stated_identity({"identity": {"type": "UserAssigned", "userAssignedIdentities": unknown}})
        assert read.attached is None
    without = stated_identity({"identity": {"type": "None", "userAssignedIdentities": ["/a"]}})
    assert (without.attached, without.is_user) == (frozenset(), False)


def test_an_empty_path_ignores_nothing() -> None:
    """Neither the whole resource nor a part of it."""
    nothing = StackResource("", Kind.ACCOUNT, ignore_changes=("", "..", "[]"))
    assert not nothing.ignores("identity")
    assert not nothing.ignores("identity", in_part=True)
    identity = StackResource("", Kind.ACCOUNT, ignore_changes=("", "identity"))
    assert identity.ignores("identity")
    assert identity.ignores("identity", in_part=True)
