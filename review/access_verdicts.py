"""Verdicts on an account's access to its key: removed, narrowed, given, or wider than the service needs.

Source: "revoking access to the key", in "encryption of data at rest". rules.py judges access that goes with
an identity.
"""

from collections.abc import Iterable, Iterator

from core import kinds, rights, values
from core.grants import Grant, certain, level
from core.rights import Access
from core.values import Value
from review import access
from review.protection import Protection
from review.verdict import Name, Verdict

_TAKEN = "access to the key REMOVED ({}): the service can no longer read the data"
_NARROWED = "access to the key NARROWED, {} is missing ({}): data is still read, until the key is bound again"
_WIDER = "the service may do MORE with the key than it needs: {}"
_BY_PAGE = "the service uses the key by the role that the page of its kind gives, wider than it needs: {}"
_UNSURE = "access to the key changes, and the preview does not show whether it is still enough ({})"


def of(recorded: Protection | None, live: Protection, planned: Protection) -> Iterator[Verdict]:
    """What an update does to the access of an account that is, or will be, under a customer's key."""
    if not (live.bound or planned.bound):
        return
    if planned.bound:
        yield from lost(live.grants, planned.grants)
    # What the state says was given, and is missing now, was taken away outside Pulumi: drift, in rules.py.
    was_given = recorded is not None and recorded.access is Access.FULL
    missing = live.access in {Access.NONE, Access.NARROWER}
    if live.bound and missing and planned.access is Access.FULL and not was_given:
        yield Verdict(
            Name.ACCESS_GRANTED,
            "access to the key GIVEN ({}): the service can read the data again",
            (shown(planned.grants),),
        )
    had = {(access.what(grant), grant.scope) for grant in live.grants}
    kind = values.name(planned.account.stated("kind")) if planned.account else None
    for grant in planned.grants:
        if access.excess(grant) and grant.scope and (access.what(grant), grant.scope) not in had:
            by_page = kinds.names_role(kind, grant.role_id)
            name, words = (Name.ROLE_BY_PAGE, _BY_PAGE) if by_page else (Name.ACCESS_WIDENED, _WIDER)
            yield Verdict(name, words, (access.words(grant),))


def lost(before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Verdict]:
    """What a change of one identity's grants on one key takes from it; nothing where it takes nothing."""
    old, new = tuple(before), tuple(after)
    had, has = level(old), level(new)
    if has is Access.FULL or had is Access.NONE or _words(old) == _words(new):
        return
    if has is Access.UNKNOWN or had is Access.UNKNOWN:
        yield Verdict(Name.UNDETERMINED, _UNSURE, (_listed(new) or _listed(old),))
    elif certain(old) <= certain(new):
        return
    elif has is Access.NARROWER and certain(new) & rights.READS_DATA_KEYS:
        missing = ", ".join(rights.EffectiveAccess(certain(new)).missing)
        yield Verdict(Name.ACCESS_NARROWED, _NARROWED, (missing, _listed(new)))
    elif certain(old) & rights.READS_DATA_KEYS:
        yield Verdict(Name.ACCESS_REVOKED, _TAKEN, (shown(old),))


def shown(grants: Iterable[Grant]) -> Value:
    """The grants that allow the use of a key, for a reader."""
    return _listed(grant for grant in grants if grant.permissions)


def _listed(grants: Iterable[Grant]) -> str:
    return "; ".join(dict.fromkeys(map(access.words, grants)))


def _words(grants: Iterable[Grant]) -> set[tuple[str, frozenset[str]]]:
    return {(access.words(grant), grant.permissions) for grant in grants}
