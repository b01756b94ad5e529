"""An identity that uses a key holds get, wrapKey and unwrapKey, and nothing else."""

from core import rights
from core.resource_types import Kind
from policies import sources
from policies.grants import EXACT, DeclaredPolicyEntry, entries_of
from policies.rule import Findings, NotYetKnown, Options, Subject, UsedResourceRule, Violation, texts
from policies.view import UNKNOWN


def judge(subject: Subject, options: Options) -> Findings:
    """An entry that can wrap or unwrap is a service's, unless `administrators` names its holder."""
    entries = entries_of(subject.kind, subject.view)
    if entries is UNKNOWN:
        yield NotYetKnown("the access policies are not known yet")
        return
    administrators = options.words("administrators")
    for entry in entries:
        if isinstance(entry.object_id, str) and entry.object_id.lower() in administrators:
            continue
        yield from _judge_entry(entry)


def _judge_entry(entry: DeclaredPolicyEntry) -> Findings:
    keys = entry.of("keys")
    if keys is UNKNOWN:
        yield NotYetKnown(f"the key permissions of {entry.who} are not known yet")
        return
    if not entry.uses_keys:
        return
    fix = "grant exactly get, wrapKey and unwrapKey on keys; name people who manage keys in `administrators`"
    held = set(keys)
    if held != EXACT:
        yield Violation(
            found=f"{entry.who} holds on keys: {rights.spelt(held)}"
            + (f" (missing {rights.spelt(EXACT - held)})" if EXACT - held and "all" not in held else ""),
            required="on keys exactly get, wrapKey, unwrapKey",
            fix=fix,
        )
    for group in rights.GROUPS[1:]:
        others = entry.of(group)
        if others is UNKNOWN:
            yield NotYetKnown(f"the {group} permissions of {entry.who} are not known yet")
        elif others:
            yield Violation(
                found=f"{entry.who} holds on {group}: {rights.spelt(others)}",
                required=f"nothing on {group}",
                fix=fix,
            )


RULE = UsedResourceRule(
    why="the service needs to read, wrap and unwrap; anything more is what an attacker would use",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    settings={
        "administrators": texts("Object ids of people and pipelines that manage keys and may hold more.")
    },
    kinds=(Kind.VAULT, Kind.ACCESS_POLICY),
    judge=judge,
)
