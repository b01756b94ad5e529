"""The verdicts on an account: on its key, its identity, its access and its settings.

Sources: "encryption of data at rest" (disabling the identity or revoking access loses the data; a rotated key
must be bound again), and that an account's PUT drops what it does not carry.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core import arm_ids, coverage, effects, key_uris, kinds, values
from core.arm_ids import MalformedError
from core.demands import Judgement
from core.protection import AccountProtection
from core.rights import Access
from core.values import Mark, Value, folded
from review import access, lifecycle, settings
from review.moment import Protection
from review.resource import ReviewedResource
from review.verdict import GIVEN_BACK, Name, Verdict, ordered

_OUT_OF_REACH: Final = {
    *(Name.ACCESS_REVOKED, Name.IDENTITY_LOST, Name.KEY_REPLACED, Name.KEY_DELETED),
    *(Name.VAULT_REPLACED, Name.VAULT_DELETED),
}
"""Verdicts after which Azure deletes data of some kinds of accounts (core/coverage.py)."""
_HOW: Final = {Name.ACCESS_NARROWED: "narrowed", Name.UNDETERMINED: "changed"}
_LOSES: Final = "the account loses its key, and with it the data"
_SHUT_OUT: Final = {
    "trusted-services": "vault's firewall does not let trusted Azure services in: the service is shut out",
    "outbound": "account may no longer reach {}, the vault of its key: the service can no longer read "
    "the data",
}
"""Verdicts that keep the service from its key at once."""
_KIND: Final = ("tier", "kind-")
"""The beginning of the names of demands on an account's kind."""


@dataclass(frozen=True)
class ReviewedAccount:
    """One account over the preview. `id` is its ARM id, `resource` None outside the stack. `key`, `vault` and
    `identities` protect its data now or, if nothing does, after the update.

    `asked_back`: the program no longer declares the revocation of the account's access. `revoked`: it carries
    out a revocation.
    """

    name: Value
    id: Value
    resource: ReviewedResource | None
    bindings: tuple[ReviewedResource, ...]
    recorded: Protection | None
    live: Protection | None
    planned: Protection | None
    key: ReviewedResource | None = None
    vault: ReviewedResource | None = None
    identities: tuple[ReviewedResource, ...] = ()
    asked_back: bool = False
    revoked: bool = False

    @property
    def moments(self) -> list[Protection]:
        """The moments at which it is there."""
        return [one for one in (self.recorded, self.live, self.planned) if one]


def verdicts_of(one: ReviewedAccount) -> tuple[Verdict, ...]:
    """Every verdict on one account, the gravest first; none when nothing changes its encryption."""
    found = [*_all(one)]
    return ordered([*found, *_deleted_data(one, found)])


def _deleted_data(one: ReviewedAccount, found: Iterable[Verdict]) -> Iterator[Verdict]:
    """The verdict on data that Azure deletes for good because the account can no longer use its key. A key
    that is replaced and kept is still its key."""
    kind = values.name(one.resource.state.stated("kind")) if one.resource else None
    lost = coverage.named(kind if isinstance(kind, str) else "").deletes
    key = one.key and (one.key.live or one.key.recorded)
    harmless = {Name.KEY_REPLACED} if key and key.retained else set()
    names = {each.name for each in found} - harmless
    if lost and (one.revoked or names & _OUT_OF_REACH):
        yield Verdict(Name.DATA_DELETED, f"DATA LOSS: Azure {lost}; restored access does not undo that")


def _all(one: ReviewedAccount) -> Iterator[Verdict]:
    account, live, planned = one.resource, one.live, one.planned
    yield from lifecycle.going(account)
    if account and account.replaced:
        pass
    elif live and planned:
        yield from _drift(one, live, planned)
        yield from _encryption(one, live, planned)
        # Access goes with the identity that has it.
        yield from [*_identity(one, live, planned)] or _access(one, live, planned)
        yield from compared(live, planned)
        yield from outside(compared, one.recorded, live, planned)
    elif planned:
        yield from _new(one, planned)
    elif account is None:
        gone = Verdict(Name.ACCOUNT_GONE, "account was deleted outside Pulumi")
        yield from _unbinding(one) if live else [gone]
    if planned:
        yield from _unmet(live, planned)
    # A key goes with its vault. Accounts of other stacks may use both, so the verdict stands with this one.
    yield from [*lifecycle.of_store(one.vault)] or lifecycle.of_store(one.key)


