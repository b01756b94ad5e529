"""The verdicts on an account: on its key, its identity, its access and its settings; and on resources that
go: deleted, replaced, taken out of the stack, deleted outside Pulumi, or written and not read here.

Sources: "encryption of data at rest" (disabling the identity or revoking access loses the data; a disabled or
deleted key takes it out of reach; a rotated key must be bound again); an account's PUT drops what it does not
carry; a Foundry project goes with its agents, files and threads, which are made anew and not recovered
(learn.microsoft.com/azure/ai-foundry/how-to/agent-service-operator-disaster-recovery).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from core import arm_ids, arm_template, coverage, effects, key_uris, kinds, stack, values
from core.arm_ids import MalformedError
from core.demands import Judgement
from core.grants import key_scope, level
from core.protection import AccountProtection
from core.resource_types import Kind, kind_of
from core.rights import Access, EffectiveAccess
from core.values import Mark, Value, folded
from review import access, settings
from review.moment import Moments, Protection, revoked_by
from review.preview import VAULTS, ReviewedResource, ReviewedState, name_of, token_of
from review.verdict import Name, Verdict, ordered

_OUT_OF_REACH: Final = {
    *(Name.ACCESS_REVOKED, Name.IDENTITY_LOST, Name.KEY_REPLACED, Name.KEY_DELETED),
    *(Name.VAULT_REPLACED, Name.VAULT_DELETED),
}
"""Verdicts after which Azure deletes data of some kinds of accounts (core/coverage.py)."""
_HOW: Final = {Name.ACCESS_NARROWED: "narrowed", Name.UNDETERMINED: "changed"}
_LOSES: Final = "the account loses its key, and with it the data"
_SHUT_OUT: Final = {
    "trusted-services": "vault's firewall keeps trusted Azure services out: the service is shut out",
    "outbound": "account may no longer reach {}, the vault of its key: the service can no longer read "
    "the data",
}
"""Verdicts that keep the service from its key at once."""


class ReviewedAccount:
    """One account over the preview, or a binding whose account is not in the stack, then without `resource`.
    `id` is its ARM id. `key`, `vault` and `identities` protect its data now or, if nothing does, after the
    update.

    `asked_back`: the program no longer declares the revocation of the account's access. `revoked`: it carries
    out a revocation.
    """

    def __init__(
        self,
        resource: ReviewedResource,
        moments: Moments,
        by_urn: Mapping[str, ReviewedResource],
        revocations: Sequence[ReviewedResource],
    ) -> None:
        is_account = resource.kind is Kind.ACCOUNT
        self.resource = resource if is_account else None
        self.id, self.name = _id_and_name(resource, is_account=is_account)
        self.recorded, self.live, self.planned = (at.of(resource.urn) for at in moments)
        self.moments = [protection for protection in (self.live, self.recorded, self.planned) if protection]
        bindings = {protection.binding for protection in self.moments if protection.binding}
        self.bindings = [by_urn[urn] for urn in sorted(bindings)]
        users = self.live.used_by if self.live else frozenset()
        self.identities = [by_urn[urn] for urn in sorted(users)]
        self.keys = [
            protection.key for protection in self.moments if isinstance(protection.key, AccountProtection)
        ]
        # Of a grant whose vault is not known, too.
        self.vaults = {"", *(key.vault_name for key in self.keys if isinstance(key.vault_name, str))}
        self.principals = _principals(self.moments)
        first_key = self.keys[0] if self.keys else None
        self.key = by_urn[first_key.key.urn] if first_key and first_key.key else None
        self.vault = by_urn[first_key.vault.urn] if first_key and first_key.vault else None
        ended = [one.live for one in revocations if one.live and not one.planned]
        carried_out = [one.planned for one in revocations if one.written and one.planned]
        self.asked_back = any(map(self.is_concerned, ended))
        self.revoked = any(map(self.is_concerned, carried_out))
        self.verdicts = _verdicts_of(self)

    def is_concerned(self, revocation: ReviewedState) -> bool:
        """Whether a revocation is about the account's key and an identity with which it may use the key."""
        principal, key = revoked_by(revocation)
        is_its_key = key_scope(folded(key) or "") in {(one.vault_name, one.key_name) for one in self.keys}
        return is_its_key and folded(principal) in self.principals


def _id_and_name(resource: ReviewedResource, *, is_account: bool) -> tuple[Value, Value]:
    """The ARM id and the name of an account, by its own resource or by its binding's."""
    if is_account:
        return resource.state.id or None, resource.state.azure_name
    account_id = resource.state.text("accountId")
    name = arm_ids.name_of(account_id) if isinstance(account_id, str) else account_id
    return account_id, name


