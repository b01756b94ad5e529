"""Rules on bindings: one for each account, through the right identity, in the right order, protected."""

from core import adapters, values
from core.protection import AccountProtection, Protections
from core.resource_types import Kind
from core.stack import Stack, StackResource, around
from core.values import Hidden
from policies.rule import Findings, RuleContext, RuleFinding, RuleSubject, hidden, later, rule, undecided


@rule(RuleSubject.USE)
def binding_identity(use: AccountProtection, context: RuleContext) -> Findings:
    """A binding uses its key through one of the account's identities.

    Without identityClientId it is the account's own identity; with it, one that is attached."""
    account = use.account
    if account is not None and use.client_id is not None:
        yield from _attached(use, account, context.protections)
    elif account is not None and use.writer.kind is Kind.BINDING:
        identity = adapters.stated_identity(account.declared)
        if isinstance(identity.type, Hidden):
            yield hidden("identity.type", identity.type, account.urn)
        elif not identity.is_system:
            yield RuleFinding(
                found=f"{use.writer.name} names no identityClientId, and the account {account.name} has no "
                "system-assigned identity",
                required="an identity of the account that can use the key",
                fix="set identityClientId of the binding to the client id of the attached identity, or "
                'identity.type of the account to "SystemAssigned"',
            )


def _attached(use: AccountProtection, account: StackResource, protections: Protections) -> Findings:
    """Compares client ids, which only outputs show. Until these are known, compares the resources of the
    identities."""
    shown = adapters.stated_identity(account.outputs).shown
    clients = {one.client_id.lower() for one in shown if one.client_id}
    named = protections.named_identities(use)
    attached, all_known = protections.attached_identities(account)
    if isinstance(use.client_id, str) and clients:
        found, decided = use.client_id.lower() in clients, True
    else:
        found, decided = any(one in attached for one in named), all_known and bool(named or not attached)
    if found:
        return
    which = named[0].name if named else values.shown(use.client_id)
    if decided:
        yield RuleFinding(
            found=f"identityClientId of {use.writer.name} ({which}) is not among the identities of the "
            f"account {account.name}",
            required="the client id of an identity that is attached to the account",
            fix="name the client id of an attached identity, or attach the identity that is named",
        )
    else:
        yield undecided(
            f"whether identityClientId ({which}) names an identity that is attached to {account.name}"
        )


@rule(RuleSubject.STEP, Kind.BINDING, Kind.ACCOUNT, Kind.VAULT, Kind.KEY)
def binding_protected(subject: StackResource, context: RuleContext) -> Findings:
    """A customer-managed key's binding is protected.

    Passes a resource whose service has a setting that removes the protection, because somebody decided
    that. The engine does not show `replaceOnChanges` to a pack, and never replaces a protected resource."""
    if subject.protect or any(map(_asks_for_it, around(subject, context.at))):
        return
    if subject.kind is Kind.BINDING:
        yield RuleFinding(
            found="the resource option protect is not set",
            required="protect: true",
            fix="set protect: true on the binding; before you delete or replace it on purpose, take it off "
            "in an update of its own under an exemption that ends soon",
            setting="remove protect; to delete something on purpose, set unbindAccount or protect: false",
        )
    elif subject.deletes_first:
        yield undecided(
            "whether a change replaces it: it is not protected, and a replacement deletes it first"
        )


def _asks_for_it(component: StackResource) -> bool:
    """`protect: false`, or the setting that unprotects in one update what the next removes."""
    unbinds = isinstance(values.name(component.input("unbindAccount")), str)
    return unbinds or values.flag(component.input("protect")) is False


@rule(RuleSubject.USE)
def bound_after_grant(use: AccountProtection, context: RuleContext) -> Findings:
    """A key is bound only after the identity that uses it was granted access.

    By dependency, so a preview decides it. grant-present reports a missing grant."""
    stack = context.protections.stack
    grants = [grant.resource for grant in context.protections.grants_of(use)]
    if "revoked" not in stack.asked(use.writer, "access") and (
        names := _not_before(use.writer, grants, stack)
    ):
        yield RuleFinding(
            found=f"{use.writer.name} does not depend on the grant it needs ({names})",
            required="the grant before the binding, by dependency",
            fix=f"add {names} to depends_on of {use.writer.name}",
        )


