"""A binding uses its key through one of the account's identities."""

from core.resource_types import Kind
from policies import sources
from policies.encryption import identity_of
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN, shown


def judge(relations: Relations, _: Options) -> Findings:
    """Without identityClientId it is the account's own identity; with it, one that is attached."""
    for use in relations.uses:
        if use.writer.kind is not Kind.BINDING or use.account is None:
            continue
        if not use.names_identity:
            yield from _own(use.writer, use.account, relations)
        elif isinstance(use.client_id, str):
            yield from _attached(use.writer, use.account, use.client_id)


def _own(binding: Node, account: Node, relations: Relations) -> Findings:
    inputs = relations.index.session.declared(account.urn) or account.view
    identity = identity_of(inputs)
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


def _attached(binding: Node, account: Node, client_id: str) -> Findings:
    """Client ids are known from outputs alone; inputs list the identities by id, and decide nothing."""
    clients = identity_of(account.view).client_ids
    if clients and client_id.lower() not in clients:
        yield Violation(
            found=f"identityClientId {shown(client_id)} of {binding.name} is not among the identities of the "
            f"account {account.name}",
            required="the client id of an identity that is attached to the account",
            fix="name the client id of an attached identity, or attach the identity that is named",
            urn=binding.urn,
        )


RULE = StackRule(
    why="the account uses its key by an identity of its own; without it the key cannot be bound, or is lost",
    source=sources.SERVICE_DOCUMENT,
    severity="critical",
    judge=judge,
)
