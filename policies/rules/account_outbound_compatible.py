"""An account that may not call out may still call its vault."""

from core import clouds, key_uris
from policies.key_uses import KeyUse
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN, as_text


def judge(relations: Relations, _: Options) -> Findings:
    """Looks for the full host of the key's vault (core.demands.outbound) in the list of each account that
    uses a key. If the stack does not show which vault it is, the host of any vault passes."""
    for use in relations.uses:
        if use.account is not None:
            yield from _judge_use(use, use.account, relations)


def _judge_use(use: KeyUse, account: Node, relations: Relations) -> Findings:
    view = relations.index.stated(account)
    restricted, listed = view.flag("restrictOutboundNetworkAccess"), view.items("allowedFqdnList")
    if restricted is UNKNOWN:
        yield NotYetKnown("properties.restrictOutboundNetworkAccess is not known yet", account.urn)
        return
    hosts = [as_text(item) for item in listed] if listed is not UNKNOWN else [UNKNOWN]
    names = relations.vault_names(use)
    places = {
        key_uris.place(f"https://{key_uris.vault_host(host)}") for host in hosts if isinstance(host, str)
    }
    if restricted is not True or (places & names if names else places - {None}):
        return
    if UNKNOWN in hosts:
        yield NotYetKnown("properties.allowedFqdnList is not known yet", account.urn)
    else:
        host = f"{min(names, default='NAME')}.{clouds.PUBLIC.vault_suffix}"
        wanted = "the host of the key's managed HSM" if use.in_managed_hsm else host
        yield Violation(
            found=f"properties.restrictOutboundNetworkAccess is true, and properties.allowedFqdnList "
            f"({len(hosts)} hosts) does not hold the host of the key's vault",
            required="the vault's host in allowedFqdnList, or no restriction",
            fix=f"add {wanted} to allowedFqdnList, or set restrictOutboundNetworkAccess to false",
            urn=account.urn,
        )


RULE = StackRule(
    why="with outbound access restricted the key cannot be accessed",
    source="observed in the field: Azure/ResourceModules issue 3259",
    severity="medium",
    # No references: CKV_AZURE_247 and cnspec ask for the restriction, this rule for the way through it.
    judge=judge,
)
