"""Writes to one vault go one after another, whoever of a program declares them."""

from __future__ import annotations

from components.key import EncryptionKey
from tests.support.recording import run

VAULT = "/subscriptions/{}/resourceGroups/rg-hub/providers/Microsoft.KeyVault/vaults/kv-hub"
SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"


def test_keys_that_are_composed_one_by_one_take_turns() -> None:
    """Azure refuses a write to a vault that it is still writing (409 ConflictError): the second key of a
    vault comes after the first, and that of another vault waits for none."""
    one, other = VAULT.format(SUBSCRIPTION), VAULT.format(SUBSCRIPTION).replace("kv-hub", "kv-other")

    def program() -> None:
        EncryptionKey("first", {"vault_id": one, "key_name": "first"})
        EncryptionKey("second", {"vault_id": one.replace("kv-hub", "KV-HUB"), "key_name": "b"})
        EncryptionKey("third", {"vault_id": other, "key_name": "third"})

    made = {key.name: key for key in run(program).of(":Key")}
    urns = {name: key.urn for name, key in made.items()}
    assert urns["first-key"] in made["second-key"].request.dependencies
    assert urns["first-key"] not in made["third-key"].request.dependencies
