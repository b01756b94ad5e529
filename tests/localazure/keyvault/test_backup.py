"""Backup and restore of keys on the data plane."""

from __future__ import annotations

import pytest

from localazure.keyvault import crypto
from tests.localazure.driver import GROUP, OWNER, SERVICE, VAULT, Case, error, policy
from tests.support.front import Reply

OTHER = f"{GROUP}/providers/Microsoft.KeyVault/vaults/contoso-2"
DATA = crypto.b64url(b"data key")


def backup(case: Case, name: str = "k") -> str:
    response = case.data("POST", f"/keys/{name}/backup")
    assert response.status == 200, response.body
    value: str = response.body["value"]
    return value


def restore(case: Case, value: object, into: str = "contoso-2") -> Reply:
    return case.data("POST", "/keys/restore", {"value": value}, vault=into)


def test_a_key_lives_on_in_another_vault(vault: Case) -> None:
    """All versions with their names and policy: what the old key wrapped, the restored one unwraps."""
    vault.make_key(tags={"a": "b"})
    vault.make_key()
    wrapped = vault.data("POST", "/keys/k//wrapkey", {"alg": "RSA-OAEP-256", "value": DATA}).body
    vault.make_vault(OTHER)
    restored = restore(vault, backup(vault))
    assert restored.status == 200
    version = wrapped["kid"].rsplit("/", 1)[-1]
    assert restored.body["key"]["kid"] == f"https://contoso-2.vault.azure.net/keys/k/{version}"
    names = [
        [
            item["kid"].rsplit("/", 1)[-1]
            for item in vault.data("GET", "/keys/k/versions", vault=name).body["value"]
        ]
        for name in ("contoso-1", "contoso-2")
    ]
    assert names[0] == names[1]
    opened = vault.data(
        "POST",
        f"/keys/k/{version}/unwrapkey",
        {"alg": "RSA-OAEP-256", "value": wrapped["value"]},
        vault="contoso-2",
    )
    assert opened.body["value"] == DATA


def test_a_purged_key_comes_back_from_its_backup(vault: Case) -> None:
    """Deleted and purged, then restored into the same vault."""
    kid = vault.make_key()["key"]["kid"]
    value = backup(vault)
    vault.data("DELETE", "/keys/k")
    assert error(restore(vault, value, "contoso-1")) == (409, "Conflict")
    vault.data("DELETE", "/deletedkeys/k")
    assert restore(vault, value, "contoso-1").body["key"]["kid"] == kid


def test_fails_to_restore_over_a_key_that_is_there(vault: Case) -> None:
    """409 while the vault has a key of the name."""
    vault.make_key()
    assert error(restore(vault, backup(vault), "contoso-1")) == (409, "Conflict")


@pytest.mark.parametrize(
    "value", [None, "", 5, "!", crypto.b64url(b"no backup of a key at all, nor of this")]
)
def test_fails_to_restore_what_is_no_backup(vault: Case, value: object) -> None:
    """400 for anything that this cloud did not make."""
    assert error(restore(vault, value, "contoso-1")) == (400, "BadParameter")


def test_a_backup_hides_the_key_and_is_bound_to_its_maker(vault: Case) -> None:
    """The value holds no readable name or number, and one changed character makes it worthless."""
    vault.make_key()
    value = backup(vault)
    assert b"contoso" not in crypto.from_b64url(value)
    changed = value[:40] + ("A" if value[40] != "A" else "B") + value[41:]
    assert error(restore(vault, changed, "contoso-1")) == (400, "BadParameter")


def test_backup_and_restore_need_their_permissions(vault: Case) -> None:
    """403 without `backup` or `restore`; get and create are not enough."""
    vault.make_key()
    value = backup(vault)
    entry = policy(SERVICE, "get", "create", "list")
    vault.arm("PUT", f"{VAULT}/accessPolicies/add", {"properties": {"accessPolicies": [entry]}})
    for path, body in (("/keys/k/backup", None), ("/keys/restore", {"value": value})):
        assert error(vault.data("POST", path, body, caller=SERVICE)) == (403, "Forbidden")
    used = [event["operation"] for event in vault.audit()]
    assert used[-2:] == ["KeyBackup", "KeyRestore"]
    assert vault.data("POST", "/keys/k/backup", caller=OWNER).status == 200
