"""Who may call an account: a role on it for each application, group or person.

Local authentication is off, so nobody can use the service without a role.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from components.arguments import checks, names
from components.arguments.inputs import Arguments, Rule, argument, known_text
from core import kinds
from core.kinds import AccountKind
from core.roles import SERVICE_PRINCIPAL, Role
from core.service.desired import DEPLOYER
from core.service.problem import Problem

GROUP, USER = "Group", "User"
CALLER_ROLES = {role.name: role for kind in kinds.ALL for role in kind.callers}
"""The roles of callers of every kind, by name."""


def _unnamed(caller: "CallerArgs") -> Iterator[Problem]:
    if isinstance(caller.principal_id, pulumi.Output) and not caller.name:
        yield Problem("name", "is required where principalId is an output, because a preview may not know it")


@dataclass(frozen=True, kw_only=True)
class CallerArgs(Arguments):
    """An application, group or person that may call the account."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_unnamed,)

    principal_id: pulumi.Input[str] = argument(check=checks.principal)
    """Required. Object id of the caller: a managed identity's principal id, or the object id of an
    application's service principal; `deployer` is the identity that runs Pulumi."""
    name: str = argument("", check=names.SERVICE.checked)
    """Conditional. A name for the caller in the program, such as `claims-api`. Required where `principalId`
    is an output; do not change it then, because Azure refuses the same role a second time. Default: the
    object id."""
    principal_type: str = argument(SERVICE_PRINCIPAL, choices=(SERVICE_PRINCIPAL, GROUP, USER))
    """Optional. `ServicePrincipal` (also for a managed identity), `Group` or `User`. Default: for `deployer`
    the type that Azure finds, else `ServicePrincipal`."""
    role: str = argument("", choices=tuple(CALLER_ROLES))
    """Optional. The caller's role on the account, by the name of the built-in role. Default: the least
    privileged one that can call the service, `Cognitive Services Language Reader` for Language."""

    @property
    def label(self) -> str:
        """The caller's name in the program."""
        return self.name or str(self.principal_id).lower()

    def object_id(self, deployer_id: str) -> pulumi.Input[str]:
        """The caller's object id; `deployer_id` is the object id of the identity that runs Pulumi."""
        return deployer_id if self.is_deployer else self.principal_id

    @property
    def is_deployer(self) -> bool:
        """Whether the identity that runs Pulumi is meant."""
        return isinstance(self.principal_id, str) and self.principal_id == DEPLOYER

    def logical_names(self, kind: AccountKind, deployer_id: str = "") -> tuple[str, ...]:
        """The role assignment's name in the program, then its former names: by the caller's label and, if the
        caller is the deployer, by the word `deployer` or by `deployer_id`.

        The name follows from a known object id, so a caller may be renamed: under another name, the engine
        would make a second assignment before it deletes the first, and Azure refuses the same role twice.
        """
        by_label = f"caller-{self.label}"
        principal = known_text(self.principal_id)
        if not principal:
            return (by_label,)
        role = self.role_on(kind).name.removeprefix("Cognitive Services ").lower().replace(" ", "-")
        deployer = {DEPLOYER, deployer_id.lower()}
        others = deployer - {principal.lower(), ""} if principal.lower() in deployer else ()
        return f"caller-{principal.lower()}-{role}", by_label, *(f"caller-{one}-{role}" for one in others)

    def held(self, kind: AccountKind, deployer_id: str = DEPLOYER) -> tuple[str, str]:
        """The caller's object id, or its name while the id is not known, and the id of its role."""
        return (known_text(self.object_id(deployer_id)) or self.name).lower(), self.role_on(kind).id

    def role_on(self, kind: AccountKind) -> Role:
        """The caller's role on an account of a kind."""
        return CALLER_ROLES[self.role] if self.role else kind.callers[0]


def problems(service: Any, deployer_id: str = DEPLOYER) -> Iterator[Problem]:
    """A rule for arguments with `callers`: refuses those that are listed twice; with `deployer_id`, also a
    deployer that is listed by its object id, too."""
    callers, kind = service.callers, service.account_kind
    labels = Counter(caller.label for caller in callers)
    held = Counter(caller.held(kind, deployer_id) for caller in callers)
    offered = [one.name for one in kind.callers]
    for index, caller in enumerate(callers):
        path = f"callers[{index}]"
        if caller.role and caller.role not in offered:
            yield Problem(
                f"{path}.role",
                f"found {caller.role!r}, which is not for accounts of kind {kind.name}; expected one of "
                f"{', '.join(map(repr, offered))}",
            )
        if held[caller.held(kind, deployer_id)] > 1:
            yield Problem(
                f"{path}.principalId",
                f"{caller.label!r} is listed more than once with one role, which Azure refuses; list it once",
            )
        elif labels[caller.label] > 1:
            yield Problem(f"{path}.name", f"{caller.label!r} is listed twice; give each its own name")
