"""The first of two passes over an account: what this update does to its key, its identity, its access and its
settings. The other one, outside.py, tells what was done outside Pulumi.

Sources: "encryption of data at rest" (disabling the identity or revoking access loses the data; a rotated key
must be bound again); an account's PUT drops what it does not carry.
"""

from collections.abc import Iterator
from typing import Final

from core import arm_ids, effects, key_uris, kinds, values
from core.arm_ids import MalformedError
from core.demands import Judgement
from core.grants import level
from core.protection import AccountProtection
from core.rights import Access, EffectiveAccess
from core.stack import Bag
from core.values import Hidden, Value, folded
from review import access, settings
from review.account import ReviewedAccount
from review.preview import ReviewedResource, name_of
from review.snapshot import Protection
from review.verdict import Name, Verdict

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
        yield from _encryption(account, live, planned)
        identity = [*_identity(account, live, planned)]
        yield from identity
        if not identity:
            # Access goes with the identity that has it.
            yield from _access(account, live, planned)
        yield from compared(live, planned)
    elif planned:
        yield _new(planned.key)
    elif live and account.account is None:
        yield unbinding(account)


# The key


def _new(key: AccountProtection | Hidden | None) -> Verdict:
    if key is None:
        return Verdict(Name.NOT_ENCRYPTED, effects.NOT_ENCRYPTED)
    if isinstance(key, Hidden):
        return Verdict(Name.UNDETERMINED, "new account whose encryption is {}", (key,))
    return Verdict(Name.BOUND, effects.BOUND, (shown(key),))


def _encryption(account: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, after = live.key, planned.key
    if isinstance(before, Hidden) or isinstance(after, Hidden):
        if before is not after:
            yield Verdict(Name.UNDETERMINED, "encryption changes, and the preview does not show to what")
    elif before and after:
        if before.client_id != after.client_id and not isinstance(before.client_id, Hidden):
            words = "key will be used through ANOTHER IDENTITY: {} instead of {}"
            own = "the account's own"
            yield Verdict(Name.IDENTITY_CHANGED, words, (after.client_id or own, before.client_id or own))
        if before.same_version(after):
            yield from _written_again(account, planned, after)
        else:
            yield _rebinding(account, before, after)
    elif before:
        yield unbinding(account)
    elif after:
        was_bound = account.recorded is not None and account.recorded.bound
        if not was_bound:
            yield Verdict(Name.BOUND, effects.BOUND, (shown(after),))


def _rebinding(account: ReviewedAccount, before: AccountProtection, after: AccountProtection) -> Verdict:
    is_same = before.same_key(after)
    if is_same is None:
        return Verdict(Name.UNDETERMINED, "will be re-bound, and the preview does not show to which key")
    if not is_same:
        return Verdict(Name.KEY_CHANGED, effects.KEY_CHANGED, (shown(after), shown(before)))
    # A version that the update makes is called unknown, never guessed.
    version = effects.NEWEST if after.version is None else after.version
    newest = _newest_version(account.key)
    if newest and isinstance(after.version, str) and folded(after.version) != newest:
        return Verdict(Name.OLDER_VERSION, effects.OLDER_VERSION, (version, newest))
    return Verdict(Name.ROTATED, effects.ROTATED, (version,))


def unbinding(account: ReviewedAccount) -> Verdict:
    """The verdict on an account that has no binding after the update."""
    if any(binding.released for binding in account.bindings):
        return Verdict(Name.RELEASED, "binding leaves the stack and stays in Azure as it is")
    return Verdict(Name.UNBOUND, effects.UNBOUND)


def _written_again(
    account: ReviewedAccount, planned: Protection, key: AccountProtection
) -> Iterator[Verdict]:
    """The verdict on a binding or an account that is written and keeps its key, or may not."""
    resource = account.account
    if any(binding.released for binding in account.bindings):
        yield unbinding(account)
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
    elif isinstance(inline, Hidden) or inline.same_version(key) is None:
        words = "account is written with an encryption that the preview does not show"
        yield Verdict(Name.UNDETERMINED, words)
    elif not inline.same_version(key):
        words = "account is written with ANOTHER KEY OR VERSION: {} instead of {}"
        yield Verdict(Name.KEY_CHANGED, words, (shown(inline), shown(key)))


def shown(key: AccountProtection) -> Value:
    """A key and its version, for a reader."""
    parts = (key.vault_name, key.key_name, key.version)
    if isinstance(key.version, Hidden) and all(part is key.version for part in parts):
        return key.version
    vault, name, version = (values.as_text(part) or effects.NEWEST for part in parts)
    return effects.key(vault, name, version)


def _newest_version(key: ReviewedResource | None) -> str | None:
    """The version that a vault names as a key's current one, lower case; None where it is not known."""
    if key is None or key.live is None:
        return None
    try:
        uri = key_uris.parse(values.known_name(key.live.output("keyUriWithVersion")))
        return uri.version.lower() or None
    except MalformedError:
        return None


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


def _access(account: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    """Access to the key: removed, narrowed, given, or wider than the service needs."""
    if not (live.bound or planned.bound):
        return
    if account.is_revoked:
        held = access.listed(grant for grant in live.grants if grant.permissions)
        yield Verdict(Name.ACCESS_REVOKED, effects.ACCESS_REMOVED, (held or "whatever is declared",))
    elif planned.bound:
        yield from access.lost(live.grants, planned.grants)
    # What the state says was given, and is missing now, was taken away outside Pulumi: drift.
    was_given = account.recorded is not None and level(account.recorded.grants) is Access.FULL
    is_missing = level(live.grants) in {Access.NONE, Access.NARROWER}
    is_given = level(planned.grants) is Access.FULL
    if live.bound and is_missing and is_given and not (was_given or account.is_revoked):
        given = access.listed(grant for grant in planned.grants if grant.permissions)
        yield Verdict(Name.ACCESS_GRANTED, effects.ACCESS_GIVEN, (given,))
    yield from _wider_access(live, planned)


def _wider_access(live: Protection, planned: Protection) -> Iterator[Verdict]:
    """The verdicts on new grants that allow more than the service needs."""
    kind = values.name(planned.account.input("kind")) if planned.account else None
    had = {(access.what(grant), grant.scope) for grant in live.grants}
    words = "the service may do MORE with the key than it needs: {}"
    for grant in planned.grants:
        excess = EffectiveAccess(grant.permissions).excess
        if not excess or not grant.scope or (access.what(grant), grant.scope) in had:
            continue
        shown_grant = (access.words(grant),)
        if kinds.names_role(kind, grant.role_id):
            yield Verdict(
                Name.ROLE_BY_PAGE, f"{words}, the role that the page of its kind gives", shown_grant
            )
        else:
            yield Verdict(Name.ACCESS_WIDENED, words, shown_grant)


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
