"""Vaults, keys and accounts are resources of azure-native, which the rules read."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from core import arm_ids
from core.resource_types import TEMPLATE_INPUTS, Kind
from policies.rule import Findings, NotYetKnown, Options, ResourceRule, Subject, Undecided, Violation
from policies.view import UNKNOWN, as_items, as_text, step

_DEPLOYMENT: Final = re.compile(r":\w*Deployment\w*$|blueprint(/\w+)?:Assignment$")
_JUDGED: Final = tuple(type.lower() for type in (arm_ids.VAULT, arm_ids.ACCOUNT))


def judge(subject: Subject, _: Options) -> Findings:
    """Other rules cannot read such resources. A template is reported if it holds one."""
    if not _DEPLOYMENT.search(subject.token):
        yield _violation(subject.token)
        return
    stated = map(subject.view.prop, TEMPLATE_INPUTS)
    template = next((found for found in stated if found is not None), None)
    if isinstance(template, str):
        try:
            template = json.loads(template)
        except ValueError:
            template = None
    if template is UNKNOWN:
        yield NotYetKnown("the template of a deployment is not known yet")
    elif template is None:
        yield Undecided(
            "which resources a deployment or blueprint makes: its template is elsewhere, or not readable"
        )
    else:
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
    why="other providers and ARM templates have other names for the same properties, and a rule that does "
    "not know them says nothing",
    source="names of resources in pulumi-azure and terraform-provider-azurerm",
    severity="medium",
    level="advisory",
    regulated={"enforcementLevel": "mandatory"},
    kinds=(Kind.OTHER_PROVIDER,),
    judge=judge,
)