def _principals(protections: Iterable[Protection]) -> set[str]:
    """The identities that may use an account's key at some moment, as far as they are known."""
    holders: list[Value] = []
    for protection in protections:
        holders += [grant.principal for grant in protection.grants]
        holders.append(protection.principal)
    return {known for holder in holders if (known := folded(holder))}


def _verdicts_of(one: ReviewedAccount) -> tuple[Verdict, ...]:
    """Every verdict on one account, the gravest first; none when nothing changes its encryption."""
    found = [*_all(one)]
    # Azure deletes data for good because the account can no longer use its key. A key that is replaced and
    # kept is still its key.
    kind = values.name(one.resource.state.stated("kind")) if one.resource else None
    lost = coverage.named(kind if isinstance(kind, str) else "").deletes
    key = one.key and (one.key.live or one.key.recorded)
    harmless = {Name.KEY_REPLACED} if key and key.retained else set()
    if lost and (one.revoked or {each.name for each in found} & _OUT_OF_REACH - harmless):
        words = f"DATA LOSS: Azure {lost}; restored access does not undo that"
        found.append(Verdict(Name.DATA_DELETED, words))
    return ordered(found)


def _all(one: ReviewedAccount) -> Iterator[Verdict]:
    account, live, planned = one.resource, one.live, one.planned
    yield from going(account)
    if account and account.replaced:
        pass
    elif live and planned:
        if one.recorded:
            yield from _outside(one, one.recorded, live, planned)
        yield from _encryption(one, live, planned)
        # Access goes with the identity that has it.
        yield from [*_identity(one, live, planned)] or _access(one, live, planned)
        yield from compared(live, planned)
        yield from outside(compared, one.recorded, live, planned)
    elif planned:
        yield from _new(one, planned.key)
    elif account is None:
        gone = Verdict(Name.ACCOUNT_GONE, "account was deleted outside Pulumi")
        yield _unbinding(one) if live else gone
    if planned:
        yield from _unmet(live, planned)
    # A key goes with its vault. Accounts of other stacks may use both, so the verdict stands with this one.
    yield from [*of_resource(one.vault)] or of_resource(one.key)


# The key


def _new(one: ReviewedAccount, key: AccountProtection | Mark | None) -> Iterator[Verdict]:
    if key is None:
        yield Verdict(Name.NOT_ENCRYPTED, effects.NOT_ENCRYPTED)
    elif isinstance(key, Mark):
        yield Verdict(Name.UNDETERMINED, "new account whose encryption is {}", (key,))
    else:
        yield Verdict(Name.BOUND, effects.BOUND, (_shown(key),))


