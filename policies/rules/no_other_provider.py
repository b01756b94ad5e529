"""Vaults, keys and accounts are resources of azure-native, which the rules read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pulumi_policy import EnforcementLevel, Severity

from policies.kinds import Kind
from policies.rule import Finding, NotYetKnown, Options, ResourceRule, Subject, Violation, kinds
from policies.view import UNKNOWN, as_items, as_text, step

_DEPLOYMENT: Final = re.compile(r":Deployment\w*$")
_JUDGED: Final = ("microsoft.keyvault/vaults", "microsoft.cognitiveservices/accounts")


def judge(subject: Subject, _: Options) -> Iterable[Finding]:
    """Each one is a refusal: what other rules cannot read they would let pass without a word. Of ARM's
    templates those are refused that hold such a resource."""
    if not _DEPLOYMENT.search(subject.token):
        yield _violation(subject.token)
        return
    template = subject.view.prop("template")
    if template is None or template is UNKNOWN:
        yield NotYetKnown("what the template of a deployment makes, which is elsewhere or not known yet")
        return
    for found in sorted(set(_types(template))):
        yield _violation(f"a template with {found}")


def _violation(found: str) -> Violation:
    return Violation(
        found=f"{found}, whose properties no rule of this pack reads",
        required="the same resource of azure-native",
        fix="import it as azure-native's resource, or see by other means that it holds to these rules",
    )


def _types(node: object) -> Iterator[str]:
    """The types in a template that rules judge, however deep: of nested resources and nested templates."""
    if isinstance(node, Mapping):
        kind = as_text(step(node, "type"))
        if isinstance(kind, str) and kind.lower().startswith(_JUDGED):
            yield kind
        for key in node:
            yield from _types(step(node, key))
    elif isinstance(node, Sequence) and not isinstance(node, str):
        items = as_items(node)
        for item in items if items is not UNKNOWN else ():
            yield from _types(item)


RULE = ResourceRule(
    name="no-other-provider",
    title="Vaults, keys and accounts are resources of azure-native, which the rules read",
    why="other providers and ARM templates have other names for the same properties, and a rule that does "
    "not know them says nothing",
    source="names of resources in pulumi-azure and terraform-provider-azurerm",
    severity=Severity.MEDIUM,
    level=EnforcementLevel.ADVISORY,
    regulated={"enforcementLevel": "mandatory"},
    kinds=kinds(Kind.FOREIGN),
    judge=judge,
)
