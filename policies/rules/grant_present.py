"""The identity that uses a key is granted what it needs, in the model that its vault uses."""

from typing import Final

from core import judgements, kinds, rights, roles, values
from core.grants import Doubt, Grant
from core.protection import AccountProtection, Protections
from core.values import Mark
from policies.rule import (
    SERVICE_DOCUMENT,
    Findings,
    Options,
    RuleFinding,
    StackRule,
    hidden,
    later,
    undecided,
)

_REQUIRED: Final = "get, wrapKey and unwrapKey on the key for the account's identity"
_REFRESH: Final = "run `pulumi refresh`: the identity was re-created, and the state still has the old one"
_SETTING: Final = "set access: granted, and take access out of asFound"


def judge(protections: Protections, _: Options) -> Findings:
    """Undecided where the identity is not part of the stack; access that is revoked is not missing."""
    for use in protections.all:
        if protections.stack.is_revoked(use.writer):
            continue
        grants = protections.grants_of(use)
        if grants:
            yield from _judge_access(use, grants, protections)
            yield from _judge_model(use, grants)
        else:
            yield _missing(use, protections)


def _missing(use: AccountProtection, protections: Protections) -> RuleFinding:
    if not protections.holders_of(use):
        return undecided("the identity that uses the key is not a resource of this stack", use.writer.urn)
    if protections.may_be_another(use):
        return undecided(
            "this preview does not know the object id of the identity that uses the key, so whether one of "
            "the grants on the vault is for it",
            use.writer.urn,
        )
    if anew := protections.of_another_identity(use):
        names = ", ".join(sorted({f"{grant.resource.name} is for {grant.principal}" for grant in anew}))
        found = f"{names}, and the state has another identity for {use.writer.name}"
        return RuleFinding(found, _REQUIRED, _REFRESH, use.writer.urn, _REFRESH)
    return RuleFinding(
        found=f"no access policy and no role assignment of this stack is for the identity of "
        f"{use.writer.name}",
        required=_REQUIRED,
        fix="add azure-cmk's ManagedHsmRoleAssignment for that identity; exempt the binding if access is "
        "granted elsewhere"
        if use.in_managed_hsm
        else "add azure-native's keyvault.AccessPolicy, or a RoleAssignment of Key Vault Crypto Service "
        "Encryption User, for that identity; exempt the binding if access is granted elsewhere",
        setting=_SETTING,
        urn=use.writer.urn,
    )


def _judge_access(use: AccountProtection, grants: list[Grant], protections: Protections) -> Findings:
    given: set[str] = set()
    unsure: list[RuleFinding] = []
    for grant in grants:
        found = _permissions(grant, use, protections)
        if isinstance(found, RuleFinding):
            unsure.append(found)
        else:
            given |= found
            yield from _wider(grant, found, use, protections)
    level = rights.level(given, uncertain=bool(unsure))
    if level is rights.Access.UNKNOWN:
        yield from unsure
    elif level is not rights.Access.FULL:
        names = ", ".join(sorted({grant.resource.name for grant in grants}))
        missing = rights.EffectiveAccess(frozenset(given)).missing
        yield RuleFinding(
            found=f"{names} gives the account's identity on keys: {rights.spelt(given)} "
            f"(missing {', '.join(missing)})",
            required=_REQUIRED,
            fix="grant it by azure-cmk's ManagedHsmRoleAssignment: Azure RBAC and access policies give "
            "nothing in a managed HSM"
            if use.in_managed_hsm
            else "grant exactly get, wrapKey and unwrapKey on keys, or the role Key Vault Crypto Service "
            "Encryption User; without an applicationId",
            setting=_SETTING,
            urn=grants[0].resource.urn,
        )


def _permissions(
    grant: Grant, use: AccountProtection, protections: Protections
) -> frozenset[str] | RuleFinding:
    identities, urn = protections.identities_behind(grant), grant.resource.urn
    if len(identities) > 1:
        names = " and ".join(sorted(one.name for one in identities))
        return undecided(f"whether it is for the identity of {use.writer.name}: it comes from {names}", urn)
    if use.in_managed_hsm and not grant.of_managed_hsm:
        # What Azure RBAC and access policies grant counts for nothing in an HSM.
        return frozenset()
    if grant.is_certain:
        return grant.permissions
    role, condition = grant.role_id, values.name(grant.resource.stated("condition"))
    if grant.doubt is Doubt.PERMISSIONS:
        return later("what the key permissions are", urn)
    if grant.doubt is Doubt.ROLE and isinstance(role, Mark):
        return hidden("roleDefinitionId", role, urn)
    if grant.doubt is Doubt.ROLE:
        return undecided(f"whether the role {role or 'it assigns'} holds read, wrap and unwrap", urn)
    if isinstance(condition, Mark):
        return hidden("the condition of the assignment", condition, urn)
    return undecided("whether the condition of the assignment holds for the account", urn)


def _wider(grant: Grant, found: frozenset[str], use: AccountProtection, protections: Protections) -> Findings:
    name, urn = grant.resource.name, grant.resource.urn
    if kinds.names_role(use.kind, grant.role_id):
        return  # rule role-wider-than-needed advises
    if grant.role is not None and grant.beyond:
        what = f"{name} assigns {grant.role.name} to the account's identity: {', '.join(grant.beyond)}"
        if isinstance(protections.is_at_or_above(grant, use), Mark):
            yield undecided(f"whether it holds the vault: {what}", urn)
            return
        narrow = roles.encryption_user(grant.place)
        fix = f"assign {narrow.name}, and nothing else on the vault or above it"
        yield RuleFinding(what, f"{narrow.name} ({narrow.id}) alone", fix, urn)
    elif grant.entry is not None and found - rights.EXACT:
        what = f"{name} gives the account's identity on keys: {rights.spelt(found)}"
        fix = "grant exactly get, wrapKey and unwrapKey on keys"
        yield RuleFinding(what, "exactly get, wrapKey, unwrapKey", fix, urn)


def _judge_model(use: AccountProtection, grants: list[Grant]) -> Findings:
    if use.vault is None or use.in_managed_hsm:
        return
    rbac = judgements.uses_roles(use.vault)
    if isinstance(rbac, Mark):
        yield hidden("enableRbacAuthorization of the vault", rbac, use.vault.urn)
    elif rbac is None:
        yield undecided("whether the vault uses Azure RBAC, which the program does not state", use.vault.urn)
    elif not any((grant.entry is None) is (rbac is True) for grant in grants):
        model, wanted = (
            ("role assignments", "a role assignment") if rbac else ("access policies", "an access policy")
        )
        yield RuleFinding(
            found=f"the vault {use.vault.name} uses {model}, and {use.writer.name} has only the "
            f"other kind of grant",
            required=f"{wanted} for the account's identity",
            fix="change the grant to the model that the vault uses, or enableRbacAuthorization to the "
            "grant's",
            setting="set accessModel to the model that the vault uses: accessPolicy, or rbac",
            urn=use.writer.urn,
        )


RULE = StackRule(
    why="without access the binding fails, and when access is taken away the data cannot be read",
    source=SERVICE_DOCUMENT,
    severity="critical",
    judge=judge,
)
