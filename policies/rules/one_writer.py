"""Each account's encryption has one writer."""

from core.resource_types import Kind
from policies import sources
from policies.encryption import leaves_encryption
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Undecided, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN


def judge(relations: Relations, _: Options) -> Findings:
    """One binding each; and where there is one, the account ignores its own encryption."""
    accounts = {account.urn: account for account in relations.index.of(Kind.ACCOUNT)}
    for urn, bindings in sorted(relations.bindings_by_account.items()):
        yield from _judge_bindings(bindings)
        account = accounts.get(urn)
        if account is None:
            yield Undecided(
                "whether its account, which is not of this stack, ignores encryption", bindings[0].urn
            )
        else:
            yield from _judge_account(account, bindings[0], relations)
    if relations.has_unplaced_binding:
        yield NotYetKnown("the account of a binding is not known yet")
    yield from _judge_twins(relations.index.of(Kind.ACCOUNT))


def _judge_bindings(bindings: list[Node]) -> Findings:
    for extra in bindings[1:]:
        yield Violation(
            found=f"{extra.name} and {bindings[0].name} bind the same account",
            required="one binding for each account",
            fix="take one of them out of the program, and before the next update out of the state with "
            "`pulumi state delete --force URN`, so that nothing is unbound",
            urn=extra.urn,
        )


def _judge_account(account: Node, binding: Node, relations: Relations) -> Findings:
    if leaves_encryption(account.ignore_changes):
        return
    inline = relations.inline(account)
    both = inline is not None and inline is not UNKNOWN and inline.is_customer_key
    yield Violation(
        found=f"the account {account.name} "
        + ("states a key itself and has" if both else "does not ignore its encryption and has")
        + f" the binding {binding.name}",
        required='ignoreChanges ["properties.encryption"] on an account that has a binding, and no key in it',
        fix="take encryption out of the account and add properties.encryption to its ignoreChanges; "
        "or remove the binding",
        urn=account.urn,
    )


def _judge_twins(accounts: list[Node]) -> Findings:
    first: dict[str, Node] = {}
    for account in accounts:
        found = account.view.text("id")
        if isinstance(found, str):
            other = first.setdefault(found.lower(), account)
            if other is not account:
                yield Violation(
                    found=f"{account.name} and {other.name} are the same account in Azure",
                    required="one resource for each account",
                    fix="take one of them out of the program, and before the next update out of the state "
                    "with `pulumi state delete --force URN`, so that nothing is deleted",
                    urn=account.urn,
                )


RULE = StackRule(
    why="azure-native writes an account whole; an update of it that does not carry the key takes the "
    "key away",
    source=sources.OBSERVED,
    severity="critical",
    judge=judge,
)
