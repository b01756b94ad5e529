"""The data plane: keys are deleted, recovered and purged."""

from __future__ import annotations

from tests.localazure.driver import DAY, URI, Case, error, inner


def test_a_deleted_key_can_be_seen_recovered_and_used(vault: Case) -> None:
    """Delete answers the dates; the key is then in deletedkeys alone, until it is recovered as it was."""
    before = vault.make_key()
    body = vault.data("DELETE", "/keys/k").body
    assert body["recoveryId"] == f"{URI}deletedkeys/k"
    assert body["scheduledPurgeDate"] - body["deletedDate"] == 90 * DAY
    assert error(vault.data("GET", "/keys/k")) == (404, "KeyNotFound")
    assert vault.data("GET", "/deletedkeys/k").body == body
    assert [k["recoveryId"] for k in vault.data("GET", "/deletedkeys").body["value"]] == [body["recoveryId"]]
    conflict = vault.data("POST", "/keys/k/create", {"kty": "RSA"})
    assert inner(conflict) == (409, "ObjectIsDeletedButRecoverable")
    assert vault.data("POST", "/deletedkeys/k/recover").body == before
    assert vault.data("GET", "/keys/k").body == before


def test_deleting_takes_as_long_as_operations_do(vault: Case) -> None:
    """Meanwhile the key is in neither place, and its name cannot be used."""
    vault.cloud.behave(deleted_keys_visible_after=20)
    vault.make_key()
    vault.data("DELETE", "/keys/k")
    assert error(vault.data("GET", "/keys/k")) == (404, "KeyNotFound")
    assert error(vault.data("GET", "/deletedkeys/k")) == (404, "KeyNotFound")
    assert inner(vault.data("POST", "/keys/k/create", {"kty": "RSA"})) == (409, "ObjectIsBeingDeleted")
    vault.cloud.clock.advance(20)
    assert vault.data("GET", "/deletedkeys/k").status == 200
    vault.data("POST", "/deletedkeys/k/recover")
    assert error(vault.data("GET", "/keys/k")) == (404, "KeyNotFound")
    vault.cloud.clock.advance(20)
    assert vault.data("GET", "/keys/k").status == 200


def test_purge_is_for_good(vault: Case) -> None:
    """A purged key cannot be recovered, and its private half is gone from the memory."""
    vault.make_key()
    vault.data("DELETE", "/keys/k")
    assert (vault.data("DELETE", "/deletedkeys/k").status) == 204
    assert error(vault.data("POST", "/deletedkeys/k/recover")) == (404, "KeyNotFound")
    assert vault.cloud.store.scan("vault.key.material") == []


def test_fails_to_purge_a_key_of_a_protected_vault(case: Case) -> None:
    """Purge protection holds for keys; the clock purges them when the retention is over."""
    case.make_vault(enablePurgeProtection=True, softDeleteRetentionInDays=7)
    case.make_key()
    case.data("DELETE", "/keys/k")
    assert error(case.data("DELETE", "/deletedkeys/k")) == (403, "Forbidden")
    case.cloud.clock.advance(7 * DAY + 1)
    assert error(case.data("GET", "/deletedkeys/k")) == (404, "KeyNotFound")
    assert case.data("GET", "/deletedkeys").body["value"] == []
    assert case.cloud.store.scan("vault.key.material") == []
