"""An identity that uses a key holds get, wrapKey and unwrapKey, and nothing else."""

from typing import Final

from core import rights
from core.grants import StatedPolicyEntry, entries_of
from core.resource_types import Kind
from core.values import Mark
from policies.rule import (
    SERVICE_DOCUMENT,
    Findings,
    Options,
    RuleFinding,
    Subject,
    UsedResourceRule,
    later,
    texts,
)

_FIX: Final = (
    "grant exactly get, wrapKey and unwrapKey on keys; name people who manage keys in `administrators`"
)


def judge(subject: Subject, options: Options) -> Findings:
    """An entry that can wrap or unwrap is a service's, unless `administrators` names its holder."""
    entries = entries_of(subject.resource.kind, subject.resource.declared)
    administrators = options.words("administrators")
    for entry in entries:
        if not (isinstance(entry.holder, str) and entry.holder.lower() in administrators):
            yield from _judge_entry(entry)


def _judge_entry(entry: StatedPolicyEntry) -> Findings:
    held = entry.keys
    if isinstance(held, Mark):
        yield later(f"which key permissions {entry.who} holds")
        return
    # Whoever can wrap or unwrap, does as a service does with its key.
    if not (rights.EXACT - {"get"}) & rights.expanded(held):
        return
    if held != rights.EXACT:
        missing = rights.EXACT - held if "all" not in held else frozenset()
        yield RuleFinding(
            found=f"{entry.who} holds on keys: {rights.spelt(held)}"
            + (f" (missing {rights.spelt(missing)})" if missing else ""),
            required="on keys exactly get, wrapKey, unwrapKey",
            fix=_FIX,
        )
    for group in rights.GROUPS[1:]:
        others = entry.permissions[group]
        if isinstance(others, Mark):
            yield later(f"which permissions on {group} {entry.who} holds")
        elif others:
            found = f"{entry.who} holds on {group}: {rights.spelt(others)}"
            yield RuleFinding(found, f"nothing on {group}", _FIX)


RULE = UsedResourceRule(
    why="the service needs to read, wrap and unwrap; anything more is what an attacker would use",
    source=SERVICE_DOCUMENT,
    severity="high",
    settings={
        "administrators": texts("Object ids of people and pipelines that manage keys and may hold more.")
    },
    kinds=(Kind.VAULT, Kind.ACCESS_POLICY),
    judge=judge,
)
