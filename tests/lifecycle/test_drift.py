"""What somebody changed outside Pulumi: the next update finds it, says what it means for the data and the
way back, and repairs it only where that is safe. Access that was taken away has tests in test_access.py."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest

from core import rights
from tests.lifecycle.life import Life
from tests.support import cloud
from tests.support.judge import ACCOUNTS, KEY_VAULT, MICROSOFT, VAULTS, Judge

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
KEY = "/keys/cmk-contoso-dev"


def settled(judge: Judge, body: dict[str, Any]) -> None:
    """Changes the account and waits until the change has ended."""
    judge.arm("PATCH", judge.account_id, ACCOUNTS, body)
    while judge.arm("GET", judge.account_id, ACCOUNTS)["properties"]["provisioningState"] != "Succeeded":
        time.sleep(0.05)


def identity_removed(life: Life) -> None:
    settled(life.judge, {"identity": {"type": "None"}})


def identity_made_anew(life: Life) -> None:
    identity_removed(life)
    settled(life.judge, {"identity": {"type": "SystemAssigned"}})


def version_disabled(life: Life) -> None:
    """The version that the account is on, while an older one could still be used."""
    life.judge.vault("POST", f"{KEY}/rotate")
    assert life.stack.deploy().ok
    newest = life.judge.versions()[-1]
    life.judge.vault("PATCH", f"{KEY}/{newest}", {"attributes": {"enabled": False}})


def only_version_disabled(life: Life) -> None:
    (version,) = life.judge.versions()
    life.judge.vault("PATCH", f"{KEY}/{version}", {"attributes": {"enabled": False}})


def version_expired(life: Life) -> None:
    (version,) = life.judge.versions()
    life.judge.vault("PATCH", f"{KEY}/{version}", {"attributes": {"exp": int(time.time()) - 60}})


def vault_deleted(life: Life) -> None:
    life.judge.arm("DELETE", life.judge.vault_id, VAULTS)


def account_deleted(life: Life) -> None:
    life.judge.arm("DELETE", life.judge.account_id, ACCOUNTS)


def vault_made_anew(life: Life) -> None:
    """By the same name, once the deleted one is purged: it has neither the key nor the access."""
    life.judge.arm("DELETE", life.judge.vault_id, VAULTS)
    life.azure.control("/clock", {"advance": 91 * 86400})
    properties = {
        "tenantId": life.azure.env["AZURE_TENANT_ID"],
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "accessPolicies": [],
    }
    body = {"location": "westeurope", "properties": properties}
    Judge(life.azure, life.stack).arm("PUT", life.judge.vault_id, VAULTS, body)


def purge_protection_lost(life: Life) -> None:
    """Azure does not let anybody switch it off, so that this goes past its door."""
    with sqlite3.connect(life.azure.home.database, timeout=30) as memory:
        memory.execute(
            "UPDATE documents SET body = json_remove(body, '$.properties.enablePurgeProtection') "
            "WHERE kind = 'vault'"
        )


def unbound(life: Life) -> None:
    settled(life.judge, {"properties": {"encryption": {"keySource": MICROSOFT}}})


def bound_to_another_key(life: Life) -> None:
    judge = life.judge
    key = {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}}
    made = judge.arm("PUT", f"{judge.vault_id}/keys/another", VAULTS, key)
    version = made["properties"]["keyUriWithVersion"].rsplit("/", 1)[1]
    target = {
        "keyVaultUri": "https://kv-contoso-dev.vault.azure.net",
        "keyName": "another",
        "keyVersion": version,
    }
    settled(judge, {"properties": {"encryption": {"keySource": KEY_VAULT, "keyVaultProperties": target}}})


def regranted(life: Life, keys: list[str], **more: str) -> None:
    """The identity's access policy, replaced by another one."""
    judge = life.judge
    principal = judge.arm("GET", judge.account_id, ACCOUNTS)["identity"]["principalId"]
    entry = {"tenantId": life.azure.env["AZURE_TENANT_ID"], "objectId": principal}
    for operation, permissions, rest in (("remove", [*rights.NEEDED], {}), ("add", keys, more)):
        changed = {**entry, "permissions": {"keys": permissions}, **rest}
        body = {"properties": {"accessPolicies": [changed]}}
        judge.arm("PUT", f"{judge.vault_id}/accessPolicies/{operation}", VAULTS, body)


