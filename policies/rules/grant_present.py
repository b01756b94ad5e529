"""The identity that uses a key is granted what it needs, in the model that its vault uses."""

from core import arm_ids, rights, roles
from policies import sources
from policies.grants import ENCRYPTION_USER, EXACT, on_keys, role_of
from policies.key_uses import KeyUse
from policies.relations import DeclaredGrant, Relations
from policies.rule import Finding, Findings, NotYetKnown, Options, StackRule, Undecided, Violation
from policies.view import UNKNOWN

_REQUIRED = "get, wrapKey and unwrapKey on the key for the account's identity"
_REFRESH = "run `pulumi refresh`: the identity was re-created, and the state still has the old one"
_SETTING = "set access: granted, and take access out of asFound"


def judge(relations: Relations, _: Options) -> Findings:
    """Undecided where the identity is not part of the stack; access that is revoked is not missing."""
    for use in relations.uses:
        if relations.index.is_revoked(use.writer):
            continue
        grants = relations.grants_of(use)
        if grants:
            yield from _judge_access(use, grants, relations)
            yield from _judge_model(use, grants, relations)
        else:
            yield _missing(use, relations)


def _missing(use: KeyUse, relations: Relations) -> Finding:
    if not relations.holders_of(use):
        return Undecided("the identity that uses the key is not a resource of this stack", use.writer.urn)
    if relations.may_be_another(use):
        return Undecided(
            "this preview does not know the object id of the identity that uses the key, so whether one of "
            "the grants on the vault is for it",
            use.writer.urn,
        )
    if anew := relations.of_another_identity(use):
        names = ", ".join(sorted({f"{grant.node.name} is for {grant.object_id}" for grant in anew}))
        return Violation(
            found=f"{names}, and the state has another identity for {use.writer.name}",
            required=_REQUIRED,
            fix=_REFRESH,
            setting=_REFRESH,
            urn=use.writer.urn,
        )
    return Violation(
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


def _judge_access(use: KeyUse, grants: list[DeclaredGrant], relations: Relations) -> Findings:
    given: set[str] = set()
    unsure: list[Finding] = []
    for grant in grants:
        identities = relations.identities_behind(grant)
        if len(identities) > 1:
            names = " and ".join(sorted(one.name for one in identities))
            unsure.append(
                Undecided(
                    f"whether it is for the identity of {use.writer.name}: it comes from {names}",
                    grant.node.urn,
                )
            )
            continue
        found = _permissions(grant, use, relations)
        if isinstance(found, frozenset):
            given |= found
            yield from _wider(grant, found, use, relations)
        else:
            unsure.append(found)
    level = rights.level(given, uncertain=bool(unsure))
    if level is rights.Access.UNKNOWN:
        yield from unsure
    elif level is not rights.Access.FULL:
        names = ", ".join(sorted({grant.node.name for grant in grants}))
        missing = rights.EffectiveAccess(frozenset(given)).missing
        yield Violation(
            found=f"{names} gives the account's identity on keys: {rights.spelt(given)} "
            f"(missing {', '.join(missing)})",
            required=_REQUIRED,
            fix="grant it by azure-cmk's ManagedHsmRoleAssignment: Azure RBAC and access policies give "
            "nothing in a managed HSM"
            if use.in_managed_hsm
            else "grant exactly get, wrapKey and unwrapKey on keys, or the role Key Vault Crypto Service "
            "Encryption User; without an applicationId",
            setting=_SETTING,
            urn=grants[0].node.urn,
        )


def _permissions(grant: DeclaredGrant, use: KeyUse, relations: Relations) -> frozenset[str] | Finding:
    if use.in_managed_hsm and not grant.in_managed_hsm:
        # What Azure RBAC and access policies grant counts for nothing in an HSM.
        return frozenset()
    if grant.entry is not None:
        keys = on_keys(grant.entry)
        return (
            NotYetKnown("the key permissions are not known yet", grant.node.urn) if keys is UNKNOWN else keys
        )
    role = role_of(grant.node.view)
    if role is UNKNOWN:
        return NotYetKnown("roleDefinitionId is not known yet", grant.node.urn)
    known = roles.built_in(role) if role else None
    if known is None:
        what = f"whether the role {role or 'it assigns'} holds read, wrap and unwrap"
        return Undecided(what, grant.node.urn)
    condition = relations.index.stated(grant.node).text("condition")
    if condition is UNKNOWN:
        return NotYetKnown("the condition of the assignment is not known yet", grant.node.urn)
    given = rights.of_role(known, arm_ids.HSM_KEY if grant.in_managed_hsm else arm_ids.KEY)
    if condition is not None and given:
        return Undecided("whether the condition of the assignment holds for the account", grant.node.urn)
    return given


def _wider(grant: DeclaredGrant, found: frozenset[str], use: KeyUse, relations: Relations) -> Findings:
    role = roles.built_in(str(role_of(grant.node.view))) if grant.entry is None else None
    if role is not None and (beyond := rights.beyond(role)):
        what = f"{grant.node.name} assigns {role.name} to the account's identity: {', '.join(beyond)}"
        if relations.is_at_or_above(grant, use) is UNKNOWN:
            yield Undecided(f"whether it holds the vault: {what}", grant.node.urn)
            return
        yield Violation(
            found=what,
            required=f"{ENCRYPTION_USER.name} ({ENCRYPTION_USER.id}) alone",
            fix=f"assign {ENCRYPTION_USER.name}, and nothing else on the vault or above it",
            urn=grant.node.urn,
        )
    elif grant.entry is not None and found - EXACT:
        yield Violation(
            found=f"{grant.node.name} gives the account's identity on keys: {rights.spelt(found)}",
            required="exactly get, wrapKey, unwrapKey",
            fix="grant exactly get, wrapKey and unwrapKey on keys",
            urn=grant.node.urn,
        )


def _judge_model(use: KeyUse, grants: list[DeclaredGrant], relations: Relations) -> Findings:
    if use.vault is None:
        return
    rbac = relations.index.stated(use.vault).flag("enableRbacAuthorization")
    if rbac is UNKNOWN:
        yield NotYetKnown("enableRbacAuthorization of the vault is not known yet", use.vault.urn)
    elif not any((grant.entry is None) is (rbac is True) for grant in grants):
        model, wanted = (
            ("role assignments", "a role assignment") if rbac else ("access policies", "an access policy")
        )
        yield Violation(
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
    source=sources.SERVICE_DOCUMENT,
    severity="critical",
    judge=judge,
)
