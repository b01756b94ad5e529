"""Which verdicts hold for an account: what happens to its key, its identity and its access.

Sources: "encryption of data at rest" (disabling the identity or revoking access loses the data; a rotated key
must be bound again), and that an account's PUT drops what it does not carry.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from core import arm_ids, coverage, key_uris, values
from core.arm_ids import MalformedError
from core.protection import AccountProtection
from core.values import Mark, Value, folded
from review import access_verdicts, comparison, kind_verdicts, lifecycle, settings
from review.protection import Protection
from review.resource import ReviewedResource
from review.subject import ReviewedAccount
from review.verdict import Name, Verdict, ordered

_OUT_OF_REACH: Final = {
    *(Name.ACCESS_REVOKED, Name.IDENTITY_LOST, Name.KEY_REPLACED, Name.KEY_DELETED),
    *(Name.VAULT_REPLACED, Name.VAULT_DELETED),
}
"""What some kinds answer with the deletion of data (core/coverage.py)."""
_BY_ITSELF: Final = "the newest (rotates by itself)"
_HOW: Final = {Name.ACCESS_NARROWED: "narrowed", Name.UNDETERMINED: "changed"}


def verdicts_of(subject: ReviewedAccount) -> tuple[Verdict, ...]:
    """Every verdict on one account, the gravest first; none when nothing changes its encryption."""
    found = [*_all(subject)]
    return ordered([*found, *_deleted_data(subject, found)])


def _deleted_data(subject: ReviewedAccount, found: Iterable[Verdict]) -> Iterator[Verdict]:
    """What Azure deletes for good of an account that can no longer use its key. A key that is replaced and
    kept is still its key."""
    kind = values.name(subject.account.state.stated("kind")) if subject.account else None
    lost = coverage.named(kind if isinstance(kind, str) else "").deletes
    key = subject.key and (subject.key.live or subject.key.recorded)
    harmless = {Name.KEY_REPLACED} if key and key.retained else set()
    names = {one.name for one in found} - harmless
    if lost and (subject.revoked or names & _OUT_OF_REACH):
        yield Verdict(Name.DATA_DELETED, f"DATA LOSS: Azure {lost}; restored access does not undo that")


def _all(subject: ReviewedAccount) -> Iterator[Verdict]:
    account, live, planned = subject.account, subject.live, subject.planned
    if account:
        yield from lifecycle.of_account(account)
    if account and account.replaced:
        pass
    elif live and planned is None:
        if account is None:
            yield from _unbinding(subject)
    elif live is None and planned is None and account is None:
        yield Verdict(Name.ACCOUNT_GONE, "account was deleted outside Pulumi")
    elif live is None and planned:
        yield from _new(subject, planned)
    elif live and planned:
        yield from _drift(subject, live, planned)
        yield from _encryption(subject, live, planned)
        lost = [*_identity(live, planned), *_key_user(subject, live)]
        # Access goes with the identity that has it.
        yield from lost or access_verdicts.of(subject.recorded, live, planned)
        yield from comparison.compared(live, planned)
        if subject.recorded:
            yield from settings.outside(comparison.compared, subject.recorded, live, planned)
    if planned:
        yield from comparison.unmet(live, planned)
        yield from kind_verdicts.of_account(live, planned)
    yield from lifecycle.replacing(account, *subject.bindings, subject.vault, subject.key)
    # A key goes with its vault. Accounts of other stacks may use both, so the verdict stands with this one.
    yield from [*lifecycle.of_store(subject.vault)] or lifecycle.of_store(subject.key)


def _new(subject: ReviewedAccount, planned: Protection) -> Iterator[Verdict]:
    again = "was deleted outside Pulumi and " if subject.recorded else ""
    if planned.key is None and subject.maybe_bound:
        yield Verdict(
            Name.UNDETERMINED, "new account, and the preview does not show whether it will be bound"
        )
    elif planned.key is None:
        yield Verdict(
            Name.NOT_ENCRYPTED, "new account WITHOUT a customer key: its data is under Microsoft-managed keys"
        )
    elif isinstance(planned.key, AccountProtection):
        if subject.account is None and subject.recorded:
            yield Verdict(
                Name.REPAIRED, "binding " + again + "will be bound again to {}", (_shown(planned.key),)
            )
        else:
            yield Verdict(Name.BOUND, "will be bound to {}", (_shown(planned.key),))
    else:
        yield Verdict(Name.UNDETERMINED, "new account whose encryption is {}", (planned.key,))


def _encryption(subject: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, after = live.key, planned.key
    if isinstance(before, Mark) or isinstance(after, Mark):
        if before is not after:
            yield Verdict(Name.UNDETERMINED, "encryption changes, and the preview does not show to what")
        return
    if before is None:
        if after is not None and not (subject.recorded and subject.recorded.key):
            yield Verdict(Name.BOUND, "will be bound to {}", (_shown(after),))
        return
    if after is None:
        yield from _unbinding(subject)
        return
    if before.client_id != after.client_id and not isinstance(before.client_id, Mark):
        words = "key will be used through ANOTHER IDENTITY: {} instead of {}"
        own = "the account's own"
        yield Verdict(Name.IDENTITY_CHANGED, words, (after.client_id or own, before.client_id or own))
    same = before.same_version(after)
    if same:
        yield from _reasserted(subject, after)
    elif before.same_key(after):
        # A version that the update makes is called unknown, never guessed.
        version = after.version if after.version is not None else _BY_ITSELF
        newest = _newest_version(subject.key)
        if newest and isinstance(after.version, str) and folded(after.version) != newest:
            words = "will be re-bound to version {}, which is not the key's newest ({})"
            yield Verdict(Name.OLDER_VERSION, words, (version, newest))
        else:
            yield Verdict(Name.ROTATED, "will be re-bound to version {} (rotation)", (version,))
    elif before.same_key(after) is False:
        yield Verdict(
            Name.KEY_CHANGED,
            "will be re-bound to ANOTHER KEY: {} instead of {}",
            (_shown(after), _shown(before)),
        )
    else:
        yield Verdict(Name.UNDETERMINED, "will be re-bound, and the preview does not show to which key")


def _unbinding(subject: ReviewedAccount) -> Iterator[Verdict]:
    if any(binding.released for binding in subject.bindings):
        yield Verdict(
            Name.RELEASED, "binding leaves the stack and stays in Azure as it is: Pulumi no longer manages it"
        )
        return
    yield Verdict(Name.UNBOUND, "UNBOUND: its data goes back to Microsoft-managed keys")


def _reasserted(subject: ReviewedAccount, key: AccountProtection) -> Iterator[Verdict]:
    if any(binding.released for binding in subject.bindings):
        yield from _unbinding(subject)
    elif any(binding.replaced for binding in subject.bindings):
        # The provider unbinds no account for which the program declares a binding, but only an instance of it
        # that made both bindings knows that.
        words = (
            "binding REPLACED on the same account: the old one is deleted after the new one, and may "
            "unbind it"
        )
        yield Verdict(Name.MAY_UNBIND, words)
    elif any(binding.op in {"update", "create"} for binding in subject.bindings):
        yield Verdict(
            Name.REASSERTED, "binding is written again with the same version {}", (key.version or _BY_ITSELF,)
        )
    elif subject.account and subject.account.op == "update" and subject.account.planned:
        states_none = values.prop(subject.account.planned.written, "encryption") is None
        yield from _written(subject.planned.inline if subject.planned else None, key, states_none)


def _written(
    inline: AccountProtection | Mark | None, key: AccountProtection, states_none: bool
) -> Iterator[Verdict]:
    """What an account's own write makes of its encryption, where no binding is written after it."""
    if inline is None and states_none:
        words = "account is written WITHOUT its encryption and not bound again: it must be assumed unbound"
        yield Verdict(Name.MAY_UNBIND, words)
    elif inline is None:
        words = "UNBOUND: account is written with Microsoft-managed keys and not bound again"
        yield Verdict(Name.UNBOUND, words)
    elif isinstance(inline, Mark) or inline.same_version(key) is None:
        yield Verdict(
            Name.UNDETERMINED, "account is written with an encryption that the preview does not show"
        )
    elif not inline.same_version(key):
        words = "account is written with ANOTHER KEY OR VERSION: {} instead of {}"
        yield Verdict(Name.KEY_CHANGED, words, (_shown(inline), _shown(key)))


