"""A vault's firewall lets trusted Microsoft services through."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, Subject, UsedResourceRule, expect
from policies.view import as_word


def judge(vault: Subject, _: Options) -> Findings:
    """Absent is AzureServices. Lists such as Storage's "Logging, AzureServices" pass, too."""
    stated = vault.view.prop("networkAcls", "bypass")
    bypass = as_word(stated)
    yield from expect(
        "properties.networkAcls.bypass",
        stated,
        stated is None or (isinstance(bypass, str) and "azureservices" in bypass.split(",")),
        required='properties.networkAcls.bypass "AzureServices", or not stated',
        fix='set networkAcls.bypass to "AzureServices"',
    )


RULE = UsedResourceRule(
    why="the account reaches its key as a trusted service; without that bypass the firewall keeps it from "
    "its key",
    source=sources.KEY_VAULT_DOCUMENT,
    severity="medium",
    level="advisory",
    same_as="cloudsploit:trustedServicesEnabled",
    kinds=(Kind.VAULT,),
    judge=judge,
)
