"""Rules on grants: who holds what on keys, by access policies and by roles."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from core import arm_ids, judgements, kinds, rights, roles, values
from core.facts import GROUPS, StatedPolicyEntry, StatedRoleAssignment
from core.grants import Doubt, Grant, assignment_of, certain, entries_of
from core.protection import AccountProtection, Protections
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Hidden, Value
from policies.rule import (
    Findings,
    RuleContext,
    RuleFinding,
    RuleSubject,
    expect,
    hidden,
    later,
    rule,
    undecided,
)
from policies.used import UsedProtections

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


@rule(RuleSubject.EACH, Kind.ROLE_ASSIGNMENT)
def caller_least_privilege(assignment: StackResource, context: RuleContext) -> Findings:
    """Whoever calls an account has no wider role on it than calls take.

    Roles by which an account, and its key with it, can be changed, assigned at an account."""
    role, principal = (
        assignment_of(assignment).role_id,
        values.folded(values.name(assignment.output("principalId"))),
    )
    at = context.protections.stack.target(assignment, Kind.ACCOUNT, "scope")
    if role in _BROAD and at is not None and principal not in context.words("administrators"):
        yield RuleFinding(
            found=f"{_BROAD[str(role)]} is assigned at an account",
            required="a role that calls the service and changes nothing of the account",
            fix="assign the least privileged role of the account's kind, such as "
            f"{roles.LANGUAGE_READER.name}, or name the principal in `administrators`",
        )


_EXACTLY: Final = (
    "grant exactly get, wrapKey and unwrapKey on keys; name people who manage keys in `administrators`"
)


@rule(RuleSubject.USED, Kind.VAULT, Kind.ACCESS_POLICY)
def grant_exact(subject: StackResource, context: RuleContext) -> Findings:
    """An identity that uses a key holds get, wrapKey and unwrapKey, and nothing else.

    An entry that can wrap or unwrap is a service's, unless `administrators` names its holder."""
    for entry in entries_of(subject.kind, subject.declared):
        held = entry.on(GROUPS[0])
        if values.folded(entry.object_id) in context.words("administrators"):
            continue
        if isinstance(held, Hidden):
            yield later(f"which key permissions {entry.who} holds")
        # Whoever can wrap or unwrap, does as a service does with its key.
        elif (rights.EXACT - {"get"}) & rights.expanded(held):
            yield from _judge_entry(entry, held)


def _judge_entry(entry: StatedPolicyEntry, held: frozenset[str]) -> Findings:
    if held != rights.EXACT:
        missing = rights.EXACT - held if "all" not in held else frozenset()
        yield RuleFinding(
            found=f"{entry.who} holds on keys: {rights.spelt(held)}"
            + (f" (missing {rights.spelt(missing)})" if missing else ""),
            required="on keys exactly get, wrapKey, unwrapKey",
            fix=_EXACTLY,
        )
    for group in GROUPS[1:]:
        others = entry.on(group)
        if isinstance(others, Hidden):
            yield later(f"which permissions on {group} {entry.who} holds")
        elif others:
            found = f"{entry.who} holds on {group}: {rights.spelt(others)}"
            yield RuleFinding(found, f"nothing on {group}", _EXACTLY)


_REQUIRED: Final = "get, wrapKey and unwrapKey on the key for the account's identity"
_REFRESH: Final = "run `pulumi refresh`: the identity was re-created, and the state still has the old one"
_SETTING: Final = "set access: granted, and take access out of asFound"


@rule(RuleSubject.USE)
def grant_present(use: AccountProtection, context: RuleContext) -> Findings:
    """The identity that uses a key is granted what it needs, in the model that its vault uses.

    Undecided where the identity is not part of the stack; access that is revoked is not missing."""
    protections, grants = context.protections, context.protections.grants_of(use)
    if "revoked" in protections.stack.asked(use.writer, "access"):
        return
    if not grants:
        yield _missing(use, protections)
        return
    yield from _judge_access(use, grants, protections)
    if use.vault is not None and not use.in_managed_hsm:
        yield from _judge_model(use, use.vault, grants)


