"""A binding uses its key through one of the account's identities."""

from core import values
from core.protection import AccountProtection, Protections, identity_of
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark
from policies.rule import SERVICE_DOCUMENT, Findings, Options, RuleFinding, StackRule, hidden, undecided


def judge(protections: Protections, _: Options) -> Findings:
    """Without identityClientId it is the account's own identity; with it, one that is attached."""
    for use in protections.all:
        if use.account is None:
            continue
        if use.client_id is not None:
            yield from _attached(use, use.account, protections)
        elif use.writer.kind is Kind.BINDING:
            yield from _own(use.writer, use.account)


def _own(binding: StackResource, account: StackResource) -> Findings:
    identity = identity_of(account.declared)
    if isinstance(identity.type, Mark):
        yield hidden("identity.type", identity.type, account.urn)
    elif not identity.is_system:
        yield RuleFinding(
            found=f"{binding.name} names no identityClientId, and the account {account.name} has no "
            "system-assigned identity",
            required="an identity of the account by which the key can be used",
            fix="set identityClientId of the binding to the client id of the attached identity, or "
            'identity.type of the account to "SystemAssigned"',
            urn=binding.urn,
        )


def _attached(use: AccountProtection, account: StackResource, protections: Protections) -> Findings:
    """Compares client ids, which only outputs show. Until these are known, compares the resources of the
    identities."""
    clients = identity_of(account.outputs).client_ids
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
            urn=use.writer.urn,
        )
    else:
        what = f"whether the identity of identityClientId ({which}) is attached to the account {account.name}"
        yield undecided(what, use.writer.urn)


RULE = StackRule(
    why="the account uses its key by an identity of its own; without it the key cannot be bound, or is lost",
    source=SERVICE_DOCUMENT,
    severity="critical",
    judge=judge,
)
