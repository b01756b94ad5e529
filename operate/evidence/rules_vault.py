"""What is to be found about the vault, and about who can use the key and did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from operate.evidence.access import Grant, excess
from operate.evidence.finding import Finding, Severity
from operate.evidence.model import Account, DiagnosticSetting, UseRow, Vault
from operate.evidence.rules_key import ERROR, NOTE, WARNING, Bound
from operate.evidence.use import UNWRAPS


def vault_rules(account: Account, vault: Vault) -> Iterator[Finding]:
    """What is wrong with the vault's protections, whether or not its key could be read. Source of the
    demands: "Store customer-managed keys in Azure Key Vault" of the service's documentation."""

    def found(rule: str, severity: Severity, text: str, fix: str) -> Finding:
        return Finding(rule, severity, account.name, text, fix)

    if not vault.soft_delete:
        yield found(
            "soft-delete-off",
            ERROR,
            f"vault {vault.name} has no soft delete: a deleted key is gone at once, and the data with it",
            f"az keyvault update --name {vault.name} --enable-soft-delete true",
        )
    if not vault.purge_protection:
        yield found(
            "purge-protection-off",
            ERROR,
            f"vault {vault.name} has no purge protection: a deleted key can be ended for good within days",
            f"az keyvault update --name {vault.name} --enable-purge-protection true",
        )
    if _plain(vault.location) != _plain(account.location):
        yield found(
            "other-region",
            ERROR,
            f"the vault is in {vault.location}, the account in {account.location}; the service demands one",
            "bind the account to a key in its own region",
        )
    if account.tenant_id and vault.tenant_id.lower() != account.tenant_id.lower():
        yield found(
            "other-tenant",
            ERROR,
            f"the vault is of tenant {vault.tenant_id}, the account's identity of {account.tenant_id}",
            "bind the account to a key in its own tenant",
        )
    if not vault.network.is_open and vault.network.bypass.lower() != "azureservices":
        yield found(
            "trusted-services-shut-out",
            ERROR,
            f"vault {vault.name} is closed and lets no trusted Azure service in: the account cannot unwrap",
            f"az keyvault update --name {vault.name} --bypass AzureServices",
        )
    if vault.network.is_open:
        yield found(
            "vault-network-open",
            WARNING,
            f"vault {vault.name} can be reached from every network",
            "set network.access: selected, private or closed",
        )


def grant_rules(bound: Bound, grants: Sequence[Grant]) -> Iterator[Finding]:
    """What is wrong with who can unwrap."""
    user = bound.account.user
    mine = [g for g in grants if user and g.principal_id.lower() == user.principal_id.lower()]
    others = sorted({g.principal_id for g in grants if g not in mine})
    if user and not any("unwrapkey" in g.permits or "all" in g.permits for g in mine):
        yield bound.found(
            "account-cannot-unwrap",
            ERROR,
            f"nothing grants the account's identity {user.principal_id} to unwrap: its data cannot be read. "
            "A grant to a group that it may be in is not seen",
            "grant get, wrapKey and unwrapKey to it; or, if access is revoked on purpose, record that",
        )
    # A role cannot be cut down; what it permits beyond the need is the role's, not the grant's.
    wide = sorted({word for grant in mine for word in excess(grant) if grant.how.startswith("access policy")})
    if wide:
        yield bound.found(
            "grant-too-wide",
            WARNING,
            f"the account's identity may also {', '.join(wide)}, which the service does not need",
            "grant get, wrapKey and unwrapKey and nothing else",
        )
    if others:
        yield bound.found(
            "others-can-unwrap",
            WARNING,
            f"{len(others)} other principal{'s' * (len(others) > 1)} can unwrap or decrypt with the key: "
            f"{', '.join(others)}",
            "take the right away, or record why each of them has it",
        )


def control_rules(bound: Bound, controllers: Sequence[Grant]) -> Iterator[Finding]:
    """Who could come to unwrap."""
    who = {grant.principal_id for grant in controllers}
    if who:
        yield bound.found(
            "others-can-grant",
            NOTE,
            f"{len(who)} principal{'s' * (len(who) > 1)} could give themselves or others access to the key",
            "keep such roles few, time-limited (PIM) and reviewed; alert on changes of access",
        )


def audit_rules(bound: Bound, settings: Sequence[DiagnosticSetting]) -> Iterator[Finding]:
    """Whether use of the key is recorded."""
    if not any(setting.is_audit for setting in settings):
        yield bound.found(
            "key-use-not-recorded",
            WARNING,
            f"no diagnostic setting sends the audit log of vault {bound.vault.name} to a workspace: who used "
            "the key is not known",
            "set audit.newWorkspace or audit.workspaceId, or send AuditEvent to a workspace",
        )


def use_rules(bound: Bound, rows: Sequence[UseRow]) -> Iterator[Finding]:
    """What is wrong with how the key was used."""
    user = bound.account.user
    own = user.principal_id.lower() if user else ""
    strangers = sorted({r.identity for r in rows if r.identity.lower() != own and _unwrapped(r)})
    if strangers:
        yield bound.found(
            "others-did-unwrap",
            ERROR,
            f"somebody else than the account unwrapped or decrypted with the key: {', '.join(strangers)}",
            "find out who and why; if the key was meant for this account alone, rotate it",
        )
    refused = sum(r.uses for r in rows if r.refused and r.identity.lower() == own)
    if refused:
        yield bound.found(
            "account-was-refused",
            WARNING,
            f"{refused} use{'s' * (refused > 1)} of the key by the account's identity were refused: data "
            "could not be read or written then",
            "compare the times with changes of access, key versions and network",
        )
    knocks = sum(r.uses for r in rows if r.refused and r.identity.lower() != own)
    if knocks:
        yield bound.found(
            "others-were-refused",
            WARNING,
            f"{knocks} attempt{'s' * (knocks > 1)} of others to use the key were refused",
            "find out who they are in the table of key use",
        )


def _unwrapped(row: UseRow) -> bool:
    return not row.refused and row.operation in UNWRAPS


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()
