"""A binding uses its key through one of the account's identities."""

from core.resource_types import Kind
from policies import sources
from policies.encryption import identity_of
from policies.key_uses import KeyUse
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Undecided, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN, shown


def judge(relations: Relations, _: Options) -> Findings:
    """Without identityClientId it is the account's own identity; with it, one that is attached."""
    for use in relations.uses:
        if use.account is None:
            continue
        if use.names_identity:
            yield from _attached(use, use.account, relations)
        elif use.writer.kind is Kind.BINDING:
            yield from _own(use.writer, use.account, relations)


def _own(binding: Node, account: Node, relations: Relations) -> Findings:
    identity = identity_of(relations.index.stated(account))
    if identity.type is UNKNOWN:
        yield NotYetKnown("identity.type is not known yet", account.urn)
    elif not identity.is_system:
        yield Violation(
            found=f"{binding.name} names no identityClientId, and the account {account.name} has no "
            "system-assigned identity",
            required="an identity of the account by which the key can be used",
            fix="set identityClientId of the binding to the client id of the attached identity, or "
            'identity.type of the account to "SystemAssigned"',
            urn=binding.urn,
        )


def _attached(use: KeyUse, account: Node, relations: Relations) -> Findings:
    """Compares client ids, which only outputs show. Until these are known, compares the resources of the
    identities."""
    clients = identity_of(account.view).client_ids
    named = relations.named_identities(use)
    attached, all_known = relations.attached_identities(account)
    if isinstance(use.client_id, str) and clients:
        found, decided = use.client_id.lower() in clients, True
    else:
        found, decided = any(one in attached for one in named), all_known and bool(named or not attached)
    if found:
        return
    which = named[0].name if named else shown(use.client_id)
    if decided:
        yield Violation(
            found=f"identityClientId of {use.writer.name} ({which}) is not among the identities of the "
            f"account {account.name}",
            required="the client id of an identity that is attached to the account",
            fix="name the client id of an attached identity, or attach the identity that is named",
            urn=use.writer.urn,
        )
    else:
        what = f"whether the identity of identityClientId ({which}) is attached to the account {account.name}"
        yield Undecided(what, use.writer.urn)


RULE = StackRule(
    why="the account uses its key by an identity of its own; without it the key cannot be bound, or is lost",
    source=sources.SERVICE_DOCUMENT,
    severity="critical",
    judge=judge,
)
