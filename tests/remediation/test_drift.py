"""What somebody changed outside Pulumi and no update repairs: it is told. What has a way out is in
test_ways_out.py and test_every_refusal_is_followed.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from localazure import seed
from tests.remediation.world import (
    VAULT_ID,
    World,
    bound_version_expires,
    vault_deleted,
)
from tests.support.az import carry_out

KEY = f"{VAULT_ID}/keys/cmk-claims"
DELETED_VAULT_DAYS = 91


def disable(world: World, version: str) -> None:
    url = f"https://kv-claims.vault.azure.net/keys/cmk-claims/{version}"
    carry_out(world.wire.door, f"az keyvault key set-attributes --id {url} --enabled false")


def version_disabled(world: World) -> None:
    """The version that the account is on, while an older one could still be used."""
    world.rotate("cmk-claims")
    assert world.up() == ""
    disable(world, [*world.versions()][-1])


def only_version_disabled(world: World) -> None:
    (version,) = world.versions()
    disable(world, version)


def vault_made_anew(world: World) -> None:
    """By the same name, once the deleted one is purged: it has neither the key nor the access."""
    vault_deleted(world)
    world.wire.sleep(DELETED_VAULT_DAYS * 86_400)
    properties = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": False,
        "accessPolicies": [],
    }
    world.arm("PUT", VAULT_ID, {"location": "westeurope", "properties": properties})


Drift = Callable[[World], None]
TOLD: dict[Drift, list[str]] = {
    version_disabled: ["is disabled", "cannot be read", "set-attributes", "set `pin: "],
    only_version_disabled: ["is disabled", "cannot be read", "set-attributes"],
    bound_version_expires: ["expired on", "raise `generation` for a new version"],
}


@pytest.fixture
def world() -> World:
    """A stack that stands, in a project that refreshes before each update, and whose program reads the state
    from before that."""
    made = World("access policies", refreshes=True)
    made.engine.before_refresh = True
    assert made.up() == ""
    return made


def test_a_vault_without_the_key_takes_no_other_account(world: World) -> None:
    """Made anew by the same name, it has neither the key nor the access: nothing is written, and the message
    names what only a backup brings back."""
    vault_made_anew(world)
    said = world.up()
    assert "key: vault 'kv-claims' no longer has the key 'cmk-claims'" in said
    assert "key restore" in said
    assert world.engine.operations == []


@pytest.mark.parametrize("drift", TOLD, ids=lambda drift: drift.__name__)
def test_a_preview_tells_of_a_version_that_cannot_be_used(world: World, drift: Drift) -> None:
    """No other version is bound unasked, so nothing is proposed; what is wrong and the ways out are said."""
    drift(world)
    assert world.preview() == ""
    assert world.engine.operations == []
    said = "\n".join(world.engine.said)
    for words in TOLD[drift]:
        assert words in said, f"{words} is not in:\n{said}"
