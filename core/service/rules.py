"""A table of functions: rules that refuse a service because of existing resources.

A rule takes a service and gives the problems that it sees in it, with their fixes. Nothing here reads or
writes, and no rule knows another one. Does not own: Azure's own refusals of new resources (the provider's
checkDeployment and its previews).
"""

from collections.abc import Callable, Iterator

from core.service import access, data_loss, drift, existing_resources
from core.service.problem import Problem
from core.service.state import ServiceState

Rule = Callable[[ServiceState], Iterator[Problem]]


RULES: tuple[Rule, ...] = (
    existing_resources.unreadable_account,
    data_loss.losses,
    existing_resources.closed_before_rotation,
    existing_resources.other_vault,
    existing_resources.other_key,
    existing_resources.absent_key,
    existing_resources.operator_has_access,
    drift.gone,
    access.revoked_without_a_key,
    access.deletes_data,
    access.revoked_at_unknown_key,
    access.removed_access,
    access.cannot_leave_key,
)


DOUBTFUL: tuple[Rule, ...] = (
    existing_resources.absent_key,
    existing_resources.operator_has_access,
    drift.gone,
    access.revoked_at_unknown_key,
    access.removed_access,
    access.cannot_leave_key,
)
"""Rules whose problem a late front end of Azure shows, too, for example seconds after a grant: an answer is
believed only if Azure gives it twice."""
