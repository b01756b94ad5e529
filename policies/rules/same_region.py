"""An account and its vault are in the same region."""

from core import regions
from core.resource_types import Kind
from policies import sources
from policies.encryption import Text
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Undecided, Violation
from policies.stack_index import Node, StackIndex
from policies.view import as_word, shown


def judge(relations: Relations, _: Options) -> Findings:
    """Regions are compared as Azure does: "West Europe" is westeurope."""
    for use in relations.uses:
        if use.account is None or use.vault is None:
            missing = "vault" if use.vault is None else "account"
            yield Undecided(
                f"the region of its {missing}, which is not a resource of this stack", use.writer.urn
            )
            continue
        here, there = _region(use.account), _region(use.vault)
        if isinstance(here, str) and isinstance(there, str):
            if not regions.same(here, there):
                yield Violation(
                    found=f"the account {use.account.name} is in {shown(here)}, the vault "
                    f"{use.vault.name} in {shown(there)}",
                    required="one region for both",
                    fix="move the one without data: make the vault and key (or the account) in the "
                    "other's region",
                    urn=use.writer.urn,
                )
        elif not _inherit_the_same(relations.index, use.account, use.vault):
            yield NotYetKnown("the region of its account or its vault is not known yet", use.writer.urn)


def _region(node: Node) -> Text:
    return as_word(node.view.get("location"))


def _inherit_the_same(index: StackIndex, account: Node, vault: Node) -> bool:
    """Both take their region from one resource group: as its location, or, stating none, by being in it."""
    origins = [_origin(index, node) for node in (account, vault)]
    return origins[0] is not None and origins[0] == origins[1]


def _origin(index: StackIndex, node: Node) -> str | None:
    if isinstance(as_word(index.stated(node).get("location")), str):
        return None
    name = "location" if node.resource.property_dependencies.get("location") else "resourceGroupName"
    source = index.source(node, Kind.RESOURCE_GROUP, name)
    if source is not None:
        return source.urn
    group = node.view.get("resourceGroupName")
    return group.lower() if name == "resourceGroupName" and isinstance(group, str) else None


RULE = StackRule(
    why="the resource and the key vault must be in the same region",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    judge=judge,
)
