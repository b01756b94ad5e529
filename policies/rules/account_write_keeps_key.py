"""A write of a bound account carries the account's key."""

from core.resource_types import Kind
from policies import sources
from policies.encryption import encryption_of
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN


def judge(relations: Relations, _: Options) -> Findings:
    """Each account of a binding that exists, if this run writes the account.

    azure-native writes an account whole, from its inputs: what they leave out, the write takes away. With
    ignoreChanges the engine takes the ignored inputs from the state, which has the live encryption after a
    refresh alone. Rules see neither the state nor the operation; a preview shows them all the same: of a
    resource that it creates the name is not known, of one that it updates computed values are not known.
    """
    for account in relations.index.of(Kind.ACCOUNT):
        bindings = relations.bindings_by_account.get(account.urn, [])
        if any(_is_bound(binding) for binding in bindings) and _is_written(account, relations):
            yield from _judge_inputs(account, relations, bindings)


def _judge_inputs(account: Node, relations: Relations, bindings: list[Node]) -> Findings:
    encryption = encryption_of(relations.index.stated(account))
    if encryption is UNKNOWN or (encryption is not None and encryption.source is UNKNOWN):
        yield NotYetKnown("properties.encryption is not known yet", account.urn)
    elif encryption is None or not encryption.is_customer_key:
        yield Violation(
            found=f"this update writes the account {account.name} without properties.encryption, while "
            f"{bindings[0].name} binds it",
            required="the live encryption in what the write sends",
            fix="run `pulumi up --refresh` (or `pulumi refresh` first), which puts the live encryption into "
            'the state; keep properties.encryption in ignoreChanges, and set "options: refresh: always" in '
            "Pulumi.yaml",
            urn=account.urn,
        )


def _is_bound(binding: Node) -> bool:
    """A preview knows who uses the key only of a binding that exists."""
    return any(isinstance(binding.view.get(name), str) for name in ("principalId", "boundAt"))


def _is_written(account: Node, relations: Relations) -> bool:
    """In a preview, by an update; an update that is done shows no longer what it wrote."""
    computed = [account.view.get("id"), account.view.get("etag"), account.view.prop("provisioningState")]
    return relations.index.exists(account) and UNKNOWN in computed


RULE = StackRule(
    why="a write without it puts the account back on Microsoft-managed keys until the binding is written "
    "again",
    source=sources.OBSERVED,
    severity="critical",
    judge=judge,
)
