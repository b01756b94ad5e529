"""A service reaches keys through Key Vault Crypto Service Encryption User, on one vault or key."""

from collections.abc import Iterable
from typing import Final

from core import arm_ids, kinds, rights, roles
from core.grants import role_of
from core.resource_types import Kind
from core.values import Mark
from policies.rule import (
    KEY_VAULT_DOCUMENT,
    Findings,
    Options,
    RuleFinding,
    Subject,
    UsedResourceRule,
    expect,
    hidden,
    later,
    texts,
    undecided,
)

_SERVICE: Final = roles.SERVICE_PRINCIPAL.lower()
_EXACT: Final = roles.CRYPTO_SERVICE_ENCRYPTION_USER
WIDER_ROLES: Final = {
    role.id: role
    for role in roles.BUILT_IN.values()
    if role is not _EXACT and rights.level(rights.of_role(role)) is rights.Access.FULL
}
"""Built-in roles by which a key can be used as the service does, and for more."""


def judge(assignment: Subject, options: Options) -> Iterable[RuleFinding]:
    """Judges the roles that can use a key, lose it or give others access to it. People may hold such roles,
    service principals may not, unless the page of their account's kind gives them one, on which rule
    role-wider-than-needed advises. A role that cannot use keys as the service does may be meant for other
    resources, so it is undecided if its scope is above vaults or it has a condition."""
    role = role_of(assignment.resource)
    if isinstance(role, Mark):
        return [hidden("roleDefinitionId", role)]
    known = roles.built_in(role or "")
    by_page = bool(assignment.users) and all(kinds.names_role(user, role) for user in assignment.users)
    if role == _EXACT.id or by_page:
        return [*_judge_scope(assignment), *_judge_principal_type(assignment)]
    return _judge_wider(assignment, known, options) if known and rights.beyond(known) else ()


def _judge_scope(assignment: Subject) -> Iterable[RuleFinding]:
    scope = assignment.name("scope")
    return expect(
        "scope",
        scope,
        isinstance(scope, str) and _is_narrow(scope),
        required="the id of one key vault, or of one key",
        fix="assign the role on the key (or its vault), not on a resource group or subscription",
    )


def _is_narrow(scope: str) -> bool:
    names = list(arm_ids.segments(scope))
    return "vaults" in names and set(names[names.index("vaults") + 1 :]) <= {"keys", "versions"}


def _judge_principal_type(assignment: Subject) -> Iterable[RuleFinding]:
    return expect(
        "principalType",
        assignment.get("principalType"),
        assignment.word("principalType") == _SERVICE,
        required='principalType "ServicePrincipal"',
        fix="state principalType: Azure otherwise refuses an identity that it made a moment ago, "
        "and this role is for services",
    )


def _judge_wider(assignment: Subject, role: roles.Role, options: Options) -> Findings:
    kind, principal = assignment.word("principalType"), assignment.name("principalId")
    if kind not in (_SERVICE, None, Mark.UNKNOWN):
        return
    if isinstance(principal, str) and principal.lower() in options.words("administrators"):
        return
    found = f"a service principal is assigned {role.name}, with which it can {', '.join(rights.beyond(role))}"
    if kind is Mark.UNKNOWN:
        yield later(f"principalType, where the role is {role.name},")
    elif kind is None:
        yield undecided(f"principalType is not stated, and the role is {role.name}")
    elif role.id not in WIDER_ROLES and (assignment.above_vaults or assignment.name("condition")):
        yield undecided(f"whether the assignment is meant for the vault or the key: {found}")
    else:
        yield RuleFinding(
            found=found,
            required=f"{_EXACT.name} ({_EXACT.id})",
            fix="assign Key Vault Crypto Service Encryption User; name pipelines that manage keys in "
            "`administrators`",
        )


RULE = UsedResourceRule(
    why="that role is exactly read, wrap and unwrap; wider roles and scopes reach keys that are not the "
    "service's",
    source=KEY_VAULT_DOCUMENT,
    severity="high",
    settings={
        "administrators": texts("Principal ids of pipelines that manage keys and may hold wider roles.")
    },
    kinds=(Kind.ROLE_ASSIGNMENT,),
    judge=judge,
)
