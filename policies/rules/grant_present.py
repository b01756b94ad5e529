"""The identity that opens a key is granted exactly what it needs, in the model that the vault uses."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import Severity

from policies import sources
from policies.grants import EXACT, SERVICE_ENCRYPTION_USER, WIDER_ROLES, named, role_of
from policies.key_uses import KeyUse
from policies.relations import Grant, Relations
from policies.rule import Finding, NotYetKnown, Options, StackRule, Undecided, Violation
from policies.view import UNKNOWN

_REQUIRED = "get, wrapKey and unwrapKey on the key for the account's identity"


def judge(relations: Relations, _: Options) -> Iterable[Finding]:
    """A use whose identity is not part of the stack is said to be undecided; an access that the program says
    is revoked is not missing."""
    for use in relations.uses:
        if relations.index.is_revoked(use.writer):
            continue
        grants = relations.grants_of(use)
        if grants:
            for grant in grants:
                yield from _judge_rights(grant)
            yield from _judge_model(use, grants)
        elif not relations.holders_of(use):
            yield Undecided("the identity that opens the key is not a resource of this stack", use.writer.urn)
        else:
            yield Violation(
                found=f"no access policy and no role assignment of this stack is for the identity of "
                f"{use.writer.name}",
                required=_REQUIRED,
                fix="add azure-native's keyvault.AccessPolicy, or a RoleAssignment of Key Vault Crypto "
                "Service "
                "Encryption User, for that identity; exempt the binding if access is granted elsewhere",
                urn=use.writer.urn,
            )


def _judge_rights(grant: Grant) -> Iterable[Finding]:
    if grant.entry is None:
        yield from _judge_role(grant)
        return
    keys = grant.entry.of("keys")
    if keys is UNKNOWN:
        yield NotYetKnown("the key permissions are not known yet", grant.node.urn)
    elif set(keys) != EXACT:
        yield Violation(
            found=f"{grant.node.name} gives the account's identity on keys: {named(set(keys))}",
            required="exactly get, wrapKey, unwrapKey",
            fix="grant exactly get, wrapKey and unwrapKey on keys",
            urn=grant.node.urn,
        )


def _judge_role(grant: Grant) -> Iterable[Finding]:
    role = role_of(grant.node.view)
    if role is UNKNOWN:
        yield NotYetKnown("roleDefinitionId is not known yet", grant.node.urn)
    elif role in WIDER_ROLES:
        yield Violation(
            found=f"{grant.node.name} assigns {WIDER_ROLES[str(role)]} to the account's identity",
            required=f"Key Vault Crypto Service Encryption User ({SERVICE_ENCRYPTION_USER})",
            fix="assign Key Vault Crypto Service Encryption User",
            urn=grant.node.urn,
        )
    elif role != SERVICE_ENCRYPTION_USER:
        yield Undecided(
            f"whether the role {role or 'it assigns'} holds read, wrap and unwrap", grant.node.urn
        )


def _judge_model(use: KeyUse, grants: list[Grant]) -> Iterable[Finding]:
    if use.vault is None:
        return
    rbac = use.vault.view.flag("enableRbacAuthorization")
    if rbac is UNKNOWN:
        yield NotYetKnown("enableRbacAuthorization of the vault is not known yet", use.vault.urn)
    elif not any(grant.is_role is (rbac is True) for grant in grants):
        model, wanted = (
            ("role assignments", "a role assignment") if rbac else ("access policies", "an access policy")
        )
        yield Violation(
            found=f"the vault {use.vault.name} looks at {model}, and {use.writer.name} has only the "
            f"other kind of grant",
            required=f"{wanted} for the account's identity",
            fix="change the grant to the model that the vault uses, or enableRbacAuthorization to the "
            "grant's",
            urn=use.writer.urn,
        )


RULE = StackRule(
    name="grant-present",
    title="The identity that opens a key is granted what it needs, in the model that its vault uses",
    why="without access the binding fails, and an access that is taken away takes the data away",
    source=sources.SERVICE_DOCUMENT,
    severity=Severity.CRITICAL,
    judge=judge,
)
