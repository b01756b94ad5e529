"""A vault's firewall lets trusted Microsoft services through."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, NotYetKnown, Options, Subject, UsedResourceRule, expect
from policies.view import UNKNOWN, as_word


def judge(vault: Subject, _: Options) -> Findings:
    """Absent is AzureServices. Lists such as Storage's "Logging, AzureServices" pass, too. A vault
    that every address may reach has no firewall to pass (core.facts.Network)."""
    stated = vault.view.prop("networkAcls", "bypass")
    public, action = vault.view.word("publicNetworkAccess"), vault.view.word("networkAcls", "defaultAction")
    bypass = as_word(stated)
    passes = stated is None or (isinstance(bypass, str) and "azureservices" in bypass.split(","))
    if public in (None, "enabled") and action in (None, "allow"):
        return
    if (
        stated is not UNKNOWN
        and not passes
        and public != "disabled"
        and action != "deny"
        and UNKNOWN in (public, action)
    ):
        yield NotYetKnown("properties.publicNetworkAccess or properties.networkAcls is not known yet")
        return
    yield from expect(
        "properties.networkAcls.bypass",
        stated,
        passes,
        required='properties.networkAcls.bypass "AzureServices", or not stated',
        fix='set networkAcls.bypass to "AzureServices"',
    )


RULE = UsedResourceRule(
    why="the account reaches its key as a trusted service; without that bypass the firewall keeps it from "
    "its key",
    source=sources.KEY_VAULT_DOCUMENT,
    severity="medium",
    same_as="cloudsploit:trustedServicesEnabled",
    kinds=(Kind.VAULT,),
    judge=judge,
)
