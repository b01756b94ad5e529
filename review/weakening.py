"""Settings that protect data beside the key: recovery, network, login by key, audit, Pulumi's protection.

Sources: the service demands soft delete and purge protection; Azure's own policies ask for the others.
"""

from collections.abc import Iterator
from typing import TypeVar

from core import arm_ids
from review.exposure import Audit, NetworkExposure, Outbound
from review.keys import ReviewedKey
from review.protection import Protection, VaultProtection
from review.resource import ReviewedResource, ReviewedState
from review.values import Mark, Value, folded
from review.verdict import Name, Verdict

Reach = TypeVar("Reach", NetworkExposure, Outbound)


def of_account(live: Protection, planned: Protection) -> Iterator[Verdict]:
    """What gets worse, or better, around one account and the vault of its key."""
    if live.network and planned.network:
        yield from _network("account's network", live.network, planned.network)
    if live.local_auth is False and planned.local_auth is True:
        yield _worse("login by account key", "off", "on")
    elif live.local_auth is True and planned.local_auth is False:
        yield _better("login by account key", "on", "off")
    yield from _undetermined("login by account key", live.local_auth, planned.local_auth)
    yield from _audit("account's audit log", live.audit, planned.audit)
    yield from _protection("account", live.protect, planned.protect)
    if planned.binding:
        yield from _protection("binding", live.binding_protect, planned.binding_protect)
    if same_vault(live, planned):
        yield from _protection("key", live.key_protect, planned.key_protect)
    if live.outbound and planned.outbound:
        yield from _outbound(live.outbound, planned.outbound, planned.key)
    for what, id in sorted(live.linked - planned.linked):
        words = f"linked {what} {{}} TAKEN AWAY: the account no longer reads what it keeps there"
        yield Verdict(Name.LINK_LOST, words, (arm_ids.name_of(id),))
    if live.vault and planned.vault and same_vault(live, planned):
        yield from of_vault(live.vault, planned.vault)


def of_vault(live: VaultProtection, planned: VaultProtection) -> Iterator[Verdict]:
    """What gets worse, or better, about a vault."""
    if live.soft_delete is True and planned.soft_delete is False:
        yield _lost("soft delete", "on", "off")
    if live.purge_protection is True and planned.purge_protection is False:
        yield _lost("purge protection", "on", "off")
    if live.purge_protection is not True and planned.purge_protection is True:
        yield _better("purge protection", "off", "on")
    yield from _undetermined("soft delete", live.soft_delete, planned.soft_delete)
    yield from _undetermined("purge protection", live.purge_protection, planned.purge_protection)
    days, after = _number(live.retention_days), _number(planned.retention_days)
    if days is not None and after is not None and after < days:
        yield _lost("days a deleted key can be recovered", str(days), str(after))
    yield from _network("vault's network", live.network, planned.network)
    if planned.network.shuts_services_out and not live.network.shuts_services_out:
        yield Verdict(
            Name.ACCESS_REVOKED,
            "vault's firewall does not let trusted Azure services in: the service is shut out",
        )
    yield from _audit("vault's audit log", live.audit, planned.audit)
    if planned.audit and not live.audit:
        yield _better("vault's audit log", "none", planned.audit.words)
    yield from _protection("vault", live.protect, planned.protect)


def of_key(live: ReviewedState, planned: ReviewedState) -> Iterator[Verdict]:
    """What gets worse about a key that no account shown here is bound to."""
    yield from _protection("key", live.protect, planned.protect)


def replacing(*resources: ReviewedResource | None) -> Iterator[Verdict]:
    """The properties whose later change would replace a resource that holds data or its key, because the
    update adds them to `replaceOnChanges`."""
    for one in resources:
        if one and one.planned and not one.replaced:
            new = set(one.planned.replaced_on) - set(one.live.replaced_on if one.live else ())
            words = f"later changes of {{}} will REPLACE the {one.kind.value} instead of updating it"
            if new:
                yield Verdict(Name.PROTECTION_WEAKENED, words, (", ".join(sorted(map(str, new))),))


def same_vault(live: Protection, planned: Protection) -> bool:
    """Whether the key's vault is the same resource before and after."""
    return bool(live.vault and planned.vault and live.vault.urn == planned.vault.urn)


def _protection(what: str, before: bool, after: bool) -> Iterator[Verdict]:
    if before and not after:
        yield _worse(f"Pulumi's protection of the {what}", "on", "off")


def _network(what: str, before: NetworkExposure, after: NetworkExposure) -> Iterator[Verdict]:
    if before.perimeter is after.perimeter:
        yield from _undetermined(what, before.rank, after.rank)
        yield from _reach(what, before, after)
    else:
        words = (
            f"{what} changes: {{}} -> {{}}; the preview does not show what a network security perimeter "
            "lets in"
        )
        yield Verdict(Name.UNDETERMINED, words, (before.words, after.words))


def _reach(what: str, before: Reach, after: Reach) -> Iterator[Verdict]:
    """Who can connect, or what can be reached."""
    if after.opens_from(before):
        yield _worse(what, before.words, after.words)
    elif before.opens_from(after):
        yield _better(what, before.words, after.words)


def _audit(what: str, live: Audit, planned: Audit) -> Iterator[Verdict]:
    if live.loses(planned):
        yield _worse(what, live.words, planned.words or "none")


def _outbound(before: Outbound, after: Outbound, key: ReviewedKey | Mark | None) -> Iterator[Verdict]:
    yield from _reach("account's outbound access", before, after)
    yield from _undetermined("account's outbound access", before.restricts, after.restricts)
    host = key.host if isinstance(key, ReviewedKey) else None
    if host and after.shuts_out(host) and not before.shuts_out(host):
        words = (
            "account may no longer reach {}, the vault of its key: the service can no longer read the data"
        )
        yield Verdict(Name.ACCESS_REVOKED, words, (host,))


def _undetermined(what: str, before: object, after: object) -> Iterator[Verdict]:
    """A value that was known, and now is a secret or known after the update alone."""
    if (after is None or isinstance(after, Mark)) and not (before is None or isinstance(before, Mark)):
        yield Verdict(Name.UNDETERMINED, f"{what} changes, and the preview does not show to what")


def _lost(what: str, before: Value, after: Value) -> Verdict:
    return Verdict(Name.RECOVERY_WEAKENED, f"{what} WEAKENED: {{}} -> {{}}", (before, after))


def _worse(what: str, before: Value, after: Value) -> Verdict:
    return Verdict(Name.PROTECTION_WEAKENED, f"{what} weakened: {{}} -> {{}}", (before, after))


def _better(what: str, before: Value, after: Value) -> Verdict:
    return Verdict(Name.STRENGTHENED, f"{what} strengthened: {{}} -> {{}}", (before, after))


def _number(value: Value) -> int | None:
    known = folded(value)
    return int(known) if known and known.isdigit() else None