def _missing(use: AccountProtection, protections: Protections) -> RuleFinding:
    if not protections.holders_of(use):
        return undecided("the identity that uses the key is not a resource of this stack")
    if protections.may_be_another(use):
        return undecided(
            "whether one of the grants on the vault is for the identity that uses the key: this preview "
            "does not know its object id"
        )
    if made := protections.made_for(use):
        names = ", ".join(sorted({f"{grant.resource.name} is for {grant.principal}" for grant in made}))
        found = f"{names}, and the state has another identity for {use.writer.name}"
        return RuleFinding(found, _REQUIRED, _REFRESH, setting=_REFRESH)
    grant = (
        "azure-cmk's ManagedHsmRoleAssignment"
        if use.in_managed_hsm
        else "azure-native's keyvault.AccessPolicy, or a RoleAssignment of Key Vault Crypto Service "
        "Encryption User,"
    )
    return RuleFinding(
        found=f"no access policy and no role assignment of this stack is for the identity of "
        f"{use.writer.name}",
        required=_REQUIRED,
        fix=f"add {grant} for that identity; exempt the binding if access is granted elsewhere",
        setting=_SETTING,
    )


def _judge_access(use: AccountProtection, grants: list[Grant], protections: Protections) -> Findings:
    sure, unsure = list[Grant](), list[RuleFinding]()
    for grant in grants:
        # What Azure RBAC and access policies grant counts for nothing in an HSM.
        counted = replace(grant, ignored=True) if use.in_managed_hsm and not grant.of_managed_hsm else grant
        if doubt := _doubt(counted, use, protections):
            unsure.append(doubt)
        else:
            sure.append(counted)
            yield from _wider(counted, use, protections)
    access = rights.EffectiveAccess(certain(sure), tuple(one.found for one in unsure))
    if access.level is rights.Access.UNKNOWN:
        yield from unsure
    elif access.level is not rights.Access.FULL:
        names = ", ".join(sorted({grant.resource.name for grant in grants}))
        yield RuleFinding(
            found=f"{names} gives the account's identity on keys: {rights.spelt(access.permissions)} "
            f"(missing {', '.join(access.missing)})",
            required=_REQUIRED,
            fix="grant it by azure-cmk's ManagedHsmRoleAssignment: Azure RBAC and access policies give "
            "nothing in a managed HSM"
            if use.in_managed_hsm
            else "grant exactly get, wrapKey and unwrapKey on keys, or the role Key Vault Crypto Service "
            "Encryption User; without an applicationId",
            setting=_SETTING,
            urn=grants[0].resource.urn,
        )


def _doubt(grant: Grant, use: AccountProtection, protections: Protections) -> RuleFinding | None:
    """Why it is not certain what a grant gives to the identity that uses a key."""
    identities, urn = protections.identities_behind(grant), grant.resource.urn
    if len(identities) > 1:
        names = " and ".join(sorted(one.name for one in identities))
        return undecided(f"whether it is for the identity of {use.writer.name}: it comes from {names}", urn)
    if grant.is_certain:
        return None
    if grant.doubt is Doubt.PERMISSIONS:
        return later("which permissions on keys it gives", urn)
    value: Value = grant.assignment.condition
    what = "the condition of the assignment"
    asked = f"whether {what} holds for the account"
    if grant.doubt is Doubt.ROLE:
        value, what = grant.role_id, "roleDefinitionId"
        asked = f"whether the role {value or 'it assigns'} allows read, wrap and unwrap"
    return hidden(what, value, urn) if isinstance(value, Hidden) else undecided(asked, urn)


