"""Access that was taken away: on purpose by this stack, or by somebody outside it.

Owns: how the two are told apart, and what is refused. A grant that is gone is never made again by an ordinary
update: whoever took it away, perhaps in an emergency, took the data out of reach on purpose. Pure. Does not
own: how Azure is asked (preflight.py), nor the grant itself (access.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from components.arguments.problem import Problem
from components.guards.existing_resources import Answer, KeyLocation
from components.guards.recorded_state import RecordedService
from components.roles import ENCRYPTION_USER
from components.service_args import ServiceInputs


def opens(vault: Answer, principal_id: str) -> bool:
    """Whether an access policy of the vault lets the identity read, wrap and unwrap; none does where the
    vault grants by Azure RBAC."""
    needed = {permission.lower() for permission in ENCRYPTION_USER.permissions}
    properties = (vault or {}).get("properties") or {}
    if properties.get("enableRbacAuthorization"):
        return False
    for entry in properties.get("accessPolicies") or ():
        given = {word.lower() for word in (entry.get("permissions") or {}).get("keys") or ()}
        if entry["objectId"].lower() == principal_id.lower() and (needed <= given or "all" in given):
            return True
    return False


def is_granted(before: RecordedService, place: KeyLocation, vault: Answer, assignment: Answer) -> bool:
    """Whether the identity of a service is let in by the vault that its account is bound in.

    Of a vault or key that the account is about to move to, or of another way of granting, nobody expects that
    yet; and a vault that is gone is another matter than an access that is.
    """
    name = place.vault_id.rsplit("/", 1)[-1].lower()
    if vault is None or (before.bound_to and before.bound_to[0] != name):
        return True
    if place.assignment_name:
        moves = before.bound_to and before.bound_to[1] != place.key_name.lower()
        by_policy = before.grant_recorded and before.assignment_id is None
        return bool(moves) or by_policy or assignment is not None
    return before.assignment_id is not None or opens(vault, before.holder_id or "")


def problems(inputs: ServiceInputs, before: RecordedService, *, granted: bool) -> Iterator[Problem]:
    """What is wrong with a service's access. `granted`: whether the live vault lets its identity in."""
    if not before.is_bound or before.account is None:
        if inputs.is_revoked:
            yield Problem(
                "access",
                "found 'revoked', but there is no account here that is bound to a customer's key; make it "
                "with access: granted first",
            )
        return
    if inputs.is_revoked or before.revoked or before.unfinished or granted:
        return
    yield Problem(
        "access",
        f"the access of account {before.account.name!r} to its key was taken away outside Pulumi: identity "
        f"{before.holder_id or ''} has none, and the data is out of reach, though nothing is lost. What was "
        "taken away on purpose is not given back unasked: to keep it so, set access: revoked and run `pulumi "
        "up`; to give it back, do the same, then set access: granted and run `pulumi up` again",
    )


def gives_back(inputs: ServiceInputs, before: RecordedService, *, granted: bool) -> bool:
    """Whether this update gives access back that an update took away, be it one that was cut off."""
    taken = before.revoked or (before.unfinished and before.is_bound and not granted)
    return taken and not inputs.is_revoked


def left_open(inputs: ServiceInputs, before: RecordedService, *, granted: bool) -> str | None:
    """A warning where access is revoked, and a grant that this stack does not hold gives it all the same."""
    if not inputs.is_revoked or not granted or before.grant_recorded:
        return None
    return (
        "access is 'revoked', but the vault still lets the account's identity "
        f"{before.holder_id or ''} use the key, by a grant that this stack did not make: the data can be "
        "read; take it away with the commands that `python -m operate revoke-commands --stack STACK` prints"
    )
