"""Whoever calls an account has no wider role on it than calls take."""

from core import roles, values
from core.grants import role_of
from core.protection import Protections
from core.resource_types import Kind
from core.stack import StackResource
from policies.rule import Findings, Options, RuleFinding, StackRule, texts

_BROAD = {
    role.id: role.name
    for role in (
        roles.OWNER,
        roles.CONTRIBUTOR,
        roles.USER_ACCESS_ADMINISTRATOR,
        roles.RBAC_ADMINISTRATOR,
        roles.COGNITIVE_CONTRIBUTOR,
    )
}


def judge(protections: Protections, options: Options) -> Findings:
    """Roles by which an account, and its key with it, can be changed, assigned at an account."""
    for assignment in protections.stack.of(Kind.ROLE_ASSIGNMENT):
        role, principal = role_of(assignment), values.name(assignment.found("principalId"))
        if role not in _BROAD or _account_of(assignment, protections) is None:
            continue
        if isinstance(principal, str) and principal.lower() in options.words("administrators"):
            continue
        yield RuleFinding(
            found=f"{_BROAD[str(role)]} is assigned at an account",
            required="a role that calls the service and changes nothing of the account",
            fix="assign the least privileged role of the account's kind, such as "
            f"{roles.LANGUAGE_READER.name}, or name the principal in `administrators`",
            urn=assignment.urn,
        )


def _account_of(assignment: StackResource, protections: Protections) -> StackResource | None:
    return protections.stack.target(assignment, Kind.ACCOUNT, "scope")


RULE = StackRule(
    why="with such a role a caller can turn on the account's keys, or take the account off your key",
    source="built-in roles for AI and machine learning, Microsoft Learn (role-based-access-control)",
    severity="medium",
    level="advisory",
    settings={"administrators": texts("Principal ids that manage accounts and may hold these roles.")},
    judge=judge,
)
