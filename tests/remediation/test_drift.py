"""What somebody changed outside Pulumi: the next update finds it, says what it means for the data and the
way back, and repairs it only where that is safe. Where that leads has test_every_refusal_is_followed.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core import rights
from localazure import seed
from tests.remediation.world import (
    VAULT_ID,
    World,
    account_deleted,
    bound_version_expires,
    close_vault,
    forbid,
    identity_anew,
    identity_off,
    make_shared_key,
    narrow_grant,
    unbound,
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


def purge_protection_lost(world: World) -> None:
    """Azure does not let anybody switch it off, so that this goes past its door."""
    store = world.wire.door.cloud.store
    with store.transaction():
        vault = store.get("vault", VAULT_ID)
        assert vault is not None
        del vault["properties"]["enablePurgeProtection"]
        store.put("vault", VAULT_ID, vault)


def bound_to_another_key(world: World) -> None:
    make_shared_key(world, f"{VAULT_ID}/keys/another")
    uri = world.arm("GET", f"{VAULT_ID}/keys/another")["properties"]["keyUriWithVersion"]
    key = {
        "keyVaultUri": "https://kv-claims.vault.azure.net",
        "keyName": "another",
        "keyVersion": uri.rpartition("/")[2],
    }
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}
    world.arm("PATCH", world.account_id, {"properties": {"encryption": encryption}})
    world.arm("GET", world.account_id)


def regranted(world: World, keys: list[str], **more: str) -> None:
    """The identity's access policy, replaced by another one."""
    principal = world.arm("GET", world.account_id)["identity"]["principalId"]
    forbid(world, principal)
    entry = {"tenantId": seed.TENANT_ID, "objectId": principal, "permissions": {"keys": keys}, **more}
    world.arm("PUT", f"{VAULT_ID}/accessPolicies/add", {"properties": {"accessPolicies": [entry]}})


def access_widened(world: World) -> None:
    regranted(world, [*rights.NEEDED, "sign"])


def access_for_an_application(world: World) -> None:
    regranted(world, [*rights.NEEDED], applicationId=seed.DEPLOYER.client_id)


Drift = Callable[[World], None]
REFUSED: dict[Drift, list[str]] = {
    identity_off: [
        "identity: the system-assigned identity",
        "az cognitiveservices account identity assign",
    ],
    vault_deleted: ["vault 'kv-claims' was deleted outside Pulumi", "az keyvault recover"],
    vault_made_anew: ["key: vault 'kv-claims' no longer has the key 'cmk-claims'", "key restore"],
    access_for_an_application: ["was removed outside Pulumi", "set access: revoked"],
    narrow_grant: ["was reduced outside Pulumi", "lacks unwrapKey", "set access: revoked"],
    close_vault: ["was cut off outside Pulumi", "bypass None", "set access: revoked"],
    account_deleted: ["it was deleted or moved outside Pulumi", "az cognitiveservices account recover"],
}
REPAIRED: dict[Drift, str] = {
    identity_anew: "create azure-cmk:index:AccessPolicy",
    purge_protection_lost: "update azure-native:keyvault/v20260201:Vault",
    unbound: "create azure-cmk:index:CustomerManagedKey",
    access_widened: "update azure-cmk:index:AccessPolicy",
    bound_to_another_key: "update azure-cmk:index:CustomerManagedKey",
}
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


@pytest.mark.parametrize("drift", REFUSED, ids=lambda drift: drift.__name__)
def test_fails_where_an_update_would_make_it_worse(world: World, drift: Drift) -> None:
    """Nothing is written; the message says what it means for the data, and the way back."""
    drift(world)
    before = world.wire.door.cloud.store.events("encryption", "")
    said = world.up()
    for words in REFUSED[drift]:
        assert words in said, f"{words} is not in:\n{said}"
    assert world.engine.operations == []
    assert world.wire.door.cloud.store.events("encryption", "") == before


@pytest.mark.parametrize("drift", REPAIRED, ids=lambda drift: drift.__name__)
def test_an_update_repairs_what_is_safe_to(world: World, drift: Drift) -> None:
    """One update, and the account is on its key again, with its data as it was."""
    account = world.account
    assert account is not None
    drift(world)
    assert world.up() == ""
    assert any(one.startswith(REPAIRED[drift]) for one in world.engine.operations), world.engine.operations
    assert world.readable
    repaired = world.account
    assert repaired is not None
    assert repaired.internal_id == account.internal_id
    assert world.arm("GET", VAULT_ID)["properties"]["enablePurgeProtection"] is True
    assert (repaired.key_vault_properties or {})["keyName"] == "cmk-claims"
    assert (repaired.key_vault_properties or {})["keyVersion"] == [*world.versions("cmk-claims")][-1]


@pytest.mark.parametrize("drift", TOLD, ids=lambda drift: drift.__name__)
def test_a_preview_tells_of_a_version_that_cannot_be_used(world: World, drift: Drift) -> None:
    """No other version is bound unasked, so nothing is proposed; what is wrong and the ways out are said."""
    drift(world)
    assert world.preview() == ""
    assert world.engine.operations == []
    said = "\n".join(world.engine.said)
    for words in TOLD[drift]:
        assert words in said, f"{words} is not in:\n{said}"


def test_a_rotation_leaves_an_expired_version_behind(world: World) -> None:
    """As the preview advised: an expired version still opens the data's key, so a new one is bound."""
    bound_version_expires(world)
    world.settings.update(key={"generation": 2}, vault={"key_operators": ["deployer"]})
    assert world.up() == ""
    assert world.readable
    assert len(world.versions()) == 2
    account = world.account
    assert account is not None
    assert (account.key_vault_properties or {})["keyVersion"] == [*world.versions()][-1]
