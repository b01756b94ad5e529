"""A service reaches keys through Key Vault Crypto Service Encryption User, on one vault or key."""

from core import arm_ids, rights, roles
from core.resource_types import Kind
from policies import sources
from policies.grants import ENCRYPTION_USER, WIDER_ROLES, role_of
from policies.rule import (
    Findings,
    NotYetKnown,
    Options,
    Subject,
    Undecided,
    UsedResourceRule,
    Violation,
    expect,
    texts,
)
from policies.view import UNKNOWN, as_word

_SERVICE = roles.SERVICE_PRINCIPAL.lower()


def judge(assignment: Subject, options: Options) -> Findings:
    """Judges the roles that can use a key, lose it or give others access to it. People may hold such roles,
    service principals may not. A role that cannot use keys as the service does may be meant for other
    resources, so it is undecided if its scope is above vaults or it has a condition."""
    role = role_of(assignment.view)
    if role is UNKNOWN:
        yield NotYetKnown("roleDefinitionId is not known yet")
    elif role == ENCRYPTION_USER.id:
        yield from _judge_scope(assignment)
        yield from _judge_principal_type(assignment)
    elif (known := roles.built_in(role or "")) is not None and rights.beyond(known):
        yield from _judge_wider(assignment, known, options)


def _judge_scope(assignment: Subject) -> Findings:
    scope = assignment.view.text("scope")
    yield from expect(
        "scope",
        scope,
        isinstance(scope, str) and _is_narrow(scope),
        required="the id of one key vault, or of one key",
        fix="assign the role on the key (or its vault), not on a resource group or subscription",
    )


def _is_narrow(scope: str) -> bool:
    names = list(arm_ids.segments(scope))
    return "vaults" in names and set(names[names.index("vaults") + 1 :]) <= {"keys", "versions"}


def _judge_principal_type(assignment: Subject) -> Findings:
    stated = assignment.view.prop("principalType")
    yield from expect(
        "principalType",
        stated,
        as_word(stated) == _SERVICE,
        required='principalType "ServicePrincipal"',
        fix="state principalType: Azure otherwise refuses an identity that it made a moment ago, "
        "and this role is for services",
    )


def _judge_wider(assignment: Subject, role: roles.Role, options: Options) -> Findings:
    kind = assignment.view.word("principalType")
    if kind not in (_SERVICE, None, UNKNOWN):
        return
    principal = assignment.view.text("principalId")
    if isinstance(principal, str) and principal.lower() in options.words("administrators"):
        return
    found = f"a service principal is assigned {role.name}, with which it can {', '.join(rights.beyond(role))}"
    if kind is UNKNOWN:
        yield NotYetKnown(f"principalType is not known yet, and the role is {role.name}")
    elif kind is None:
        yield Undecided(f"principalType is not stated, and the role is {role.name}")
    elif role.id not in WIDER_ROLES and (assignment.above_vaults or assignment.view.text("condition")):
        yield Undecided(f"whether the assignment is meant for the vault or the key: {found}")
    else:
        yield Violation(
            found=found,
            required=f"{ENCRYPTION_USER.name} ({ENCRYPTION_USER.id})",
            fix="assign Key Vault Crypto Service Encryption User; name pipelines that manage keys in "
            "`administrators`",
        )


RULE = UsedResourceRule(
    why="that role is exactly read, wrap and unwrap; wider roles and scopes reach keys that are not the "
    "service's",
    source=sources.KEY_VAULT_DOCUMENT,
    severity="high",
    settings={
        "administrators": texts("Principal ids of pipelines that manage keys and may hold wider roles.")
    },
    kinds=(Kind.ROLE_ASSIGNMENT,),
    judge=judge,
)