def _shown(key: AccountProtection) -> Value:
    """A key and its version, for a reader."""
    parts = (key.vault_name, key.key_name, key.version)
    if all(part is Mark.UNKNOWN for part in parts):
        return Mark.UNKNOWN
    said = [part.value if isinstance(part, Mark) else (part or _BY_ITSELF) for part in parts]
    return f"{said[0]}/{said[1]}, version {said[2]}"


def _newest_version(key: ReviewedResource | None) -> str | None:
    """The version that a vault names as a key's current one, lower case; None where it is not known."""
    uri = values.name(key.live.found("keyUriWithVersion")) if key and key.live else None
    try:
        return key_uris.parse(uri).version.lower() or None if isinstance(uri, str) else None
    except MalformedError:
        return None


def _identity(live: Protection, planned: Protection) -> Iterator[Verdict]:
    before, after = live.identity, planned.identity
    if before is None or after is None or not live.bound:
        return
    if after.system is None and before.system is not None:
        yield Verdict(Name.UNDETERMINED, "account's identity changes, and the preview does not show to what")
    uses_own = not (isinstance(live.key, AccountProtection) and live.key.client_id)
    if before.system and after.system is False and uses_own:
        yield Verdict(
            Name.IDENTITY_LOST,
            "system-assigned identity REMOVED: the account loses its key, and with it the data",
        )
    elif before.user and after.user is not None and not uses_own and (lost := before.user - after.user):
        yield Verdict(
            Name.IDENTITY_LOST,
            "user-assigned identity {} REMOVED: the account loses its key, and with it the data",
            (", ".join(sorted(arm_ids.name_of(id) for id in lost)),),
        )


