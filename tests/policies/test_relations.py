"""How uses of keys and grants are joined where one side is not known, or names another thing."""

from __future__ import annotations

import pytest

from core.protection import identity_of
from core.resource_types import Kind
from core.stack import StackResource
from tests.policies.asking import UNKNOWN_LIST, UNKNOWN_TEXT, Pack, verdict
from tests.policies.bags import VAULT_ID
from tests.policies.editing import with_prop
from tests.policies.stacks import two_phases

KEY_SCOPE = f"{VAULT_ID}/keys/cmk"
DETAILS = "properties.encryption.keyVaultProperties"


@pytest.mark.parametrize(("key", "expected"), [("cmk", "open"), ("other", "violation")])
def test_a_keys_name_is_known_of_its_inputs(key: str, expected: str) -> None:
    """azure-native's outputs have no keyName, and in a preview no name either."""
    pack = Pack()
    stack = with_prop(two_phases(preview=True, roles=True), "grant", "scope", f"{VAULT_ID}/keys/{key}")
    for thing in stack.values():
        pack.ask(thing)
    shown = with_prop(with_prop(stack, "key", "keyName", ...), "key", "name", UNKNOWN_TEXT)
    assert verdict(pack.ask_stack(list(shown.values())), "grant-present") == expected


def test_the_identities_of_an_account_are_read_from_inputs_and_outputs() -> None:
    """A list of ids, or a map with client ids; one that is not known makes the whole so."""
    for attached, ids, clients in (
        (["/A"], {"/a"}, set()),
        ({"/a": {"clientId": "C"}, "/b": {}}, {"/a", "/b"}, {"c"}),
        (None, set(), set()),
    ):
        read = identity_of({"identity": {"type": "UserAssigned", "userAssignedIdentities": attached}})
        assert set(read.attached or ()) == ids
        assert read.client_ids == clients
        assert (read.is_user, read.is_system) == (True, False)
    for unknown in (["/a", UNKNOWN_TEXT], UNKNOWN_LIST):
        read = identity_of({"identity": {"type": "UserAssigned", "userAssignedIdentities": unknown}})
        assert read.attached is None
    without = identity_of({"identity": {"type": "None", "userAssignedIdentities": ["/a"]}})
    assert (without.attached, without.is_user) == (frozenset(), False)


def test_an_empty_path_ignores_nothing() -> None:
    """Neither the whole resource nor a part of it."""
    nothing = StackResource("", Kind.ACCOUNT, ignore_changes=("", "..", "[]"))
    assert not nothing.ignores("identity")
    assert not nothing.ignores_part("identity")
    identity = StackResource("", Kind.ACCOUNT, ignore_changes=("", "identity"))
    assert identity.ignores("identity")
    assert identity.ignores_part("identity")
