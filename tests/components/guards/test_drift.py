"""What was removed outside Pulumi shows in Azure, whatever the state still says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.guards.access import granted, still_granted
from components.guards.access import problems as access_problems
from components.guards.drift import problems
from components.guards.existing_resources import KeyLocation, locate_key, of_new_identity
from components.guards.recorded_state import RecordedService
from components.guards.soft_deleted import SoftDeleted, makes_names
from core import resource_types as types
from core.facts import Account, Vault
from core.rights import EffectiveAccess
from tests.support.recording import SUBSCRIPTION, service_inputs

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-language/providers"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-language"
PLACE = KeyLocation(vault_id=VAULT, key_name="cmk-language")
LIVE: dict[str, Any] = {"identity": {"type": "SystemAssigned", "principalId": "p"}}
THERE: dict[str, Any] = {"name": "there"}


def recorded(key_identity: str | None = "system", bound_to: tuple[str, str] | None = None) -> RecordedService:
    account = Account(
        f"{GROUP}/Microsoft.CognitiveServices/accounts/lang-language",
        name="lang-language",
        location="westeurope",
        principal_id="p",
        tenant_id="t",
    )
    bound = bound_to or ("kv-language", "cmk-language")
    return RecordedService(account, key_identity, grantee_id="p", bound_to=bound)


@pytest.mark.parametrize(
    ("account", "vault", "key", "path", "words"),
    [
        (LIVE, THERE, THERE, None, ""),
        (None, None, None, "accountName", "deleted or moved outside Pulumi"),
        (
            {"identity": {"type": "None"}},
            THERE,
            THERE,
            "identity",
            "account identity assign --name lang-language",
        ),
        ({}, THERE, THERE, "identity", "--resource-group rg-language"),
        (LIVE, None, None, "vault", "set softDeleted: recover"),
        (LIVE, THERE, None, "key", "az keyvault key recover --vault-name kv-language --name cmk-language"),
    ],
)
def test_each_thing_that_is_gone_is_one_problem(
    account: Any, vault: Any, key: Any, path: str | None, words: str
) -> None:
    """Its setting, and the way back; nothing where all is there."""
    found = list(problems(recorded(), PLACE, account, vault, key, identity=None))
    assert [problem.path for problem in found] == ([path] if path else [])
    assert all(words in problem.text for problem in found)


def test_a_vault_of_others_comes_back_by_a_command() -> None:
    """`softDeleted: recover` is for one that is made here."""
    (gone,) = problems(recorded(), replace(PLACE, vault_exists=True), LIVE, None, None, identity=None)
    assert "run `az keyvault recover --name kv-language`" in gone.text
    assert "softDeleted" not in gone.text


def test_an_account_that_azure_never_made_is_not_missed() -> None:
    """A killed update had begun to create it, and `operate recover` recorded it with its inputs alone: there
    is no data to lose, and the refresh drops it. One with a user-assigned identity has no principal either,
    but the state that Azure gave it."""
    before = recorded(None)
    assert before.account
    cut_off = replace(before.account, principal_id=None, tenant_id=None)
    made = replace(cut_off, provisioning_state="Succeeded")
    found = [
        [
            one.path
            for one in problems(replace(before, account=account), PLACE, None, None, None, identity=None)
        ]
        for account in (cut_off, made)
    ]
    assert found == [[], ["accountName"]]


def test_a_user_assigned_identity_that_is_gone_is_told() -> None:
    """Only the one that the account uses its key by, and that this stack made."""
    live: dict[str, Any] = {"identity": {"type": "UserAssigned"}}
    identity_id = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    before = replace(recorded("user"), identity_id=identity_id)
    (problem,) = problems(before, PLACE, live, THERE, THERE, identity=None)
    assert problem.path == "identity"
    assert "run `pulumi refresh`" in problem.text
    assert list(problems(before, PLACE, live, THERE, THERE, identity=THERE)) == []
    assert (
        list(problems(replace(before, key_identity="system"), PLACE, LIVE, THERE, THERE, identity=None)) == []
    )


def test_only_what_the_account_is_bound_to_counts() -> None:
    """A vault that it is about to move to may be empty, an account on Microsoft's keys needs none, and one
    that uses another's identity does not need its own."""
    assert (
        list(problems(recorded(bound_to=("kv-other", "cmk")), PLACE, LIVE, None, None, identity=None)) == []
    )
    assert list(problems(recorded(key_identity=None), PLACE, LIVE, None, None, identity=None)) == []
    assert (
        list(problems(recorded(key_identity="user"), PLACE, {"identity": {}}, THERE, THERE, identity=None))
        == []
    )
    assert list(problems(RecordedService(), PLACE, None, None, None, identity=None)) == []


