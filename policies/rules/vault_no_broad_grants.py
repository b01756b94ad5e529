"""Nobody is granted everything on a vault, nor the right to purge."""

from typing import Final

from core import rights
from core.grants import entries_of
from core.resource_types import Kind
from core.values import Mark
from policies.rule import FIELD, Findings, Options, RuleFinding, Subject, UsedResourceRule, later

BROAD: Final = frozenset({"all", "purge", "*"})


def judge(subject: Subject, _: Options) -> Findings:
    """All groups, inline and standalone, as PSRule's Azure.KeyVault.AccessPolicy."""
    entries = entries_of(subject.resource.kind, subject.resource.declared)
    for entry, group in ((entry, group) for entry in entries for group in rights.GROUPS):
        held = entry.permissions[group]
        if isinstance(held, Mark):
            yield later(f"which permissions on {group} {entry.who} holds")
            continue
        for broad in sorted(BROAD & held):
            yield RuleFinding(
                found=f"{entry.who} holds {broad} on {group}",
                required="neither all nor purge on keys, secrets, certificates and storage",
                fix="list the permissions that are needed by name, and leave purge out: "
                "when the key is purged, the data is lost",
            )


RULE = UsedResourceRule(
    why="whoever can purge a key can destroy all data encrypted with it, and a grant of everything hides "
    "that",
    source=FIELD,
    severity="high",
    same_as="psrule:AZR-000118 cloudsploit:manageKeyAccessAndPermissions",
    kinds=(Kind.VAULT, Kind.ACCESS_POLICY),
    judge=judge,
)