def _not_before(resource: StackResource, first: list[StackResource], stack: Stack) -> str:
    """The names of what should come before a resource; "" if it depends on one of them, or there is none."""
    names = {other.urn: other.name for other in first}
    if names and not names.keys().isdisjoint(other.urn for other in stack.ancestors(resource)):
        return ""
    return ", ".join(sorted(names.values()))


@rule(RuleSubject.STACK)
def one_key_per_account(protections: Protections, _: RuleContext) -> Findings:
    """No two accounts share a key.

    Versions of one key are one key."""
    first: dict[str, tuple[AccountProtection, str]] = {}
    for use in protections.all:
        # By name where it is known, so that a key of another stack is known again.
        if isinstance(use.vault_name, str) and isinstance(use.key_name, str):
            key = f"{use.vault_name}/{use.key_name}"
        elif use.key:
            key = use.key.urn
        else:
            yield later("which key it uses", use.writer.urn)
            continue
        account = use.account.urn if use.account else str(use.writer.output("accountId")).lower()
        other, its = first.setdefault(key, (use, account))
        if its != account:
            yield RuleFinding(
                found=f"{use.writer.name} uses the same key as {other.writer.name}",
                required="a key of its own for each account",
                fix="make a key for this account and bind it to that",
                urn=use.writer.urn,
            )


@rule(RuleSubject.STACK)
def one_writer(protections: Protections, _: RuleContext) -> Findings:
    """Each account's encryption has one writer.

    One binding each; and where there is one, the account ignores its own encryption."""
    accounts = {account.urn: account for account in protections.stack.of(Kind.ACCOUNT)}
    for urn, bindings in sorted(protections.bindings_by_account.items()):
        yield from (_twice(one, bindings[0], "bind the same account", "unbound") for one in bindings[1:])
        account = accounts.get(urn)
        if account is None:
            yield undecided(
                "whether its account, which this stack does not declare, ignores encryption", bindings[0].urn
            )
        else:
            yield from _judge_account(account, bindings[0], protections)
    if protections.has_unplaced_binding:
        yield later("the account of a binding")
    first: dict[str, StackResource] = {}
    for account in accounts.values():
        found = values.name(values.get_path(account.outputs, "id"))
        other = first.setdefault(found.lower(), account) if isinstance(found, str) else account
        if other is not account:
            yield _twice(account, other, "are the same account in Azure", "deleted")


def _twice(resource: StackResource, other: StackResource, what: str, lost: str) -> RuleFinding:
    return RuleFinding(
        found=f"{resource.name} and {other.name} {what}",
        required="one of them for each account",
        fix="take one of them out of the program, and before the next update out of the state with "
        f"`pulumi state delete --force URN`, so that nothing is {lost}",
        urn=resource.urn,
    )


def _judge_account(account: StackResource, binding: StackResource, protections: Protections) -> Findings:
    if account.leaves_encryption:
        return
    inline = protections.inline(account)
    yield RuleFinding(
        found=f"the account {account.name} "
        + (
            "states a key itself and has"
            if inline.is_customer_managed
            else "does not ignore its encryption and has"
        )
        + f" the binding {binding.name}",
        required='ignoreChanges ["properties.encryption"] on an account that has a binding, and no key in it',
        fix="take encryption out of the account and add properties.encryption to its ignoreChanges; "
        "or remove the binding",
        urn=account.urn,
    )


@rule(RuleSubject.EACH, Kind.PROJECT)
def project_after_key(project: StackResource, context: RuleContext) -> Findings:
    """A Foundry project is made only after its account has its key.

    By dependency, so a preview decides it. account-has-customer-key reports an account without a key."""
    stack = context.protections.stack
    account = stack.above(project, Kind.ACCOUNT)
    bindings = context.protections.bindings_by_account.get(account.urn, []) if account else []
    if names := _not_before(project, bindings, stack):
        yield RuleFinding(
            found=f"the project {project.name} does not depend on the binding of its account ({names})",
            required="the binding before the project, by dependency",
            fix=f"add {names} to depends_on of {project.name}",
        )