def access_narrowed(life: Life) -> None:
    regranted(life, ["unwrapKey"])


def access_widened(life: Life) -> None:
    regranted(life, [*rights.NEEDED, "sign"])


def vault_closed(life: Life) -> None:
    closed = {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}
    life.judge.arm("PATCH", life.judge.vault_id, VAULTS, closed)


def access_for_an_application(life: Life) -> None:
    regranted(life, [*rights.NEEDED], applicationId=life.azure.env["AZURE_CLIENT_ID"])


Drift = Callable[[Life], None]
REFUSED: dict[Drift, list[str]] = {
    identity_removed: [
        "identity: the system-assigned identity",
        "az cognitiveservices account identity assign",
    ],
    vault_deleted: ["vault 'kv-contoso-dev' was deleted outside Pulumi", "softDeleted: recover"],
    vault_made_anew: ["key: vault 'kv-contoso-dev' no longer has the key 'cmk-contoso-dev'", "key restore"],
    access_for_an_application: ["was removed outside Pulumi", "set access: revoked"],
    access_narrowed: ["was reduced outside Pulumi", "lacks get and wrapKey", "set access: revoked"],
    vault_closed: ["was cut off outside Pulumi", "bypass None", "set access: revoked"],
    account_deleted: ["it was deleted or moved outside Pulumi", "softDeleted: recover"],
}
REPAIRED: dict[Drift, list[str]] = {
    identity_made_anew: ["contoso-dev-access", "replaced"],
    purge_protection_lost: ["contoso-dev-vault", "~ 1 updated"],
    unbound: ["contoso-dev-binding", "created"],
    access_widened: ["contoso-dev-access", "~ 1 updated"],
    bound_to_another_key: ["other key: another to cmk-contoso-dev"],
}
TOLD: dict[Drift, list[str]] = {
    version_disabled: ["is disabled", "cannot be read", "set-attributes", "set `pin: "],
    only_version_disabled: ["is disabled", "cannot be read", "set-attributes"],
    version_expired: ["expired on", "raise `generation` for a new version"],
}


@pytest.mark.parametrize("drift", REFUSED, ids=lambda drift: drift.__name__)
def test_fails_where_an_update_would_make_it_worse(life: Life, drift: Drift) -> None:
    """Nothing is written; the message says what it means for the data, and the way back."""
    life.standing.restore()
    drift(life)
    before = life.judge.history()
    run = life.stack.deploy()
    assert not run.ok, run.output
    for words in REFUSED[drift]:
        assert words in run.output, f"{words} is not in:\n{run.output}"
    assert "Traceback" not in run.output
    assert life.judge.history() == before


@pytest.mark.parametrize("drift", REPAIRED, ids=lambda drift: drift.__name__)
def test_an_update_repairs_what_is_safe_to(life: Life, drift: Drift) -> None:
    """One update, and the account is on its key again, with its data as it was."""
    life.standing.restore()
    ciphertext = life.judge.ciphertext()
    drift(life)
    run = life.stack.up()
    assert run.ok, run.output
    for words in REPAIRED[drift]:
        assert words in run.output, f"{words} is not in:\n{run.output}"
    assert life.judge.reads_data()
    assert life.judge.ciphertext() == ciphertext
    (vault,) = cloud.documents(life.azure, "vault")
    assert vault["body"]["properties"]["enablePurgeProtection"] is True
    assert life.judge.bound_version() == life.judge.versions()[-1]


@pytest.mark.parametrize("drift", TOLD, ids=lambda drift: drift.__name__)
def test_a_preview_tells_of_a_version_that_cannot_be_used(life: Life, drift: Drift) -> None:
    """No other version is bound unasked, so nothing is proposed; what is wrong and the ways out are said."""
    life.standing.restore()
    drift(life)
    run = life.stack.preview("--expect-no-changes")
    assert run.ok, run.output
    for words in TOLD[drift]:
        assert words in run.output, f"{words} is not in:\n{run.output}"


def test_a_rotation_leaves_an_expired_version_behind(life: Life) -> None:
    """As the preview advised: an expired version still opens the data's key, so a new one is bound."""
    life.standing.restore()
    version_expired(life)
    life.stack.configure(key={"generation": 2})
    run = life.stack.deploy()
    assert run.ok, run.output
    assert life.judge.reads_data()
    assert life.judge.bound_version() == life.judge.versions()[-1]
    assert len(life.judge.versions()) == 2
