"""Each account's encryption has one writer."""

from core import values
from core.protection import Protections, StatedEncryption
from core.resource_types import Kind
from core.stack import StackResource
from policies.rule import OBSERVED, Findings, Options, RuleFinding, StackRule, later, undecided


def judge(protections: Protections, _: Options) -> Findings:
    """One binding each; and where there is one, the account ignores its own encryption."""
    accounts = {account.urn: account for account in protections.stack.of(Kind.ACCOUNT)}
    for urn, bindings in sorted(protections.bindings_by_account.items()):
        yield from _judge_bindings(bindings)
        account = accounts.get(urn)
        if account is None:
            yield undecided(
                "whether its account, which is not of this stack, ignores encryption", bindings[0].urn
            )
        else:
            yield from _judge_account(account, bindings[0], protections)
    if protections.has_unplaced_binding:
        yield later("the account of a binding")
    yield from _judge_twins(protections.stack.of(Kind.ACCOUNT))


def _judge_bindings(bindings: list[StackResource]) -> Findings:
    for extra in bindings[1:]:
        yield RuleFinding(
            found=f"{extra.name} and {bindings[0].name} bind the same account",
            required="one binding for each account",
            fix="take one of them out of the program, and before the next update out of the state with "
            "`pulumi state delete --force URN`, so that nothing is unbound",
            urn=extra.urn,
        )


def _judge_account(account: StackResource, binding: StackResource, protections: Protections) -> Findings:
    if account.leaves_encryption:
        return
    inline = protections.inline(account)
    both = isinstance(inline, StatedEncryption) and inline.is_customer_key
    yield RuleFinding(
        found=f"the account {account.name} "
        + ("states a key itself and has" if both else "does not ignore its encryption and has")
        + f" the binding {binding.name}",
        required='ignoreChanges ["properties.encryption"] on an account that has a binding, and no key in it',
        fix="take encryption out of the account and add properties.encryption to its ignoreChanges; "
        "or remove the binding",
        urn=account.urn,
    )


def _judge_twins(accounts: list[StackResource]) -> Findings:
    first: dict[str, StackResource] = {}
    for account in accounts:
        found = values.name(values.look(account.outputs, "id"))
        other = first.setdefault(found.lower(), account) if isinstance(found, str) else account
        if other is not account:
            yield RuleFinding(
                found=f"{account.name} and {other.name} are the same account in Azure",
                required="one resource for each account",
                fix="take one of them out of the program, and before the next update out of the state "
                "with `pulumi state delete --force URN`, so that nothing is deleted",
                urn=account.urn,
            )


RULE = StackRule(
    why="azure-native writes an account whole; an update of it that does not carry the key takes the "
    "key away",
    source=OBSERVED,
    severity="critical",
    judge=judge,
)