# The key


def _new(one: ReviewedAccount, planned: Protection) -> Iterator[Verdict]:
    key = planned.key
    if key is None:
        yield Verdict(Name.NOT_ENCRYPTED, effects.NOT_ENCRYPTED)
    elif isinstance(key, Mark):
        yield Verdict(Name.UNDETERMINED, "new account whose encryption is {}", (key,))
    elif one.resource is None and one.recorded:
        words = "binding was deleted outside Pulumi and will be bound again to {}"
        yield Verdict(Name.REPAIRED, words, (_shown(key),))
    else:
        yield Verdict(Name.BOUND, effects.BOUND, (_shown(key),))


def _encryption(one: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, after = live.key, planned.key
    if isinstance(before, Mark) or isinstance(after, Mark):
        if before is not after:
            yield Verdict(Name.UNDETERMINED, "encryption changes, and the preview does not show to what")
    elif after is None:
        yield from _unbinding(one) if before else ()
    elif before is None:
        if not (one.recorded and one.recorded.key):
            yield Verdict(Name.BOUND, effects.BOUND, (_shown(after),))
    else:
        yield from _rebinding(one, before, after)


def _rebinding(
    one: ReviewedAccount, before: AccountProtection, after: AccountProtection
) -> Iterator[Verdict]:
    if before.client_id != after.client_id and not isinstance(before.client_id, Mark):
        words = "key will be used through ANOTHER IDENTITY: {} instead of {}"
        own = "the account's own"
        yield Verdict(Name.IDENTITY_CHANGED, words, (after.client_id or own, before.client_id or own))
    if before.same_version(after):
        yield from _reasserted(one, after)
    elif before.same_key(after):
        # A version that the update makes is called unknown, never guessed.
        version = after.version if after.version is not None else effects.NEWEST
        newest = _newest_version(one.key)
        if newest and isinstance(after.version, str) and folded(after.version) != newest:
            yield Verdict(Name.OLDER_VERSION, effects.OLDER_VERSION, (version, newest))
        else:
            yield Verdict(Name.ROTATED, effects.ROTATED, (version,))
    elif before.same_key(after) is False:
        yield Verdict(Name.KEY_CHANGED, effects.KEY_CHANGED, (_shown(after), _shown(before)))
    else:
        yield Verdict(Name.UNDETERMINED, "will be re-bound, and the preview does not show to which key")


def _unbinding(one: ReviewedAccount) -> Iterator[Verdict]:
    if any(binding.released for binding in one.bindings):
        yield Verdict(Name.RELEASED, "binding leaves the stack and stays in Azure as it is")
    else:
        yield Verdict(Name.UNBOUND, effects.UNBOUND)


def _reasserted(one: ReviewedAccount, key: AccountProtection) -> Iterator[Verdict]:
    if any(binding.released for binding in one.bindings):
        yield from _unbinding(one)
    elif any(binding.replaced for binding in one.bindings):
        # The provider unbinds no account for which the program declares a binding, but only an instance of it
        # that made both bindings knows that.
        words = "binding REPLACED on the same account: the old one is deleted after it, and may unbind it"
        yield Verdict(Name.MAY_UNBIND, words)
    elif any(binding.written for binding in one.bindings):
        version = key.version or effects.NEWEST
        yield Verdict(Name.REASSERTED, "binding is written again with the same version {}", (version,))
    elif one.resource and one.resource.op == "update" and one.resource.planned and one.planned:
        states_none = values.prop(one.resource.planned.written, "encryption") is None
        yield from _written(one.planned.inline, key, states_none=states_none)


def _written(
    inline: AccountProtection | Mark | None, key: AccountProtection, *, states_none: bool
) -> Iterator[Verdict]:
    """The verdict on an account's own write, if no binding is written after it."""
    if inline is None and states_none:
        words = "account is written WITHOUT its encryption and not bound again: it must be assumed unbound"
        yield Verdict(Name.MAY_UNBIND, words)
    elif inline is None:
        words = "UNBOUND: account is written with Microsoft-managed keys and not bound again"
        yield Verdict(Name.UNBOUND, words)
    elif isinstance(inline, Mark) or inline.same_version(key) is None:
        words = "account is written with an encryption that the preview does not show"
        yield Verdict(Name.UNDETERMINED, words)
    elif not inline.same_version(key):
        words = "account is written with ANOTHER KEY OR VERSION: {} instead of {}"
        yield Verdict(Name.KEY_CHANGED, words, (_shown(inline), _shown(key)))


def _shown(key: AccountProtection) -> Value:
    """A key and its version, for a reader."""
    parts = (key.vault_name, key.key_name, key.version)
    if isinstance(key.version, Mark) and all(part is key.version for part in parts):
        return key.version
    said = [part.value if isinstance(part, Mark) else (part or effects.NEWEST) for part in parts]
    return effects.key(said[0], said[1], said[2])


def _newest_version(key: ReviewedResource | None) -> str | None:
    """The version that a vault names as a key's current one, lower case; None where it is not known."""
    uri = values.name(key.live.found("keyUriWithVersion")) if key and key.live else None
    try:
        return key_uris.parse(uri).version.lower() or None if isinstance(uri, str) else None
    except MalformedError:
        return None


# Who uses it


def _identity(one: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, after = live.identity, planned.identity
    if before and after and live.bound:
        if isinstance(after.type, Mark) and not isinstance(before.type, Mark):
            words = "account's identity changes, and the preview does not show to what"
            yield Verdict(Name.UNDETERMINED, words)
        uses_own = not (isinstance(live.key, AccountProtection) and live.key.client_id)
        had, has = before.attached, after.attached
        if before.is_system and uses_own and not (after.is_system or isinstance(after.type, Mark)):
            yield Verdict(Name.IDENTITY_LOST, f"system-assigned identity REMOVED: {_LOSES}")
        elif had and has is not None and not uses_own and (lost := had - has):
            names = ", ".join(sorted(arm_ids.name_of(id) for id in lost))
            yield Verdict(Name.IDENTITY_LOST, f"user-assigned identity {{}} REMOVED: {_LOSES}", (names,))
    # The resource of an identity that uses the key goes, whatever the account still lists.
    for each in one.identities:
        if each.deleted or each.replaced:
            what = "REPLACED by a new one, which has no access by itself" if each.replaced else "DELETED"
            words = f"user-assigned identity {{}} {what}: {_LOSES}"
            yield Verdict(Name.IDENTITY_LOST, words, (each.name,))


def _access(one: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    """Access to the key: removed, narrowed, given, or wider than the service needs."""
    if not (live.bound or planned.bound):
        return
    if one.revoked:
        held = access.listed(grant for grant in live.grants if grant.permissions)
        yield Verdict(Name.ACCESS_REVOKED, effects.ACCESS_REMOVED, (held or "whatever is declared",))
    elif planned.bound:
        yield from access.lost(live.grants, planned.grants)
    # What the state says was given, and is missing now, was taken away outside Pulumi: drift.
    was_given = one.recorded is not None and one.recorded.access is Access.FULL
    missing = live.access in {Access.NONE, Access.NARROWER}
    if live.bound and missing and planned.access is Access.FULL and not (was_given or one.revoked):
        shown = access.listed(grant for grant in planned.grants if grant.permissions)
        yield Verdict(Name.ACCESS_GRANTED, effects.ACCESS_GIVEN, (shown,))
    had = {(access.what(grant), grant.scope) for grant in live.grants}
    kind = values.name(planned.account.stated("kind")) if planned.account else None
    for grant in planned.grants:
        if access.excess(grant) and grant.scope and (access.what(grant), grant.scope) not in had:
            by_page = kinds.names_role(kind, grant.role_id)
            words = "the service may do MORE with the key than it needs: {}"
            words += ", the role that the page of its kind gives" if by_page else ""
            name = Name.ROLE_BY_PAGE if by_page else Name.ACCESS_WIDENED
            yield Verdict(name, words, (access.words(grant),))


# What somebody did outside Pulumi


def _drift(one: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    recorded = one.recorded
    if recorded is None:
        return
    if recorded.bound and not live.bound:
        if isinstance(planned.key, AccountProtection):
            words = "was UNBOUND outside Pulumi; will be bound again to {}"
            yield Verdict(Name.REPAIRED, words, (_shown(planned.key),))
        else:
            yield Verdict(Name.UNBOUND, "was UNBOUND outside Pulumi, and this update does not bind it again")
    elif (
        isinstance(recorded.key, AccountProtection)
        and isinstance(live.key, AccountProtection)
        and recorded.key.same_version(live.key) is False
    ):
        words = "was re-bound outside Pulumi, from {} to {}"
        yield Verdict(Name.CHANGED, words, (_shown(recorded.key), _shown(live.key)))
    before, now, after = recorded.identity, live.identity, planned.identity
    lost = before and before.is_system and now and not (now.is_system or isinstance(now.type, Mark))
    # Access goes with the identity that has it.
    if lost:
        again = "; a new one gets no access by itself" if after and after.is_system else ""
        words = f"system-assigned identity was removed outside Pulumi{again}"
        yield Verdict(Name.IDENTITY_LOST, words)
    elif recorded.bound:
        yield from _access_drift(one, recorded, live, planned)


def _access_drift(
    one: ReviewedAccount, recorded: Protection, live: Protection, planned: Protection
) -> Iterator[Verdict]:
    """Access that was removed outside Pulumi, perhaps on purpose: restoring it needs a decision."""
    again = any(access.lost(planned.grants, live.grants))
    for taken in access.lost(recorded.grants, live.grants):
        how = _HOW.get(taken.name, "removed")
        if not again:
            words = f"access to the key was {how} outside Pulumi, and is not given again"
            yield Verdict(taken.name, words)
        elif one.asked_back:
            yield Verdict(Name.ACCESS_GRANTED, "access to the key GIVEN: it is no longer declared as revoked")
        else:
            yield Verdict(Name.ACCESS_RESTORED, f"access to the key was {how} outside Pulumi, {GIVEN_BACK}")


def outside(
    judge: Callable[[Protection, Protection], Iterable[Verdict]],
    recorded: Protection | None,
    live: Protection,
    planned: Protection,
) -> Iterator[Verdict]:
    """Verdicts on changes outside Pulumi: protection that was weakened and that this update leaves so, and a
    service that was cut off from its key and that this update lets in again."""
    if recorded is None:
        return
    stays, back = set(judge(recorded, planned)), set(judge(planned, live))
    for one in judge(recorded, live):
        if one in stays:
            yield one
        elif one.name is Name.ACCESS_REVOKED and one in back:
            words = f"{one.words}, by a change outside Pulumi, {GIVEN_BACK}"
            yield Verdict(Name.ACCESS_RESTORED, words, one.values)


# Settings, links and what the service demands, as core judges it of both moments


def compared(before: Protection, after: Protection) -> Iterator[Verdict]:
    """The verdicts on settings that get weaker or stronger: of an account and the vault of its key, or of a
    vault or a key."""
    yield from settings.compared(before.settings, after.settings)
    yield from _unmet(before, after)
    linked = [settings.linked_of(one.account) if one.account else frozenset() for one in (before, after)]
    for what, id in sorted(linked[0] - linked[1]):
        words = f"linked {what} {{}} TAKEN AWAY: the account no longer reads what it keeps there"
        yield Verdict(Name.LINK_LOST, words, (arm_ids.name_of(id),))


def _unmet(before: Protection | None, after: Protection) -> Iterator[Verdict]:
    """The verdicts on demands that are unmet after the update and were met before; and, for data under a key,
    on demands that are not known afterwards."""
    has_key = before is not None and (before.bound or before.account is None)
    # Of an account that is made anew, the update knows more than a preview.
    stays = has_key and (after.account is None or bool(after.account.id))
    for demand, one in after.unmet.items():
        had = before.unmet.get(demand) if before else None
        if one.unmet and not (had and had.unmet):
            shut_out = _SHUT_OUT.get(demand) if has_key else None
            vault = (after.key.vault_name,) if isinstance(after.key, AccountProtection) else (None,)
            shown = vault if shut_out and "{}" in shut_out else ()
            yield Verdict(Name.ACCESS_REVOKED, shut_out, shown) if shut_out else refused(one)
        elif not one.unmet and stays and had is None and demand not in _SHUT_OUT:
            words = "the preview does not show whether the service still takes this: {}"
            yield Verdict(Name.UNDETERMINED, words, (one.text,))


def refused(one: Judgement) -> Verdict:
    """The verdict on a demand that is not met."""
    name = Name.NOT_FOR_KIND if one.demand.startswith(_KIND) else Name.DEMAND_UNMET
    return Verdict(name, "Azure will REFUSE this: found {}", (one.text,))
