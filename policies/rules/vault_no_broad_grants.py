"""Nobody is granted everything on a vault, nor the right to purge."""

from typing import Final

from core import rights
from core.resource_types import Kind
from policies import sources
from policies.grants import DeclaredPolicyEntry, entries_of
from policies.rule import Findings, NotYetKnown, Options, Subject, UsedResourceRule, Violation
from policies.view import UNKNOWN

BROAD: Final = frozenset({"all", "purge", "*"})


def judge(subject: Subject, _: Options) -> Findings:
    """All groups, inline and standalone, as PSRule's Azure.KeyVault.AccessPolicy."""
    entries = entries_of(subject.kind, subject.view)
    if entries is UNKNOWN:
        yield NotYetKnown("the access policies are not known yet")
        return
    for entry in entries:
        for group in rights.GROUPS:
            yield from _judge_group(entry, group)


def _judge_group(entry: DeclaredPolicyEntry, group: str) -> Findings:
    held = entry.of(group)
    if held is UNKNOWN:
        yield NotYetKnown(f"the {group} permissions of {entry.who} are not known yet")
        return
    for broad in sorted(BROAD & set(held)):
        yield Violation(
            found=f"{entry.who} holds {broad} on {group}",
            required="neither all nor purge on keys, secrets, certificates and storage",
            fix="list the permissions that are needed by name, and leave purge out: "
            "when the key is purged, the data is lost",
        )


RULE = UsedResourceRule(
    why="whoever can purge a key can destroy all data encrypted with it, and a grant of everything hides "
    "that",
    source=sources.FIELD,
    severity="high",
    same_as="psrule:AZR-000118 cloudsploit:manageKeyAccessAndPermissions",
    kinds=(Kind.VAULT, Kind.ACCESS_POLICY),
    judge=judge,
)