@pytest.mark.parametrize(
    ("access", "given", "in_state", "warns"),
    [
        ("revoked", ("get", "wrapkey", "unwrapkey"), False, True),
        ("revoked", ("unwrapkey",), False, True),
        ("revoked", ("unwrapkey",), True, False),
        ("revoked", (), False, False),
        ("granted", ("unwrapkey",), False, False),
    ],
)
def test_a_revoked_access_that_somebody_else_gives_is_told(
    access: str, given: tuple[str, ...], in_state: bool, warns: bool
) -> None:
    """A grant of the stack's own goes with the update; another one stays, and is a warning, also a part."""
    before = replace(recorded(), grantee_id="p", grant_recorded=in_state)
    found = EffectiveAccess(frozenset(given))
    warning = still_granted(service_inputs(access=access), before, PLACE, access=found)
    assert (warning is not None) is warns


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (replace(PLACE, key_name="second"), False),  # access policies are for all keys of a vault
        (replace(PLACE, key_name="second", assignment_name="a"), True),
        (replace(PLACE, key_name="CMK-language", assignment_name="a"), False),
        (replace(PLACE, vault_id=VAULT.replace("kv-language", "kv-hub")), True),
    ],
)
def test_what_another_key_lets_in_says_nothing_of_the_one_in_use(place: KeyLocation, told: bool) -> None:
    vault, assignment = {"id": place.vault_id, "name": "kv", "properties": {}}, {"id": "of the declared key"}
    found = granted(recorded(), place, vault, assignment)
    assert (found is None) is told
    said = still_granted(service_inputs(access="revoked"), recorded(), place, access=found) or ""
    assert ("not checked" in said) is told
    assert list(access_problems(service_inputs(), recorded(), access=None)) == []


def test_names_are_looked_up_only_where_something_is_made() -> None:
    """An account or vault that stands holds its own name; an existing vault is not made here."""
    vault = Vault(VAULT, "kv-language")
    stands = RecordedService(recorded().account, vault=vault)
    assert not makes_names(service_inputs(), stands)
    assert makes_names(service_inputs(), RecordedService(vault=vault))
    assert makes_names(service_inputs(), recorded())
    assert not makes_names(service_inputs(vault={"id": VAULT}), recorded())


@pytest.mark.parametrize(
    ("policy_vault", "missing"),
    [("kv-hub", False), ("KV-Hub", False), (None, False), ("kv-language", True)],
)
def test_only_a_policy_of_another_vault_may_be_taken_for_a_second_one(
    policy_vault: str | None, missing: bool
) -> None:
    """An import of the same one, spelt otherwise, would replace it and then delete it."""
    hub = VAULT.replace("kv-language", "kv-Hub")
    before = replace(
        recorded(),
        policy_vault=policy_vault,
        resources=frozenset({(types.ACCESS_POLICY, "language-access")}),
    )
    place = locate_key(service_inputs(vault={"id": hub}), before, SoftDeleted())
    assert [name for name, _ in place.grants] == (["language-access"] if missing else [])


@pytest.mark.parametrize("object_id", ["p", "P"])
@pytest.mark.parametrize("model", ["accessPolicy", "rbac"])
def test_an_identity_is_new_only_by_another_object_id(model: str, object_id: str) -> None:
    """For the same reason."""
    before = replace(recorded(), grantee_id=object_id, grant_recorded=True)
    assert before.key_user_id == "p"
    inputs = service_inputs(access_model=model)
    assert of_new_identity(inputs, before, PLACE) is None
    assert of_new_identity(inputs, replace(before, grantee_id="former"), PLACE) is not None
    revoked = service_inputs(access_model=model, access="revoked")
    assert of_new_identity(revoked, replace(before, grantee_id="former"), PLACE) is None
