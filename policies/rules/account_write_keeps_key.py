"""A write of a bound account carries the account's key."""

from core import values
from core.protection import Protections, encryption_of
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark
from policies.rule import OBSERVED, Findings, Options, RuleFinding, StackRule, customer_key


def judge(protections: Protections, _: Options) -> Findings:
    """Each account of a binding that exists, if this run writes the account.

    azure-native writes an account whole, from its inputs: what they leave out, the write takes away. With
    ignoreChanges the engine takes the ignored inputs from the state, which has the live encryption after a
    refresh alone. Rules see neither the state nor the operation; a preview shows them all the same: of a
    resource that it creates the name is not known, of one that it updates computed values are not known.
    """
    for account in protections.stack.of(Kind.ACCOUNT):
        bindings = protections.bindings_by_account.get(account.urn, [])
        if any(_is_bound(binding) for binding in bindings) and _is_written(account):
            yield from _judge_inputs(account, bindings)


def _judge_inputs(account: StackResource, bindings: list[StackResource]) -> Findings:
    key = customer_key(encryption_of(account), account.urn)
    if isinstance(key, RuleFinding):
        yield key
    elif key is None:
        yield RuleFinding(
            found=f"this update writes the account {account.name} without properties.encryption, while "
            f"{bindings[0].name} binds it",
            required="the live encryption in what the write sends",
            fix="run `pulumi up --refresh` (or `pulumi refresh` first), which puts the live encryption into "
            'the state; keep properties.encryption in ignoreChanges, and set "options: refresh: always" in '
            "Pulumi.yaml",
            urn=account.urn,
        )


def _is_bound(binding: StackResource) -> bool:
    """A preview knows who uses the key only of a binding that exists."""
    return any(isinstance(values.look(binding.outputs, name), str) for name in ("principalId", "boundAt"))


def _is_written(account: StackResource) -> bool:
    """In a preview, by an update; an update that is done shows no longer what it wrote."""
    computed = [
        values.look(account.outputs, "id"),
        values.look(account.outputs, "etag"),
        account.found("provisioningState"),
    ]
    return account.exists and Mark.UNKNOWN in computed


RULE = StackRule(
    why="a write without it puts the account back on Microsoft-managed keys until the binding is written "
    "again",
    source=OBSERVED,
    severity="critical",
    judge=judge,
)
