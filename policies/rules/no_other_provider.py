"""Vaults, keys and accounts are resources of azure-native, which the rules read."""

import json
import re
from typing import Final

from core import arm_ids
from core.resource_types import TEMPLATE_INPUTS, Kind, parse_urn
from core.values import Mark
from policies.rule import Findings, Options, ResourceRule, RuleFinding, Subject, hidden, undecided

_DEPLOYMENT: Final = re.compile(r":\w*Deployment\w*$|blueprint(/\w+)?:Assignment$")
_JUDGED: Final = re.compile(rf'"\s*((?:{arm_ids.VAULT}|{arm_ids.ACCOUNT})(?:/\w+)*)\s*"', re.IGNORECASE)
"""The types that rules judge, in the text of a template: of nested resources and templates, too."""


def judge(subject: Subject, _: Options) -> Findings:
    """Other rules cannot read such resources. A template is reported if it holds one."""
    token = parse_urn(subject.resource.urn).type
    if not _DEPLOYMENT.search(token):
        yield _violation(token)
        return
    stated = map(subject.get, TEMPLATE_INPUTS)
    template = next((found for found in stated if found is not None), None)
    written = template if isinstance(template, str) else json.dumps(template, default=str)
    if isinstance(template, Mark):
        yield hidden("the template of a deployment", template)
    elif '"resources"' not in written:
        yield undecided(
            "which resources a deployment or blueprint makes: its template is elsewhere, or not readable"
        )
    else:
        for found in sorted(set(_JUDGED.findall(written))):
            yield _violation(f"a template with {found}")


def _violation(found: str) -> RuleFinding:
    return RuleFinding(
        found=f"{found}, whose properties no rule of this pack reads",
        required="the same resource of azure-native",
        fix="import it as azure-native's resource, or see by other means that it holds to these rules",
    )


RULE = ResourceRule(
    why="other providers and ARM templates have other names for the same properties, and a rule that does "
    "not know them says nothing",
    source="names of resources in pulumi-azure and terraform-provider-azurerm",
    severity="medium",
    level="advisory",
    kinds=(Kind.OTHER_PROVIDER,),
    judge=judge,
)
