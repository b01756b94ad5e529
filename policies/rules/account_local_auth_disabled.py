"""An account is used with identities, not with shared keys."""

from typing import Any

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, ResourceRule, Subject, expect
from policies.view import UNKNOWN, View, as_flag


def judge(account: Subject, _: Options) -> Findings:
    """Absent is false: the service hands out keys by default."""
    stated = account.view.prop("disableLocalAuth")
    yield from expect(
        "properties.disableLocalAuth",
        stated,
        as_flag(stated) is True,
        required="properties.disableLocalAuth true",
        fix="set disableLocalAuth to true, and let callers authenticate with Microsoft Entra ID",
    )


def mend(inputs: Any) -> Any:
    """The inputs with the flag set; None when it is so already, or is not known yet.

    The SDK's proxies keep a secret a secret when it is written through them, so they are changed in place.
    """
    view = View(inputs)
    properties = View(view.get("properties"))
    if properties.is_unknown or properties.is_absent or view.flag("disableLocalAuth") in (UNKNOWN, True):
        return None
    inputs["properties"]["disableLocalAuth"] = True
    return inputs


RULE = ResourceRule(
    why="encryption at rest is no protection against somebody who holds one of the account's API keys",
    source=sources.FIELD,
    severity="medium",
    level="advisory",
    same_as="azure-policy:71ef260a-8f18-47b7-abcb-62d0673d94dc psrule:AZR-000282 checkov:CKV_AZURE_236 "
    "cnspec:cognitive-services-local-auth-disabled",
    regulated={"enforcementLevel": "mandatory"},
    kinds=(Kind.ACCOUNT,),
    judge=judge,
    remedy=mend,
)
