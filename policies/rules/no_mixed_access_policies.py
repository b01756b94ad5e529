"""A vault's access policies are listed in it or are resources of their own, not both."""

from core.resource_types import Kind
from core.stack import StackResource
from policies.rule import Findings, Options, RuleFinding, StackRule, later
from policies.used import UsedProtections


def judge(protections: UsedProtections, _: Options) -> Findings:
    """The vault is found by name, else by where the name comes from."""
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
