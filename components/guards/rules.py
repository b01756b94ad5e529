"""Two tables of functions: rules that refuse a service because of existing resources, and notes.

A rule takes a situation and gives the problems that it sees in it, with their fixes. Nothing here reads or
writes, and no rule knows another one. Does not own: Azure's own refusals of new resources (the provider's
checkDeployment and its previews).
"""

from collections.abc import Callable, Iterator

from components import callers
from components.arguments.problem import Problem
from components.guards import access, data_loss, drift, existing_resources, soft_deleted
from components.guards.situation import Situation
from core import arm_ids

Rule = Callable[[Situation], Iterator[Problem]]
Note = Callable[[Situation], Iterator[str]]


def names_are_held(situation: Situation) -> Iterator[Problem]:
    """A soft-deleted vault or account holds a name."""
    yield from soft_deleted.problems(situation.inputs, situation.deleted)


def deployer_calls_twice(situation: Situation) -> Iterator[Problem]:
    """A caller may be the deployer: that can be judged only once the deployer is known."""
    one = situation.inputs
    if any(caller.is_deployer for caller in one.callers):
        yield from callers.problems(one.callers, one.account_kind, situation.login.object_id)


def ended_logs(situation: Situation) -> Iterator[str]:
    """The workspace that this stack made is not declared any more."""
    audit, workspace_id = situation.inputs.audit, situation.before.workspace_id
    if workspace_id and not audit.makes_workspace:
        yield (
            "audit no longer has a workspace made here, which deletes workspace "
            f"{arm_ids.name_of(workspace_id)!r} with its logs. While it and the diagnostic settings are "
            "protected, the engine refuses: first run `pulumi up` with protect: false alone, or run each "
            "`pulumi state unprotect` command that is printed, and then the same command again"
        )


def not_rotated(situation: Situation) -> Iterator[str]:
    """The account is to move to another existing key, and the generation is raised, too."""
    before, place, generation = situation.before, situation.place, situation.inputs.key.generation or 0
    known = (before.key_id or "", place.key_id if place.vault_id else "")
    is_another = all(known) and not arm_ids.same(*known)
    if situation.live.key is not None and is_another and generation > before.generation:
        yield (
            f"key.generation goes from {before.generation} to {generation}, but the account also gets "
            f"another key: the newest version of {place.key_name!r} is bound, and none is made. For a new "
            "one, raise key.generation again after this update"
        )


RULES: tuple[Rule, ...] = (
    existing_resources.unreadable_account,
    data_loss.losses,
    deployer_calls_twice,
    names_are_held,
    existing_resources.other_vault,
    existing_resources.other_key,
    existing_resources.absent_key,
    drift.gone,
    access.revoked_without_a_key,
    access.deletes_data,
    access.removed_access,
    access.cannot_leave_key,
)


DOUBTFUL: tuple[Rule, ...] = (
    existing_resources.absent_key,
    drift.gone,
    access.removed_access,
    access.cannot_leave_key,
)
"""Rules whose problem a late front end of Azure shows, too, for example seconds after a grant: an answer is
believed only if Azure gives it twice."""
NOTES: tuple[Note, ...] = (
    ended_logs,
    not_rotated,
    access.asks_no_more,
    access.not_by_targets,
    access.still_granted,
    access.stale_grant,
)
"""The notes, which stop nothing. The effects on the data are in effects.py."""


def problems(situation: Situation) -> list[Problem]:
    """All problems of a service, in the order of the table."""
    return [problem for rule in RULES for problem in rule(situation)]


def notes(situation: Situation) -> list[str]:
    """All notes about a service, in the order of the table."""
    return [text for note in NOTES for text in note(situation)]