def _wider(grant: Grant, use: AccountProtection, protections: Protections) -> Findings:
    name, urn = grant.resource.name, grant.resource.urn
    if kinds.names_role(use.kind, grant.role_id):
        return  # rule role-wider-than-needed advises
    if grant.role is not None and grant.beyond:
        what = f"{name} assigns {grant.role.name} to the account's identity: {', '.join(grant.beyond)}"
        if isinstance(protections.scope_covers_vault(grant, use), Hidden):
            yield undecided(f"whether its scope includes the vault: {what}", urn)
            return
        narrow = roles.encryption_user(grant.place)
        fix = f"assign {narrow.name}, and nothing else on the vault or above it"
        yield RuleFinding(what, f"{narrow.name} ({narrow.id}) alone", fix, urn)
    elif grant.entry is not None and grant.permissions - rights.EXACT:
        what = f"{name} gives the account's identity on keys: {rights.spelt(grant.permissions)}"
        fix = "grant exactly get, wrapKey and unwrapKey on keys"
        yield RuleFinding(what, "exactly get, wrapKey, unwrapKey", fix, urn)


def _judge_model(use: AccountProtection, vault: StackResource, grants: list[Grant]) -> Findings:
    rbac = judgements.uses_roles(vault)
    if isinstance(rbac, Hidden):
        yield hidden("enableRbacAuthorization of the vault", rbac, vault.urn)
    elif rbac is None:
        yield undecided("whether the vault uses Azure RBAC, which the program does not state", vault.urn)
    elif all(grant.under(rbac).ignored for grant in grants):
        used, wanted = (
            ("role assignments", "a role assignment") if rbac else ("access policies", "an access policy")
        )
        yield RuleFinding(
            found=f"the vault {vault.name} uses {used}, and {use.writer.name} has only the other kind of "
            "grant",
            required=f"{wanted} for the account's identity",
            fix="change the grant to the model that the vault uses, or enableRbacAuthorization to the "
            "grant's",
            setting="set accessModel to the model that the vault uses: accessPolicy, or rbac",
        )


@rule(RuleSubject.STACK)
def no_mixed_access_policies(protections: UsedProtections, _: RuleContext) -> Findings:
    """A vault's access policies are listed in it or are resources of their own, not both.

    The vault is found by name, else by where the name comes from."""
    standalone: dict[str, tuple[StackResource, list[str]]] = {}
    for policy in protections.stack.of(Kind.ACCESS_POLICY):
        vault = protections.stack.above(policy)
        if vault is not None and protections.is_used(vault):
            standalone.setdefault(vault.urn, (vault, []))[1].append(policy.name)
    for vault, names in standalone.values():
        inline = protections.declares_policies(vault)
        if inline is None:
            yield later("properties.accessPolicies, beside standalone policies,", vault.urn)
        elif inline:
            yield RuleFinding(
                found=f"the vault {vault.name} lists access policies, and separate resources "
                f"add others: {', '.join(sorted(names))}",
                required="each policy in the list of the vault, or each as a resource of its own",
                fix="make each listed policy an AccessPolicy resource, or list all of them in the vault",
                urn=vault.urn,
            )


_SERVICE: Final = roles.SERVICE_PRINCIPAL.lower()
_EXACT: Final = roles.CRYPTO_SERVICE_ENCRYPTION_USER
WIDER_ROLES: Final = {
    role.id: role
    for role in roles.BUILT_IN.values()
    if role is not _EXACT and rights.level(rights.of_role(role)) is rights.Access.FULL
}
"""Built-in roles by which a key can be used as the service does, and for more."""


@rule(RuleSubject.USED, Kind.ROLE_ASSIGNMENT)
def role_least_privilege(assignment: StackResource, context: RuleContext) -> Iterable[RuleFinding]:
    """A service reaches keys through Key Vault Crypto Service Encryption User, on one vault or key.

    Judges the roles that can use a key, lose it or give others access to it. People may hold such roles,
    service principals may not, unless the page of their account's kind gives them one, on which rule
    role-wider-than-needed advises. A role that cannot use keys as the service does may be meant for other
    resources, so it is undecided if its scope is above vaults or it has a condition."""
    stated, users = assignment_of(assignment), context.protections.users_by(assignment)
    if isinstance(stated.role_id, Hidden):
        return [hidden("roleDefinitionId", stated.role_id)]
    by_page = bool(users) and all(kinds.names_role(user, stated.role_id) for user in users)
    if stated.role_id == _EXACT.id or by_page:
        return _judge_service(stated)
    if stated.role and rights.beyond(stated.role):
        is_above_vaults = context.protections.is_above_vaults(assignment)
        return _judge_wider(stated, stated.role, context, is_above_vaults=is_above_vaults)
    return ()