def _encryption(one: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, after = live.key, planned.key
    if isinstance(before, Mark) or isinstance(after, Mark):
        if before is not after:
            yield Verdict(Name.UNDETERMINED, "encryption changes, and the preview does not show to what")
    elif after is None:
        if before:
            yield _unbinding(one)
    elif before is None:
        if not (one.recorded and one.recorded.key):
            yield Verdict(Name.BOUND, effects.BOUND, (_shown(after),))
    else:
        if before.client_id != after.client_id and not isinstance(before.client_id, Mark):
            words = "key will be used through ANOTHER IDENTITY: {} instead of {}"
            own = "the account's own"
            yield Verdict(Name.IDENTITY_CHANGED, words, (after.client_id or own, before.client_id or own))
        if not before.same_version(after):
            yield _rebinding(one, before, after)
        elif written := _written(one, after):
            yield written


def _rebinding(one: ReviewedAccount, before: AccountProtection, after: AccountProtection) -> Verdict:
    if before.same_key(after):
        # A version that the update makes is called unknown, never guessed.
        version = after.version if after.version is not None else effects.NEWEST
        newest = _newest_version(one.key)
        if newest and isinstance(after.version, str) and folded(after.version) != newest:
            return Verdict(Name.OLDER_VERSION, effects.OLDER_VERSION, (version, newest))
        return Verdict(Name.ROTATED, effects.ROTATED, (version,))
    if before.same_key(after) is False:
        return Verdict(Name.KEY_CHANGED, effects.KEY_CHANGED, (_shown(after), _shown(before)))
    return Verdict(Name.UNDETERMINED, "will be re-bound, and the preview does not show to which key")


def _unbinding(one: ReviewedAccount) -> Verdict:
    if any(binding.released for binding in one.bindings):
        return Verdict(Name.RELEASED, "binding leaves the stack and stays in Azure as it is")
    return Verdict(Name.UNBOUND, effects.UNBOUND)


def _written(one: ReviewedAccount, key: AccountProtection) -> Verdict | None:
    """The verdict on a binding or an account that is written and keeps its key, or may not."""
    if any(binding.released for binding in one.bindings):
        return _unbinding(one)
    if any(binding.replaced for binding in one.bindings):
        # The provider unbinds no account for which the program declares a binding, but only an instance of it
        # that made both bindings knows that.
        words = "binding REPLACED on the same account: the old one is deleted after it, and may unbind it"
        return Verdict(Name.MAY_UNBIND, words)
    if any(binding.written for binding in one.bindings):
        words = "binding is written again with the same version {}"
        return Verdict(Name.REASSERTED, words, (key.version or effects.NEWEST,))
    state = one.resource.planned if one.resource and one.resource.op == "update" else None
    if state is None or one.planned is None:
        return None
    # The account's own write, after which no binding is written.
    inline = one.planned.inline
    if inline is None and values.prop(state.written, "encryption") is None:
        words = "account is written WITHOUT its encryption and not bound again: it must be assumed unbound"
        return Verdict(Name.MAY_UNBIND, words)
    if inline is None:
        return Verdict(Name.UNBOUND, effects.UNBOUND)
    if isinstance(inline, Mark) or inline.same_version(key) is None:
        words = "account is written with an encryption that the preview does not show"
        return Verdict(Name.UNDETERMINED, words)
    words = "account is written with ANOTHER KEY OR VERSION: {} instead of {}"
    changed = Verdict(Name.KEY_CHANGED, words, (_shown(inline), _shown(key)))
    return None if inline.same_version(key) else changed


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
            yield Verdict(Name.IDENTITY_LOST, words, (name_of(each.urn),))


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
    was_given = one.recorded is not None and level(one.recorded.grants) is Access.FULL
    missing = level(live.grants) in {Access.NONE, Access.NARROWER}
    has = level(planned.grants) is Access.FULL
    if live.bound and missing and has and not (was_given or one.revoked):
        shown = access.listed(grant for grant in planned.grants if grant.permissions)
        yield Verdict(Name.ACCESS_GRANTED, effects.ACCESS_GIVEN, (shown,))
    had = {(access.what(grant), grant.scope) for grant in live.grants}
    kind = values.name(planned.account.stated("kind")) if planned.account else None
    for grant in planned.grants:
        excess = EffectiveAccess(grant.permissions).excess
        if excess and grant.scope and (access.what(grant), grant.scope) not in had:
            by_page = kinds.names_role(kind, grant.role_id)
            words = "the service may do MORE with the key than it needs: {}"
            words += ", the role that the page of its kind gives" if by_page else ""
            name = Name.ROLE_BY_PAGE if by_page else Name.ACCESS_WIDENED
            yield Verdict(name, words, (access.words(grant),))


# What somebody did outside Pulumi


def _outside(
    one: ReviewedAccount, recorded: Protection, live: Protection, planned: Protection
) -> Iterator[Verdict]:
    was, now = recorded.key, live.key
    if recorded.bound and not live.bound:
        if isinstance(planned.key, AccountProtection):
            words = "was UNBOUND outside Pulumi; will be bound again to {}"
            yield Verdict(Name.REPAIRED, words, (_shown(planned.key),))
        else:
            yield Verdict(Name.UNBOUND, "was UNBOUND outside Pulumi, and this update does not bind it again")
    elif (
        isinstance(was, AccountProtection)
        and isinstance(now, AccountProtection)
        and was.same_version(now) is False
    ):
        words = "was re-bound outside Pulumi, from {} to {}"
        yield Verdict(Name.CHANGED, words, (_shown(was), _shown(now)))
    before, found, after = recorded.identity, live.identity, planned.identity
    # Access goes with the identity that has it.
    if before and before.is_system and found and not (found.is_system or isinstance(found.type, Mark)):
        again = "; a new one gets no access by itself" if after and after.is_system else ""
        words = f"system-assigned identity was removed outside Pulumi{again}"
        yield Verdict(Name.IDENTITY_LOST, words)
    elif recorded.bound:
        # Perhaps on purpose: restoring it needs a decision, unless the settings ask for it.
        is_given_back = any(access.lost(planned.grants, live.grants))
        for taken in access.lost(recorded.grants, live.grants):
            how = f"access to the key was {_HOW.get(taken.name, 'removed')} outside Pulumi"
            if not is_given_back:
                yield Verdict(taken.name, f"{how}, and is not given again")
            elif one.asked_back:
                words = "access to the key GIVEN: it is no longer declared as revoked"
                yield Verdict(Name.ACCESS_GRANTED, words)
            else:
                yield access.given_back(how)


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
            yield access.given_back(f"{one.words}, by a change outside Pulumi", one.values)


# Settings and what the service demands, as core judges it of both moments


def compared(before: Protection, after: Protection) -> Iterator[Verdict]:
    """The verdicts on settings that get weaker or stronger: of an account and the vault of its key, or of a
    vault or a key."""
    yield from settings.compared(before.settings, after.settings)
    yield from _unmet(before, after)


def _unmet(before: Protection | None, after: Protection) -> Iterator[Verdict]:
    """The verdicts on demands that are unmet after the update and were met before; and, for data under a key,
    on demands that are not known afterwards."""
    has_key = before is not None and (before.bound or before.account is None)
    # Of an account that is made anew, the update knows more than a preview.
    stays = has_key and (after.account is None or bool(after.account.id))
    for demand, judgement in after.unmet.items():
        former = before.unmet.get(demand) if before else None
        if judgement.unmet:
            was_unmet = former is not None and former.unmet
            if not was_unmet:
                yield _broken(judgement, after, has_key=has_key)
        elif stays and former is None and demand not in _SHUT_OUT:
            words = "the preview does not show whether the service still takes this: {}"
            yield Verdict(Name.UNDETERMINED, words, (judgement.text,))


def _broken(judgement: Judgement, after: Protection, *, has_key: bool) -> Verdict:
    """The verdict on a demand that this update breaks: the service is shut out of a key that it has, or Azure
    refuses the update."""
    shut_out = _SHUT_OUT.get(judgement.demand)
    if shut_out is None or not has_key:
        return refused(judgement)
    if "{}" not in shut_out:
        return Verdict(Name.ACCESS_REVOKED, shut_out)
    vault = after.key.vault_name if isinstance(after.key, AccountProtection) else None
    return Verdict(Name.ACCESS_REVOKED, shut_out, (vault,))


def refused(one: Judgement) -> Verdict:
    """The verdict on a demand that is not met."""
    name = Name.NOT_FOR_KIND if one.demand.startswith(("tier", "kind-")) else Name.DEMAND_UNMET
    return Verdict(name, "Azure will REFUSE this: found {}", (one.text,))


# Resources that go, or are not read

_LOST: Final = (Name.PROJECT_DELETED, "its agents, files and threads are lost")
_ALL_IN_IT: Final = (Name.UNDETERMINED, "all in it goes, also what this preview does not show")
_HELD: Final = (Name.PROTECTION_WEAKENED, "what it held can be deleted")
_UNREADABLE: Final = "all data under it becomes unreadable"
_KEEP: Final = "data under it must keep the old one"
_VAULT: Final = ((Name.VAULT_DELETED, _UNREADABLE), (Name.VAULT_REPLACED, _KEEP), Name.VAULT_DELETED)
_GOING: Final[Mapping[Kind, tuple[tuple[Name, str], tuple[Name, str], Name | None]]] = {
    Kind.ACCOUNT: (
        (Name.ACCOUNT_DELETED, effects.DELETED),
        (Name.ACCOUNT_REPLACED, effects.REPLACED),
        Name.ACCOUNT_GONE,
    ),
    Kind.PROJECT: (_LOST, _LOST, Name.ACCOUNT_GONE),
    Kind.RESOURCE_GROUP: (_ALL_IN_IT, _ALL_IN_IT, None),
    Kind.LOCK: (_HELD, _HELD, None),
    Kind.VAULT: _VAULT,
    Kind.MANAGED_HSM: _VAULT,
    Kind.KEY: ((Name.KEY_DELETED, _UNREADABLE), (Name.KEY_REPLACED, _KEEP), Name.KEY_DELETED),
}
"""By kind: the verdict and the consequence of a deletion, and of a replacement; the verdict, if any, on a
deletion outside Pulumi, and then also on a resource that leaves the stack and stays in Azure."""


def of_resource(resource: ReviewedResource | None) -> Iterator[Verdict]:
    """The verdicts on a resource that goes, or whose key cannot be used any more, or that is written and
    cannot be read. Nothing on None."""
    if resource is None:
        return
    gone = [*going(resource)]
    if gone:
        yield from gone
    elif resource.kind is Kind.KEY:
        yield from _disabling(resource)
    elif resource.kind is Kind.PURGE and resource.written and resource.planned:
        words = "soft-deleted account {} PURGED: all of its data is lost for good"
        yield Verdict(Name.DATA_DELETED, words, (resource.planned.text("accountId"),))
    elif resource.kind in {Kind.OTHER_PROVIDER, Kind.UNREAD}:
        yield from _not_read(resource)


def _not_read(resource: ReviewedResource) -> Iterator[Verdict]:
    """The verdict on a resource that may do anything to an account, a vault or a key."""
    # What a generic resource made goes like any other.
    kind = stack.made_as_generic(resource.state)
    gone = [*going(replace(resource, kind=kind))] if kind else []
    yield from gone
    if resource.goes:
        if gone:
            return
        done = "REPLACED" if resource.replaced else "DELETED"
    elif resource.written and resource.planned and _may_concern_keys(resource, resource.planned):
        done = "WRITTEN"
    else:
        return
    words = f"{done}, and this review does not read what {{}} does to data"
    yield Verdict(Name.UNDETERMINED, words, (token_of(resource.urn),))


def _may_concern_keys(resource: ReviewedResource, planned: ReviewedState) -> bool:
    """Whether what is written may concern a key; of a template of Resource Manager that is read."""
    is_template = resource.kind is Kind.OTHER_PROVIDER and kind_of(token_of(resource.urn)) is not Kind.GENERIC
    return not is_template or arm_template.may_concern_keys(planned.written) is not False


def going(one: ReviewedResource | None) -> Iterator[Verdict]:
    """The verdict on a resource that goes, if it does."""
    if one is None or one.kind not in _GOING:
        return
    (deleted, lost), (replaced, then), gone = _GOING[one.kind]
    state = one.live or one.recorded
    noun, again = one.kind.value, "; it is made again, empty" if one.planned else ""
    shown: tuple[str, ...] = ()
    if one.kind in {*VAULTS, Kind.KEY}:
        # With its name, because the row is that of the account whose data it protects.
        noun, again = f"{noun} {{}}", ": restore it, do not make another"
        shown = (arm_ids.name_of(state.id) if state and state.id else name_of(one.urn),)
    if one.replaced:
        yield Verdict(replaced, f"{noun} REPLACED by a new one: {then}", shown)
    elif one.deleted:
        yield Verdict(deleted, f"{noun} DELETED: {lost}", shown)
    elif one.released and gone:
        yield Verdict(Name.RELEASED, f"{noun} leaves the stack and stays in Azure as it is", shown)
    elif one.live is None and one.recorded and gone:
        yield Verdict(gone, f"{noun} was deleted outside Pulumi{again}", shown)


def _disabling(one: ReviewedResource) -> Iterator[Verdict]:
    """A disabled key cannot be used, and only the vault itself enables it again."""
    before, now, after = (state and _is_disabled(state) for state in (one.recorded, one.live, one.planned))
    outside = now is True and before is not True
    name = (arm_ids.name_of(one.state.id) or name_of(one.urn),)
    if outside or (after is True and now is not True and one.live):
        how = "was DISABLED outside Pulumi" if outside else "DISABLED"
        yield Verdict(Name.ACCESS_REVOKED, f"key {{}} {how}: the service can no longer read the data", name)
    elif isinstance(after, Mark) and now is False:
        words = "the preview does not show whether key {} stays enabled: the data is read with it"
        yield Verdict(Name.UNDETERMINED, words, name)


def _is_disabled(key: ReviewedState) -> bool | Mark:
    """Whether a key's newest version is disabled, by the program or in the vault; a mark where the program
    does not show it."""
    stated, found = (values.flag(one("attributes.enabled")) for one in (key.stated, key.found))
    return False in (stated, found) or (stated if isinstance(stated, Mark) else False)


def below(resources: Iterable[ReviewedResource], kind: Kind) -> tuple[str, ...]:
    """How the ids of all begin that goes with the accounts or groups that go."""
    going = (one.live.id for one in resources if one.kind is kind and one.goes and one.live)
    return tuple(f"{id.rstrip('/').lower()}/" for id in going if id)


def with_their_groups(resources: Iterable[ReviewedResource]) -> tuple[ReviewedResource, ...]:
    """The resources, where nothing is kept (retainOnDelete) that goes with its resource group."""
    resources = tuple(resources)
    groups = below(resources, Kind.RESOURCE_GROUP)
    return tuple(
        replace(one, live=replace(one.live, retained=False))
        if one.released and one.live and one.live.id.lower().startswith(groups)
        else one
        for one in resources
    )
