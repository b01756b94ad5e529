"""Who may call an account: a role on it for each application, group or person.

Local authentication is off, so nobody can use the service without a role.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi

from components.arguments import checks, names
from components.arguments.inputs import ArgumentRule, Inputs, known_text, required_text, text
from components.arguments.problem import Problem
from components.component import ChildOptions
from components.role_assignment import assign_role
from core import kinds
from core.kinds import AccountKind
from core.roles import SERVICE_PRINCIPAL, Role

GROUP, USER = "Group", "User"
CALLER_ROLES = {role.name: role for kind in kinds.ALL for role in kind.callers}
"""The roles of callers of every kind, by name."""


class CallerArgs(TypedDict):
    """An application, group or person that may call the account."""

    principal_id: pulumi.Input[str]
    """Required. Object id of the caller: of a managed identity its principal id, of an application that of
    its service principal."""
    name: NotRequired[str | None]
    """Conditional. A name for the caller in the program, such as `claims-api`. Required where `principalId`
    is an output; do not change it then, because Azure refuses the same role a second time. Default: the
    object id."""
    principal_type: NotRequired[str | None]
    """Optional. `ServicePrincipal` (default), which is also a managed identity, `Group` or `User`."""
    role: NotRequired[str | None]
    """Optional. The caller's role on the account, by the name of the built-in role. Default: the least
    privileged one that can call the service, `Cognitive Services Language Reader` for Language."""


def _unnamed(caller: "CallerInputs") -> Iterator[Problem]:
    if isinstance(caller.principal_id, pulumi.Output) and not caller.name:
        yield Problem("name", "is required where principalId is an output, because a preview may not know it")


@dataclass(frozen=True, kw_only=True)
class CallerInputs(Inputs):
    """CallerArgs with defaults. `role` is "" for that of the account's kind."""

    ARGS = CallerArgs
    RULES = (ArgumentRule(_unnamed, ("principal_id", "name")),)

    principal_id: pulumi.Input[str] = required_text(accepts_outputs=True, check=checks.guid)
    name: str = text("", check=names.SERVICE.checked)
    principal_type: str = text(SERVICE_PRINCIPAL, choices=(SERVICE_PRINCIPAL, GROUP, USER))
    role: str = text("", choices=tuple(CALLER_ROLES))

    @property
    def label(self) -> str:
        """What the caller is called in the program."""
        return self.name or str(self.principal_id).lower()

    def logical_names(self, kind: AccountKind) -> tuple[str, ...]:
        """The name of the role assignment in the program, then the one that it had under the caller's label.

        It follows from the object id, where that is known, so that a caller may be renamed: the engine makes
        what has another name before it deletes the old one, and Azure refuses the same role twice.
        """
        by_label = f"caller-{self.label}"
        principal = known_text(self.principal_id)
        if not principal:
            return (by_label,)
        role = self.role_on(kind).name.removeprefix("Cognitive Services ").lower().replace(" ", "-")
        return f"caller-{principal.lower()}-{role}", by_label

    def held(self, kind: AccountKind) -> tuple[str, str]:
        """Whose role it is, and which; of an object id that is not known yet, the caller's name."""
        return (known_text(self.principal_id) or self.name).lower(), self.role_on(kind).id

    def role_on(self, kind: AccountKind) -> Role:
        """The caller's role on an account of a kind."""
        return CALLER_ROLES[self.role] if self.role else kind.callers[0]


def problems(callers: Sequence[CallerInputs], kind: AccountKind) -> Iterator[Problem]:
    """What is wrong between the callers of one account of a kind."""
    labels = Counter(caller.label for caller in callers)
    held = Counter(caller.held(kind) for caller in callers)
    offered = [role.name for role in kind.callers]
    for index, caller in enumerate(callers):
        path = f"callers[{index}]"
        if caller.role and caller.role not in offered:
            yield Problem(
                f"{path}.role",
                f"found {caller.role!r}, which is not for accounts of kind {kind.name}; expected one of "
                f"{', '.join(map(repr, offered))}",
            )
        if held[caller.held(kind)] > 1:
            yield Problem(
                f"{path}.principalId",
                f"{caller.label!r} is listed more than once with one role, which Azure refuses; list it once",
            )
        elif labels[caller.label] > 1:
            yield Problem(
                f"{path}.name", f"{caller.label!r} is listed more than once; give each its own name"
            )


def make_callers(
    service: str,
    callers: Sequence[CallerInputs],
    kind: AccountKind,
    account: pulumi.CustomResource,
    options: ChildOptions,
) -> list[pulumi.Resource]:
    """Gives each caller its role on the account; returns the roles."""
    made: list[pulumi.Resource] = []
    for caller in callers:
        name, *former = (f"{service}-{one}" for one in caller.logical_names(kind))
        role = assign_role(
            name,
            caller.role_on(kind),
            scope=account.id,
            principal_id=caller.principal_id,
            principal_type=caller.principal_type,
            opts=options(deleted_with=account, aliases=[pulumi.Alias(name=one) for one in former]),
        )
        made.append(role)
    return made
