"""How uses of keys and grants are joined where one side is not known, or names another thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.protection import identity_of
from core.resource_types import Kind
from core.stack import StackResource
from tests.policies.asking import UNKNOWN_LIST, UNKNOWN_OBJECT, UNKNOWN_TEXT, VAULT, Pack, Thing, verdict
from tests.policies.bags import VAULT_ID, inline_account_props, vault_props, with_change
from tests.policies.editing import around, both, change, says, with_prop
from tests.policies.stacks import ACCOUNT_ID, one_phase, run, two_phases

KEY_SCOPE = f"{VAULT_ID}/keys/cmk"
DETAILS = "properties.encryption.keyVaultProperties"


@both
def test_a_role_on_another_key_of_the_vault_does_not_count(preview: bool) -> None:
    """The role opens the key that its scope names, in any case and with any version, and no other."""
    stack = two_phases(preview=preview, roles=True)
    for scope, expected in (
        (KEY_SCOPE, True),
        (KEY_SCOPE.upper() + "/VERSIONS/1", True),
        (VAULT_ID, True),
        (f"{VAULT_ID}/secrets/other", True),
        (f"{VAULT_ID}/keys/other", False),
        (f"{VAULT_ID}/keys/cmk2", False),
    ):
        told = run(with_prop(stack, "grant", "scope", scope))
        missing = [one for one in told if one.rule == "grant-present" and not one.open]
        assert (missing == []) is expected, scope


@pytest.mark.parametrize(("key", "expected"), [("cmk", "open"), ("other", "violation")])
def test_a_keys_name_is_known_of_its_inputs(key: str, expected: str) -> None:
    """azure-native's outputs have no keyName, and in a preview no name either."""
    pack = Pack()
    stack = with_prop(two_phases(preview=True, roles=True), "grant", "scope", f"{VAULT_ID}/keys/{key}")
    for thing in stack.values():
        pack.ask(thing)
    shown = with_prop(with_prop(stack, "key", "keyName", ...), "key", "name", UNKNOWN_TEXT)
    assert verdict(pack.ask_stack(list(shown.values())), "grant-present") == expected


def test_a_role_made_for_another_key_does_not_count() -> None:
    """In a preview the scope is not known, and what it is made from is."""
    stack = two_phases(preview=True, roles=True)
    stack["other"] = Thing("other", stack["key"].type, with_change(stack["key"].props, "keyName", "other"))
    sources = {**stack["grant"].property_dependencies, "scope": ["other"]}
    assert says(change(stack, "grant", property_dependencies=sources), "grant-present") == "violation"


@pytest.mark.parametrize(
    ("name", "path"), [("grant", "policy.objectId"), ("account", "identity.principalId")]
)
def test_one_side_that_is_not_known_is_joined_by_dependency(name: str, path: str) -> None:
    """An update of the account makes what Azure says of it unknown, and the grant stays as it is."""
    stack = with_prop(two_phases(), name, path, UNKNOWN_TEXT)
    assert says(stack, "grant-present") == "pass"
    assert says(change(stack, "binding", depends_on=[]), "bound-after-grant") == "violation"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://kv-two.vault.azure.net", "violation"),
        ("https://KV-ONE.vault.azure.net", "pass"),
        (UNKNOWN_TEXT, "pass"),
        ("https://kv-one.example.org", "pass"),
    ],
)
def test_a_vault_of_another_stack_is_compared_by_name(uri: str, expected: str) -> None:
    """A grant counts for a vault that is not here when it names it, and where nothing tells which it is."""
    stack = with_prop(one_phase(), "account", f"{DETAILS}.keyVaultUri", uri)
    stack = change(stack, "account", property_dependencies={"identity": ["identity"]})
    del stack["vault"]
    assert says(stack, "grant-present") == expected


@pytest.mark.parametrize(
    ("without", "sources"),
    [("vaultId", ["key"]), ("vaultId", ["version"]), ("keyUriWithVersion", ["version"])],
)
def test_a_binding_finds_its_vault_by_each_of_the_ways(without: str, sources: list[str]) -> None:
    """By the vault's id, by the key's URI, and in a preview by the key that the URI comes from."""
    stack = with_prop(two_phases(preview=True), "binding", without, None)
    stack = change(
        stack,
        "binding",
        property_dependencies={"accountId": ["account"], "keyUriWithVersion": sources},
    )
    assert says(stack, "same-region") == "pass"
    assert says(with_prop(stack, "vault", "location", "northeurope"), "same-region") == "violation"


def test_a_bindings_uri_alone_names_its_vault() -> None:
    """A program that writes the URI out has no dependencies to follow."""
    stack = with_prop(two_phases(), "binding", "vaultId", None)
    stack = change(stack, "binding", property_dependencies={"accountId": ["account"]})
    assert says(with_prop(stack, "vault", "location", "northeurope"), "same-region") == "violation"
    nowhere = with_prop(stack, "binding", "keyUriWithVersion", "https://kv-one.example.org/keys/cmk/1")
    assert says(nowhere, "same-region") == "open"


def test_an_inline_key_finds_its_vault_by_dependency() -> None:
    """The vault's URI comes from the vault, and the key's name is written out."""
    stack = one_phase(preview=True)
    stack = change(
        stack, "account", property_dependencies={"properties": ["vault"], "identity": ["identity"]}
    )
    assert says(with_prop(stack, "vault", "location", "northeurope"), "same-region") == "violation"


