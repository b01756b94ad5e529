"""Rules on grants: who holds what on keys, by access policies and by roles."""

from collections.abc import Iterable
from typing import Final

from core import arm_ids, judgements, kinds, rights, roles, values
from core.grants import Doubt, Grant, StatedPolicyEntry, entries_of, role_of
from core.protection import AccountProtection, Protections
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark
from policies.rule import (
    Findings,
    Options,
    RuleFinding,
    StackRule,
    Subject,
    UsedResourceRule,
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


@rule(StackRule)
def caller_least_privilege(protections: Protections, options: Options) -> Findings:
    """Whoever calls an account has no wider role on it than calls take.

    Roles by which an account, and its key with it, can be changed, assigned at an account."""
    for assignment in protections.stack.of(Kind.ROLE_ASSIGNMENT):
        role, principal = role_of(assignment), values.name(assignment.found("principalId"))
        at = protections.stack.target(assignment, Kind.ACCOUNT, "scope")
        if role not in _BROAD or at is None:
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


_EXACTLY: Final = (
    "grant exactly get, wrapKey and unwrapKey on keys; name people who manage keys in `administrators`"
)


@rule(UsedResourceRule, Kind.VAULT, Kind.ACCESS_POLICY)
def grant_exact(subject: Subject, options: Options) -> Findings:
    """An identity that uses a key holds get, wrapKey and unwrapKey, and nothing else.

    An entry that can wrap or unwrap is a service's, unless `administrators` names its holder."""
    entries = entries_of(subject.resource.kind, subject.resource.declared)
    administrators = options.words("administrators")
    for entry in entries:
        if not (isinstance(entry.holder, str) and entry.holder.lower() in administrators):
            yield from _judge_entry(entry)


def _judge_entry(entry: StatedPolicyEntry) -> Findings:
    held = entry.keys
    if isinstance(held, Mark):
        yield later(f"which key permissions {entry.who} holds")
        return
    # Whoever can wrap or unwrap, does as a service does with its key.
    if not (rights.EXACT - {"get"}) & rights.expanded(held):
        return
    if held != rights.EXACT:
        missing = rights.EXACT - held if "all" not in held else frozenset()
        yield RuleFinding(
            found=f"{entry.who} holds on keys: {rights.spelt(held)}"
            + (f" (missing {rights.spelt(missing)})" if missing else ""),
            required="on keys exactly get, wrapKey, unwrapKey",
            fix=_EXACTLY,
        )
    for group in rights.GROUPS[1:]:
        others = entry.permissions[group]
        if isinstance(others, Mark):
            yield later(f"which permissions on {group} {entry.who} holds")
        elif others:
            found = f"{entry.who} holds on {group}: {rights.spelt(others)}"
            yield RuleFinding(found, f"nothing on {group}", _EXACTLY)


_REQUIRED: Final = "get, wrapKey and unwrapKey on the key for the account's identity"
_REFRESH: Final = "run `pulumi refresh`: the identity was re-created, and the state still has the old one"
_SETTING: Final = "set access: granted, and take access out of asFound"


@rule(StackRule)
def grant_present(protections: Protections, _: Options) -> Findings:
    """The identity that uses a key is granted what it needs, in the model that its vault uses.

    Undecided where the identity is not part of the stack; access that is revoked is not missing."""
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
            "whether one of the grants on the vault is for the identity that uses the key: this preview "
            "does not know its object id",
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
        return later("which permissions on keys it gives", urn)
    if grant.doubt is Doubt.ROLE and isinstance(role, Mark):
        return hidden("roleDefinitionId", role, urn)
    if grant.doubt is Doubt.ROLE:
        return undecided(f"whether the role {role or 'it assigns'} allows read, wrap and unwrap", urn)
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
            yield undecided(f"whether its scope includes the vault: {what}", urn)
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


@rule(StackRule)
def no_mixed_access_policies(protections: UsedProtections, _: Options) -> Findings:
    """A vault's access policies are listed in it or are resources of their own, not both.

    The vault is found by name, else by where the name comes from."""
    standalone: dict[str, tuple[StackResource, list[str]]] = {}
    for policy in protections.stack.of(Kind.ACCESS_POLICY):
        vault = protections.stack.vault_of(policy)
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


@rule(UsedResourceRule, Kind.ROLE_ASSIGNMENT)
def role_least_privilege(assignment: Subject, options: Options) -> Iterable[RuleFinding]:
    """A service reaches keys through Key Vault Crypto Service Encryption User, on one vault or key.

    Judges the roles that can use a key, lose it or give others access to it. People may hold such roles,
    service principals may not, unless the page of their account's kind gives them one, on which rule
    role-wider-than-needed advises. A role that cannot use keys as the service does may be meant for other
    resources, so it is undecided if its scope is above vaults or it has a condition."""
    role = role_of(assignment.resource)
    if isinstance(role, Mark):
        return [hidden("roleDefinitionId", role)]
    known = roles.built_in(role or "")
    by_page = bool(assignment.users) and all(kinds.names_role(user, role) for user in assignment.users)
    if role == _EXACT.id or by_page:
        return _judge_service(assignment)
    return _judge_wider(assignment, known, options) if known and rights.beyond(known) else ()


def _judge_service(assignment: Subject) -> Findings:
    scope = assignment.name("scope")
    names = list(arm_ids.segments(scope)) if isinstance(scope, str) else []
    below = names[names.index("vaults") + 1 :] if "vaults" in names else ["nothing of a vault"]
    yield from expect(
        "scope",
        scope,
        {*below} <= {"keys", "versions"},
        required="the id of one key vault, or of one key",
        fix="assign the role on the key (or its vault), not on a resource group or subscription",
    )
    yield from expect(
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


@rule(StackRule)
def role_wider_than_needed(protections: Protections, _: Options) -> Findings:
    """An account uses its key by the narrowest role, even if the page of its kind names a wider one.

    Any other wide role of an account's identity is refused, by grant-present and role-least-privilege."""
    for use in protections.all:
        for grant in protections.grants_of(use):
            if not kinds.names_role(use.kind, grant.role_id):
                continue
            narrow, wide = roles.encryption_user(grant.place), grant.role or roles.CRYPTO_USER
            more, name = ", ".join(grant.beyond), grant.resource.name
            yield RuleFinding(
                found=f"{name} assigns {wide.name} to the identity of {use.writer.name}: {more}",
                required=f"{narrow.name} ({narrow.id})",
                fix=f"assign {narrow.name}, once you have seen that it is enough for accounts of kind "
                f"{use.kind}: `python -m probe` asks Azure",
                urn=grant.resource.urn,
            )


@rule(UsedResourceRule, Kind.VAULT, Kind.ACCESS_POLICY)
def vault_no_broad_grants(subject: Subject, _: Options) -> Findings:
    """Nobody is granted everything on a vault, nor the right to purge.

    All groups, inline and standalone, as PSRule's Azure.KeyVault.AccessPolicy."""
    entries = entries_of(subject.resource.kind, subject.resource.declared)
    for entry, group in ((entry, group) for entry in entries for group in rights.GROUPS):
        held = entry.permissions[group]
        if isinstance(held, Mark):
            yield later(f"which permissions on {group} {entry.who} holds")
            continue
        for broad in sorted({"all", "purge", "*"} & held):
            yield RuleFinding(
                found=f"{entry.who} holds {broad} on {group}",
                required="neither all nor purge on keys, secrets, certificates and storage",
                fix="list the permissions that are needed by name, and leave purge out: "
                "when the key is purged, the data is lost",
            )
