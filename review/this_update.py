"""The first of two passes over an account: what this update does to its key, its identity, its access and its
settings. The other one, outside.py, tells what was done outside Pulumi.

Sources: "encryption of data at rest" (disabling the identity or revoking access loses the data; a rotated key
must be bound again); an account's PUT drops what it does not carry.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from core import arm_ids, effects, rights, values
from core.demands import Judgement
from core.effects import DataProtection, HeldGrant
from core.grants import level
from core.protection import AccountProtection
from core.rights import Access
from core.stack import Bag
from core.values import Hidden
from core.verdicts import Name, Verdict
from review import access, settings
from review.account import ReviewedAccount
from review.preview import name_of
from review.snapshot import Protection

_RELEASED: Final = Verdict(Name.RELEASED, "binding leaves the stack and stays in Azure as it is")
_LOSES: Final = "the account loses its key, and with it the data"
_SHUT_OUT: Final = {
    "trusted-services": "vault's firewall keeps trusted Azure services out: the service is shut out",
    "outbound": "account may no longer reach {}, the vault of its key: the service can no longer read "
    "the data",
}
"""Demands that keep the service from its key at once when they are unmet."""


def verdicts(account: ReviewedAccount) -> Iterator[Verdict]:
    """What the update does to an account that is not replaced."""
    live, planned = account.live, account.planned
    if live and planned:
        identity = [*_identity(account, live, planned)]
        # Access goes with the identity that has it.
        yield from _data(account, live, planned, judges_access=not identity)
        yield from _same_key(account, live, planned)
        yield from identity
        if not identity and (live.bound or planned.bound):
            kind = planned.account.input("kind") if planned.account else None
            yield from access.wider(values.name(kind), live.grants, planned.grants)
        yield from compared(live, planned)
    elif planned:
        yield from effects.effects(None, planned.data)
    elif live and account.account is None:
        yield from _data(account, live, Protection(), judges_access=False)


# The key, and the access to it


def _data(
    account: ReviewedAccount, live: Protection, planned: Protection, *, judges_access: bool
) -> Iterator[Verdict]:
    """What becomes of the data, besides what was taken away outside Pulumi and comes back (outside.py)."""
    restored = set[Name]()
    if account.recorded and account.recorded.bound:
        restored.add(Name.BOUND)
    if account.recorded and level(account.recorded.grants) is Access.FULL:
        restored.add(Name.ACCESS_GRANTED)
    for verdict in effects.effects(*_moments(account, live, planned, judges_access=judges_access)):
        if verdict.name is Name.UNBOUND and _is_released(account):
            yield _RELEASED
        elif verdict.name not in restored:
            yield verdict


def _moments(
    account: ReviewedAccount, live: Protection, planned: Protection, *, judges_access: bool
) -> tuple[DataProtection, DataProtection]:
    """How the data is protected before and after the update."""
    before, after = live.data, planned.data
    if judges_access and account.is_revoked:
        # What was read may be old, and a revocation takes whatever there is.
        given = effects.listed(grant for grant in before.grants if grant.permissions)
        taken = HeldGrant(given or "whatever is declared", rights.EXACT)
        return replace(before, grants=(taken,)), replace(after, grants=())
    if judges_access and planned.bound:
        return before, after
    return before, replace(after, grants=before.grants)


def _is_released(account: ReviewedAccount) -> bool:
    return any(binding.released for binding in account.bindings)


def _same_key(account: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    """The verdicts on a key that stays, or may not, and on the identity through which it is used."""
    before, after = live.key, planned.key
    if not isinstance(before, AccountProtection) or not isinstance(after, AccountProtection):
        return
    if before.client_id != after.client_id and not isinstance(before.client_id, Hidden):
        words = "key will be used through ANOTHER IDENTITY: {} instead of {}"
        own = "the account's own"
        yield Verdict(Name.IDENTITY_CHANGED, words, (after.client_id or own, before.client_id or own))
    if before.used.is_same_version(after.used):
        yield from _written_again(account, planned, after)


def _written_again(
    account: ReviewedAccount, planned: Protection, key: AccountProtection
) -> Iterator[Verdict]:
    """The verdict on a binding or an account that is written and keeps its key, or may not."""
    resource = account.account
    if _is_released(account):
        yield _RELEASED
    elif any(binding.replaced for binding in account.bindings):
        # The provider unbinds no account for which the program declares a binding, but only an instance of it
        # that made both bindings knows that.
        words = "binding REPLACED on the same account: the old one is deleted after it, and may unbind it"
        yield Verdict(Name.MAY_UNBIND, words)
    elif any(binding.written for binding in account.bindings):
        words = "binding is written again with the same version {}"
        yield Verdict(Name.REASSERTED, words, (key.version or effects.NEWEST,))
    elif resource and resource.op == "update" and resource.planned:
        yield from _account_written(resource.planned.written, planned.inline, key)


def _account_written(
    written: Bag, inline: AccountProtection | Hidden | None, key: AccountProtection
) -> Iterator[Verdict]:
    """The verdict on an account's own write, after which no binding is written: `inline` is the key that it
    states, `key` the one that the account has."""
    if inline is None and values.prop(written, "encryption") is None:
        words = "account is written WITHOUT its encryption and not bound again: it must be assumed unbound"
        yield Verdict(Name.MAY_UNBIND, words)
    elif inline is None:
        yield Verdict(Name.UNBOUND, effects.UNBOUND)
    elif isinstance(inline, Hidden) or inline.used.is_same_version(key.used) is None:
        words = "account is written with an encryption that the preview does not show"
        yield Verdict(Name.UNDETERMINED, words)
    elif not inline.used.is_same_version(key.used):
        words = "account is written with ANOTHER KEY OR VERSION: {} instead of {}"
        yield Verdict(Name.KEY_CHANGED, words, (inline.used.text, key.used.text))


# Who uses it


def _identity(account: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, after = live.identity, planned.identity
    if before and after and live.bound:
        is_hidden = isinstance(after.type, Hidden)
        if is_hidden and not isinstance(before.type, Hidden):
            words = "account's identity changes, and the preview does not show to what"
            yield Verdict(Name.UNDETERMINED, words)
        uses_own = not (isinstance(live.key, AccountProtection) and live.key.client_id)
        if before.is_system and uses_own and not after.is_system and not is_hidden:
            yield Verdict(Name.IDENTITY_LOST, f"system-assigned identity REMOVED: {_LOSES}")
        elif not uses_own and before.attached and after.attached is not None:
            lost = before.attached - after.attached
            if lost:
                names = ", ".join(sorted(map(arm_ids.name_of, lost)))
                yield Verdict(Name.IDENTITY_LOST, f"user-assigned identity {{}} REMOVED: {_LOSES}", (names,))
    # The resource of an identity that uses the key goes, whatever the account still lists.
    for identity in account.identities:
        name = (name_of(identity.urn),)
        if identity.replaced:
            done = "REPLACED by a new one, which has no access by itself"
            yield Verdict(Name.IDENTITY_LOST, f"user-assigned identity {{}} {done}: {_LOSES}", name)
        elif identity.deleted:
            yield Verdict(Name.IDENTITY_LOST, f"user-assigned identity {{}} DELETED: {_LOSES}", name)


# Settings and what the service demands, as core judges it of both levels


def compared(before: Protection, after: Protection) -> Iterator[Verdict]:
    """The verdicts on settings that get weaker or stronger: of an account and the vault of its key, or of a
    vault or a key."""
    yield from settings.compared(before.settings, after.settings)
    yield from demands(before, after)


def demands(before: Protection | None, after: Protection) -> Iterator[Verdict]:
    """The verdicts on demands that are unmet after the update and were met before; and, for data under a key,
    on demands that are not known afterwards."""
    former = before.unmet if before else {}
    has_key = before is not None and (before.bound or before.account is None)
    # Of an account that is made anew, the update knows more than a preview.
    stays = has_key and (after.account is None or bool(after.account.id))
    for demand, judgement in after.unmet.items():
        was_unmet = demand in former and former[demand].unmet
        if judgement.unmet:
            if not was_unmet:
                yield _broken(judgement, after, has_key=has_key)
        elif stays and demand not in former and demand not in _SHUT_OUT:
            words = "the preview does not show whether the service still takes this: {}"
            yield Verdict(Name.UNDETERMINED, words, (judgement.text,))


def _broken(judgement: Judgement, after: Protection, *, has_key: bool) -> Verdict:
    """The verdict on a demand that this update breaks: the service is shut out of a key that it has, or Azure
    refuses the update."""
    shut_out = _SHUT_OUT.get(judgement.demand)
    if shut_out is None or not has_key:
        name = Name.DEMAND_UNMET
        if judgement.demand.startswith(("tier", "kind-")):
            name = Name.NOT_FOR_KIND
        return Verdict(name, "Azure will REFUSE this: found {}", (judgement.text,))
    if "{}" not in shut_out:
        return Verdict(Name.ACCESS_REVOKED, shut_out)
    vault = after.key.vault_name if isinstance(after.key, AccountProtection) else None
    return Verdict(Name.ACCESS_REVOKED, shut_out, (vault,))
