"""A cloud for the page: accounts bound, rotated and cut off."""

from __future__ import annotations

from typing import Any

from tests.localazure.driver import GROUP, VAULT, Case
from tests.support.front import Reply

ACCOUNTS = ("rotated", "cut-off", "plain")
EVIL = "<img src=x onerror=alert(1)>'\"&"
"""A text that would be markup if a page took it for that."""


class Later(Case):
    """A cloud in which no two requests come in the same second, which is how exact Key Vault's times are."""

    def ask(self, *given: Any, **more: Any) -> Reply:
        self.cloud.clock.advance(60)
        return super().ask(*given, **more)


def scene(*around: Any) -> Case:
    """One vault, and three accounts: `rotated`, `cut-off` and `plain` (on Microsoft's keys). Right after the
    vault come the steps `around`."""
    case = Later()
    protected = {"properties": {"enablePurgeProtection": True}}
    case.do("vault", {"ask": f"PATCH {VAULT}", "send": protected}, *around, "new version")
    urls = {name: f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{name}" for name in ACCOUNTS}
    for name, url in urls.items():
        made = ["account", {"properties": {"customSubDomainName": f"scene-{name}"}}]
        case.do({"ask": f"PUT {url}", "send": made}, f"GET {url}")
        case.do({"ask": f"GET {url}", "keep": {"principal": "identity.principalId"}})
        if name != "plain":
            case.do(f"PUT {VAULT}/accessPolicies/add with grant it")
            case.do(f"PATCH {url} with bind", *[f"GET {url}"] * 2)
    case.do("new version", f"PATCH {urls['rotated']} with bind", *[f"GET {urls['rotated']}"] * 2)
    case.do({"ask": f"GET {urls['cut-off']}", "keep": {"principal": "identity.principalId"}})
    case.do(f"PUT {VAULT}/accessPolicies/remove with grant it")
    return case