def test_an_id_of_another_kind_is_not_the_account() -> None:
    """A binding whose accountId is the vault's is no account's."""
    stack = change(
        with_prop(two_phases(), "binding", "accountId", VAULT_ID), "binding", property_dependencies={}
    )
    assert says(stack, "account-has-customer-key") == "violation"


def test_microsofts_own_keys_need_no_grant() -> None:
    """An account that says so uses no key, so nothing has to be granted and no vault be near."""
    stack = with_prop(
        one_phase(), "account", "properties.encryption.keySource", "Microsoft.CognitiveServices"
    )
    del stack["grant"]
    assert says(stack, "grant-present") == "pass"


@pytest.mark.parametrize("policies", [UNKNOWN_LIST, [UNKNOWN_OBJECT]])
def test_policies_that_are_not_known_are_not_taken_for_none(policies: Any) -> None:
    """The whole list, or one entry of it."""
    props = with_change(vault_props(), "properties.accessPolicies", policies)
    answers = run(around(Thing("v", VAULT, props)))
    assert {verdict(answers, rule) for rule in ("grant-exact", "vault-no-broad-grants")} == {"open"}


def test_a_holder_and_what_it_holds_are_named() -> None:
    """By its object id where that is known; a list of no permissions is called nothing."""
    entry = {"objectId": "someone", "permissions": {"keys": ["wrapKey", "purge"]}}
    for holder, words in (("someone", '"someone" holds purge'), (UNKNOWN_TEXT, "not known yet holds purge")):
        props = with_change(vault_props(), "properties.accessPolicies", [{**entry, "objectId": holder}])
        assert any(words in one.message for one in run(around(Thing("v", VAULT, props))))
    stack = with_prop(two_phases(), "grant", "policy.permissions.keys", [])
    assert any(
        "on keys: nothing (missing get, wrapKey, unwrapKey)\n" in one.message
        for one in run(stack)
        if one.rule == "grant-present"
    )


def test_the_identities_of_an_account_are_read_from_inputs_and_outputs() -> None:
    """A list of ids, or a map with client ids; one that is not known makes the whole so."""
    for attached, ids, clients in (
        (["/a"], ("/a",), set()),
        ({"/a": {"clientId": "C"}, "/b": {}}, ("/a", "/b"), {"c"}),
        (None, (), set()),
    ):
        read = identity_of({"identity": {"type": "UserAssigned", "userAssignedIdentities": attached}})
        assert read.attached == ids
        assert read.client_ids == clients
        assert (read.is_user, read.is_system) == (True, False)
    for unknown in (["/a", UNKNOWN_TEXT], UNKNOWN_LIST):
        read = identity_of({"identity": {"type": "None", "userAssignedIdentities": unknown}})
        assert not isinstance(read.attached, tuple)
        assert not read.is_user


def test_an_inline_key_without_a_source_is_a_vaults() -> None:
    """Also where its details are not known: SDKs leave the source to its default."""
    for source, expected in ((None, "open"), ("Microsoft.CognitiveServices", "pass")):
        props = with_change(inline_account_props(), "properties.encryption.keySource", source)
        answers = Pack().ask(
            Thing("a", one_phase()["account"].type, with_change(props, DETAILS, UNKNOWN_OBJECT))
        )
        assert verdict(answers, "cmk-complete") == expected


def test_an_empty_path_ignores_nothing() -> None:
    """Neither the whole resource nor a part of it."""
    nothing = StackResource("", Kind.ACCOUNT, ignore_changes=("", "..", "[]"))
    assert not nothing.ignores("identity")
    assert not nothing.ignores_part("identity")
    identity = StackResource("", Kind.ACCOUNT, ignore_changes=("", "identity"))
    assert identity.ignores("identity")
    assert identity.ignores_part("identity")


@pytest.mark.parametrize("roles", [True, False])
def test_a_use_that_tells_neither_key_nor_vault_takes_any_grant(roles: bool) -> None:
    """What is known of the grant is compared with nothing, and no rule breaks off over it."""
    stack = with_prop(two_phases(preview=True, roles=roles), "binding", "vaultId", None)
    stack = change(stack, "binding", property_dependencies={"accountId": ["account"]})
    assert says(stack, "grant-present") != "violation"
    assert says(change(stack, "binding", depends_on=[]), "bound-after-grant") == "violation"


@pytest.mark.parametrize("user", ["elsewhere", "without a kind"])
def test_a_key_is_not_taken_to_fit_an_account_of_unknown_kind(user: str) -> None:
    """4096 bits fit the account of kind AIServices; of the key's other account that is not known."""
    stack = with_prop(two_phases(), "key", "properties.keySize", 4096)
    stack = with_prop(stack, "account", "kind", "AIServices")
    assert says(stack, "key-rsa-2048") == "pass"
    other = ACCOUNT_ID.replace("lang-one", "lang-two")
    sources = {**stack["binding"].property_dependencies, "accountId": []}
    stack["other-binding"] = replace(
        stack["binding"],
        name="other-binding",
        props={**stack["binding"].props, "accountId": other},
        property_dependencies=sources,
    )
    if user == "without a kind":
        props = with_change(with_change(stack["account"].props, "kind", ...), "id", other)
        stack["other"] = replace(stack["account"], name="other", props=props)
    assert says(stack, "key-rsa-2048") == "open"
    assert any("the kind of an account that uses it is not known" in one.message for one in run(stack))
