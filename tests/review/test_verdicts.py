"""What happens to an account's key and binding, in hand-made previews."""

from __future__ import annotations

import json

import pytest

from tests.review.build import (
    ACCOUNT,
    ACCOUNT_ID,
    BINDING,
    INLINE,
    KEY_URI,
    UNKNOWN,
    account,
    binding,
    bound,
    comment,
    replaced,
    review,
    same,
    state,
    step,
    terminal,
    verdicts,
)


def test_inline_encryption_left_out_is_unbound() -> None:
    """A write without `encryption` must be assumed to drop it."""
    assert verdicts(step("update", ACCOUNT, "a", account(encryption=INLINE), account())) == ["unbound"]


def test_inline_encryption_of_another_version_is_a_rotation() -> None:
    """Only the version differs, so it is a rotation of the same key."""
    newer = json.loads(json.dumps(INLINE).replace("a" * 32, "b" * 32))
    steps = step("update", ACCOUNT, "a", account(encryption=INLINE), account(encryption=newer))
    assert verdicts(steps) == ["rotated"]


def test_a_binding_that_loses_its_version_is_said_to_rotate_by_itself() -> None:
    """Of an account whose kind does, in words; and from there to a version is a rotation again."""
    was = account()
    was["inputs"] |= {"kind": "AIServices", "sku": {"name": "S0"}}
    around = [same(ACCOUNT, "a", was), *(one for one in bound() if "Vault" in json.dumps(one["urn"]))]
    moves = step("update", BINDING, "b", binding(), binding(KEY_URI[:-33]))
    assert "rotated" in verdicts(*around, moves)
    assert "re-bound to version the newest (rotates by itself)" in terminal(review(*around, moves))
    back = step("update", BINDING, "b", binding(KEY_URI[:-33]), binding())
    assert "rotated" in verdicts(*around, back)


def test_a_binding_moved_to_another_account_unbinds_the_first() -> None:
    """The data of the account that the binding leaves goes back to Microsoft's keys."""
    moved = step(
        "replace", BINDING, "b", binding(), binding(account_id=ACCOUNT_ID.replace("/lang", "/second"))
    )
    steps = [*replaced(bound(), BINDING, moved), same(ACCOUNT, "second", account("second"))]
    found = {row.name: row.verdicts[0].verdict.name.value for row in review(*steps).rows}
    assert found == {"lang": "unbound", "second": "bound"}


def test_an_unknown_key_is_not_taken_for_a_rotation() -> None:
    """Where the preview does not show the key, the review says so and asks for a person."""
    unknown = binding(uri=UNKNOWN)
    unknown["outputs"] = {}
    made = review(*replaced(bound(), BINDING, step("update", BINDING, "b", binding(), unknown)))
    assert [one.verdict.name.value for one in made.rows[0].verdicts] == ["undetermined"]
    assert made.severity.exit_code == 3
    assert "(known after apply)" in terminal(made)


def test_a_version_given_as_secret_stays_hidden() -> None:
    """A secret is named as one, in either of the engine's two ways of writing it."""
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "c2VjcmV0"}
    for secret in ("[secret]", mark):
        hidden = binding()
        hidden["inputs"]["keyUriWithVersion"] = secret
        hidden["outputs"] = {}
        made = review(*replaced(bound(), BINDING, step("update", BINDING, "b", binding(), hidden)))
        written = comment(made) + terminal(made)
        assert "c2VjcmV0" not in written
        assert KEY_URI not in written.split("before")[0]
        assert made.severity.exit_code == 3


def test_a_renamed_binding_is_one_binding() -> None:
    """An alias gives a resource another URN: it is refreshed by the old one and planned by the new one."""
    stack = {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "oldState": {}}
    newer = binding(KEY_URI.replace("a" * 32, "b" * 32))
    planned = step("update", BINDING, "new-name", binding(), newer)
    refreshed = step("refresh", BINDING, "old-name", binding(), binding())
    planned["oldState"]["urn"] = refreshed["urn"]
    steps = [
        {**stack, "op": "refresh"},
        refreshed,
        {**stack, "op": "same"},
        planned,
        same(ACCOUNT, "a", account()),
    ]
    assert verdicts(*steps) == ["rotated"]


@pytest.mark.parametrize("op", ["import", "read"])
def test_an_account_that_is_adopted_is_not_new(op: str) -> None:
    """It is there already and stays as it is."""
    assert verdicts(step(op, ACCOUNT, "a", None, account(encryption=INLINE))) == []


def test_a_project_goes_with_its_account() -> None:
    """The account's own verdict says all; one of another account has its own."""
    token, gone = "azure-native:cognitiveservices:Project", step("delete", ACCOUNT, "a", account())
    own, other = (state({}, id=f"{id}/projects/x") for id in (ACCOUNT_ID, f"{ACCOUNT_ID}-2"))
    assert verdicts(gone, step("delete", token, "p", own)) == ["account-deleted"]
    assert verdicts(gone, step("delete", token, "p", other)) == ["account-deleted", "project-deleted"]