def _key_user(subject: ReviewedAccount, live: Protection) -> Iterator[Verdict]:
    """The resource of a user-assigned identity that uses the key goes, whatever the account still lists."""
    for one in subject.identities:
        if one.urn in live.used_by and (one.deleted or one.replaced):
            what = "REPLACED by a new one, which has no access by itself" if one.replaced else "DELETED"
            yield Verdict(
                Name.IDENTITY_LOST,
                f"user-assigned identity {{}} {what}: the account loses its key, and with it the data",
                (one.name,),
            )


def _drift(subject: ReviewedAccount, live: Protection, planned: Protection) -> Iterator[Verdict]:
    recorded = subject.recorded
    if recorded is None:
        return
    if recorded.bound and not live.bound:
        if isinstance(planned.key, AccountProtection):
            yield Verdict(
                Name.REPAIRED, "was UNBOUND outside Pulumi; will be bound again to {}", (_shown(planned.key),)
            )
        else:
            yield Verdict(Name.UNBOUND, "was UNBOUND outside Pulumi, and this update does not bind it again")
    elif (
        isinstance(recorded.key, AccountProtection)
        and isinstance(live.key, AccountProtection)
        and recorded.key.same_version(live.key) is False
    ):
        words = "was re-bound outside Pulumi, from {} to {}"
        yield Verdict(Name.CHANGED, words, (_shown(recorded.key), _shown(live.key)))
    lost = recorded.identity and recorded.identity.system and live.identity and live.identity.system is False
    # Access goes with the identity that has it.
    if lost:
        words = "system-assigned identity was removed outside Pulumi"
        again = "; a new one gets no access by itself"
        stays = planned.identity and planned.identity.system
        yield Verdict(Name.IDENTITY_LOST, words + (again if stays else ""))
    elif recorded.bound:
        yield from _access_drift(subject, recorded, live, planned)


def _access_drift(
    subject: ReviewedAccount, recorded: Protection, live: Protection, planned: Protection
) -> Iterator[Verdict]:
    """Verdicts on access that was removed outside Pulumi, perhaps on purpose: restoring it needs a
    decision."""
    again = any(access_verdicts.lost(planned.grants, live.grants))
    for taken in access_verdicts.lost(recorded.grants, live.grants):
        how = _HOW.get(taken.name, "removed")
        if not again:
            words = f"access to the key was {how} outside Pulumi, and is not given again"
            yield Verdict(taken.name, words)
        elif subject.asked_back:
            yield Verdict(Name.ACCESS_GRANTED, "access to the key GIVEN: it is no longer declared as revoked")
        else:
            words = f"access to the key was {how} outside Pulumi, {settings.GIVEN_BACK}"
            yield Verdict(Name.ACCESS_RESTORED, words)
