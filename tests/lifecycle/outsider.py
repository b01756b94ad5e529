"""What somebody does to a service past Pulumi, with the rights of the deployer."""

from __future__ import annotations

from typing import Any

from tests.support.judge import ACCOUNTS, KEY_VAULT, VAULTS, Judge


def bind_elsewhere(judge: Judge) -> None:
    """Binds the account to another key of the same vault."""
    key = {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}}
    made = judge.arm("PUT", f"{judge.vault_id}/keys/elsewhere", VAULTS, key)
    vault_uri, _, name, version = made["properties"]["keyUriWithVersion"].rsplit("/", 3)
    bound = judge.arm("GET", judge.account_id, ACCOUNTS)["properties"]["encryption"]["keyVaultProperties"]
    target = {**bound, "keyVaultUri": vault_uri, "keyName": name, "keyVersion": version}
    _encrypt(judge, {"keySource": KEY_VAULT, "keyVaultProperties": target})


def disable_an_old_version(judge: Judge) -> None:
    """Disables the oldest version of the service's key, unless it is bound or the only one."""
    old = [version for version in judge.versions()[:-1] if version != judge.bound_version()]
    if old:
        name = f"/keys/cmk-{judge.name}/{old[0]}"
        judge.vault("PATCH", name, {"attributes": {"enabled": False}})


def delete_a_diagnostic_setting(judge: Judge) -> None:
    """Ends the audit of the vault, if there is one."""
    setting = f"/providers/Microsoft.Insights/diagnosticSettings/{judge.name}-audit"
    judge.arm("DELETE", judge.vault_id + setting, "2021-05-01-preview")


def _encrypt(judge: Judge, encryption: dict[str, Any]) -> None:
    judge.arm("PATCH", judge.account_id, ACCOUNTS, {"properties": {"encryption": encryption}})
    # Looked at, the account's operation comes to its end, as whoever began it would wait for.
    judge.arm("GET", judge.account_id, ACCOUNTS)
