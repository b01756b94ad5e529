"""Settings that protect data beside the key: recovery, network, login by key, audit, Pulumi's protection.

Owns: which change of them is for the worse. Sources: soft delete and purge protection are what the service
demands of a vault; the others are what Azure's own policies ask for.
"""

from __future__ import annotations

from collections.abc import Iterator

from review.protection import Protection, Vault
from review.values import Mark, Value, folded
from review.verdict import Name, Verdict


def of_account(live: Protection, planned: Protection) -> Iterator[Verdict]:
    """What gets worse, or better, around one account and the vault of its key."""
    if live.network and planned.network:
        if planned.network.opens_from(live.network):
            yield _worse("account's network", live.network.words, planned.network.words)
        elif live.network.opens_from(planned.network):
            yield _better("account's network", live.network.words, planned.network.words)
        yield from _untold("account's network", live.network.rank, planned.network.rank)
    if live.local_auth is False and planned.local_auth is True:
        yield _worse("login by account key", "off", "on")
    elif live.local_auth is True and planned.local_auth is False:
        yield _better("login by account key", "on", "off")
    yield from _untold("login by account key", live.local_auth, planned.local_auth)
    if live.audit and not planned.audit:
        yield _worse("account's audit log", live.audit, "none")
    if live.protect and not planned.protect:
        yield _worse("Pulumi's protection of the account", "on", "off")
    if live.vault and planned.vault and live.vault.urn == planned.vault.urn:
        yield from of_vault(live.vault, planned.vault)


def of_vault(live: Vault, planned: Vault) -> Iterator[Verdict]:
    """What gets worse, or better, about a vault."""
    if live.soft_delete is True and planned.soft_delete is False:
        yield _lost("soft delete", "on", "off")
    if live.purge_protection is True and planned.purge_protection is False:
        yield _lost("purge protection", "on", "off")
    if live.purge_protection is not True and planned.purge_protection is True:
        yield _better("purge protection", "off", "on")
    yield from _untold("soft delete", live.soft_delete, planned.soft_delete)
    yield from _untold("purge protection", live.purge_protection, planned.purge_protection)
    yield from _untold("vault's network", live.network.rank, planned.network.rank)
    days, after = _number(live.retention_days), _number(planned.retention_days)
    if days is not None and after is not None and after < days:
        yield _lost("days a deleted key can be recovered", str(days), str(after))
    if planned.network.opens_from(live.network):
        yield _worse("vault's network", live.network.words, planned.network.words)
    elif live.network.opens_from(planned.network):
        yield _better("vault's network", live.network.words, planned.network.words)
    if planned.network.shuts_services_out and not live.network.shuts_services_out:
        yield Verdict(
            Name.ACCESS_REVOKED,
            "vault's firewall does not let trusted Azure services in: the service is shut out",
        )
    if live.audit and not planned.audit:
        yield _worse("vault's audit log", live.audit, "none")
    elif planned.audit and not live.audit:
        yield _better("vault's audit log", "none", planned.audit)
    if live.protect and not planned.protect:
        yield _worse("Pulumi's protection of the vault", "on", "off")


def _untold(what: str, before: object, after: object) -> Iterator[Verdict]:
    """A value that was known, and now is a secret or known after the update alone."""
    if (after is None or isinstance(after, Mark)) and not (before is None or isinstance(before, Mark)):
        yield Verdict(Name.NOT_TOLD, f"{what} changes, and the preview does not tell to what")


def _lost(what: str, before: Value, after: Value) -> Verdict:
    return Verdict(Name.RECOVERY_WEAKENED, f"{what} WEAKENED: {{}} -> {{}}", (before, after))


def _worse(what: str, before: Value, after: Value) -> Verdict:
    return Verdict(Name.PROTECTION_WEAKENED, f"{what} weakened: {{}} -> {{}}", (before, after))


def _better(what: str, before: Value, after: Value) -> Verdict:
    return Verdict(Name.STRENGTHENED, f"{what} strengthened: {{}} -> {{}}", (before, after))


def _number(value: Value) -> int | None:
    known = folded(value)
    return int(known) if known and known.isdigit() else None
