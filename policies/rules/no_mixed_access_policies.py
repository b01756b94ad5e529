"""A vault's access policies are listed in it or are resources of their own, not both."""

from core.resource_types import Kind
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation
from policies.stack_index import Node


def judge(relations: Relations, _: Options) -> Findings:
    """The vault is found by name, else by where the name comes from."""
    standalone: dict[str, tuple[Node, list[str]]] = {}
    for node in relations.index.of(Kind.ACCESS_POLICY):
        vault = relations.vault_of(node)
        if vault is not None and relations.is_used(vault):
            standalone.setdefault(vault.urn, (vault, []))[1].append(node.name)
    for vault, names in standalone.values():
        inline = relations.declares_policies(vault)
        if inline is None:
            yield NotYetKnown(
                "properties.accessPolicies is not known yet, beside standalone policies", vault.urn
            )
        elif inline:
            yield Violation(
                found=f"the vault {vault.name} lists access policies, and {', '.join(sorted(names))} "
                f"{'is' if len(names) == 1 else 'are'} made for it apart",
                required="one way or the other",
                fix="make each listed policy an AccessPolicy resource, or list all of them in the vault",
                urn=vault.urn,
            )


RULE = StackRule(
    why="the next update of the vault overwrites what was granted apart, and the account loses its key",
    source="azure-native's AccessPolicy documentation",
    severity="high",
    judge=judge,
)