def _judge_service(stated: StatedRoleAssignment) -> Findings:
    scope = stated.scope
    names = list(arm_ids.segments(scope)) if isinstance(scope, str) else []
    below = names[names.index("vaults") + 1 :] if "vaults" in names else ["nothing of a vault"]
    yield from expect(
        "scope",
        scope or None,
        {*below} <= {"keys", "versions"},
        required="the id of one key vault, or of one key",
        fix="assign the role on the key (or its vault), not on a resource group or subscription",
    )
    yield from expect(
        "principalType",
        stated.principal_type or None,
        values.word(stated.principal_type) == _SERVICE,
        required='principalType "ServicePrincipal"',
        fix="state principalType: Azure otherwise refuses an identity that it made a moment ago, "
        "and this role is for services",
    )


def _judge_wider(
    stated: StatedRoleAssignment, role: roles.Role, context: RuleContext, *, is_above_vaults: bool
) -> Findings:
    kind, principal = values.word(stated.principal_type), values.folded(stated.principal_id)
    if kind not in (_SERVICE, None, Hidden.UNKNOWN) or principal in context.words("administrators"):
        return
    found = f"a service principal is assigned {role.name}, with which it can {', '.join(rights.beyond(role))}"
    if kind is Hidden.UNKNOWN:
        yield later(f"principalType, where the role is {role.name},")
    elif kind is None:
        yield undecided(f"principalType is not stated, and the role is {role.name}")
    elif role.id not in WIDER_ROLES and (is_above_vaults or stated.condition):
        yield undecided(f"whether the assignment is meant for the vault or the key: {found}")
    else:
        yield RuleFinding(
            found=found,
            required=f"{_EXACT.name} ({_EXACT.id})",
            fix="assign Key Vault Crypto Service Encryption User; name pipelines that manage keys in "
            "`administrators`",
        )


@rule(RuleSubject.USE)
def role_wider_than_needed(use: AccountProtection, context: RuleContext) -> Findings:
    """An account uses its key by the narrowest role, even if the page of its kind names a wider one.

    Any other wide role of an account's identity is refused, by grant-present and role-least-privilege."""
    for grant in context.protections.grants_of(use):
        if kinds.names_role(use.kind, grant.role_id):
            narrow, wide = roles.encryption_user(grant.place), grant.role or roles.CRYPTO_USER
            yield RuleFinding(
                found=f"{grant.resource.name} assigns {wide.name} to the identity of {use.writer.name}: "
                f"{', '.join(grant.beyond)}",
                required=f"{narrow.name} ({narrow.id})",
                fix=f"assign {narrow.name}, once you have seen that it is enough for accounts of kind "
                f"{use.kind}: `python -m probe` asks Azure",
                urn=grant.resource.urn,
            )


@rule(RuleSubject.USED, Kind.VAULT, Kind.ACCESS_POLICY)
def vault_no_broad_grants(subject: StackResource, _: RuleContext) -> Findings:
    """Nobody is granted everything on a vault, nor the right to purge.

    All groups, inline and standalone, as PSRule's Azure.KeyVault.AccessPolicy."""
    entries = entries_of(subject.kind, subject.declared)
    for entry, group in ((entry, group) for entry in entries for group in GROUPS):
        held = entry.on(group)
        if isinstance(held, Hidden):
            yield later(f"which permissions on {group} {entry.who} holds")
            continue
        for broad in sorted({"all", "purge", "*"} & held):
            yield RuleFinding(
                found=f"{entry.who} holds {broad} on {group}",
                required="neither all nor purge on keys, secrets, certificates and storage",
                fix="list the permissions that are needed by name, and leave purge out: "
                "when the key is purged, the data is lost",
            )
