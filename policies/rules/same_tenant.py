"""An account, its vault and its grants are in the same Microsoft Entra tenant."""

from core.resource_types import Kind
from policies import sources
from policies.encryption import Text
from policies.grants import entries_of
from policies.key_uses import KeyUse
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Undecided, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN, View, as_text, shown


def judge(relations: Relations, _: Options) -> Findings:
    """Subscriptions are not compared: they may differ."""
    for use in relations.uses:
        yield from _judge_use(use)
    for node in relations.index.of(Kind.ACCESS_POLICY):
        yield from _judge_policy(node, relations.vault_of(node))


def _judge_use(use: KeyUse) -> Findings:
    if use.account is None or use.vault is None:
        missing = "vault" if use.vault is None else "account"
        yield Undecided(f"the tenant of its {missing}, which is not a resource of this stack", use.writer.urn)
        return
    here, there = _tenant_of_account(use.account), use.vault.view.text("tenantId")
    if isinstance(here, str) and isinstance(there, str):
        if here.lower() != there.lower():
            yield _violation(f"the account {use.account.name}", here, use.vault, there, use.writer.urn)
    elif use.account.provider_urn is None or use.account.provider_urn != use.vault.provider_urn:
        # One provider is one subscription, and a subscription has one tenant.
        yield NotYetKnown("the tenant of its account or its vault is not known yet", use.writer.urn)


def _tenant_of_account(account: Node) -> Text:
    """The tenant of the account's identity, else the one that its provider is configured for."""
    identity = View(account.view.get("identity"))
    tenant = UNKNOWN if identity.is_unknown else identity.text("tenantId")
    if isinstance(tenant, str) or account.resource.provider is None:
        return tenant
    configured = as_text(View(account.resource.provider.props).get("tenantId"))
    return configured if isinstance(configured, str) else UNKNOWN


def _judge_policy(node: Node, vault: Node | None) -> Findings:
    if vault is None:
        return
    entries = entries_of(node.kind, node.view)
    there = vault.view.text("tenantId")
    for entry in entries if entries is not UNKNOWN else ():
        here = entry.tenant_id
        if isinstance(here, str) and isinstance(there, str) and here.lower() != there.lower():
            yield _violation(f"the access policy {node.name}", here, vault, there, node.urn)


def _violation(what: str, here: str, vault: Node, there: str, urn: str) -> Violation:
    return Violation(
        found=f"{what} is in tenant {shown(here)}, the vault {vault.name} in {shown(there)}",
        required="one tenant for both; subscriptions may differ",
        fix="use a vault of the account's own tenant: identities do not work across directories",
        urn=urn,
    )


RULE = StackRule(
    why="managed identities do not support cross-directory scenarios",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    judge=judge,
)
