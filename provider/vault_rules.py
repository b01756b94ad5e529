"""The preflight's rules about the vault: where it is, how it protects its keys and whom it lets in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provider import grants
from provider.facts import RoleGrant, Vault
from provider.finding import Finding, Subject, Verdict


def vault_was_named(subject: Subject) -> Iterator[Finding]:
    """Without `vaultId` nothing about the vault can be checked, which is said."""
    if subject.wish.vault is None and subject.wish.vault_known:
        yield Finding(
            "vault-was-named",
            Verdict.UNCHECKED,
            "vaultId is not given, so the vault, the key and the grant were not checked",
        )


def vault_exists(subject: Subject) -> Iterator[Finding]:
    """The vault is there."""
    if subject.around.vault_asked and subject.around.vault is None:
        yield Finding(
            "vault-exists",
            Verdict.CHANGEABLE,
            f"there is no vault {subject.vault_id}",
            "create it, or recover it if it was deleted (az keyvault recover)",
        )


def vault_is_the_keys(subject: Subject) -> Iterator[Finding]:
    """The vault that was named is the one that holds the key."""
    vault, key = subject.around.vault, subject.key
    if vault and key and vault.uri and _host(vault) != key.host:
        yield Finding(
            "vault-is-the-keys",
            Verdict.REFUSED,
            f"the vault {vault.id} answers at {_host(vault)}, but the key is at {key.host}",
            "name the vault that holds the key in vaultId",
        )


def same_region(subject: Subject) -> Iterator[Finding]:
    """ "The Azure AI services resource and the key vault must be in the same region"."""
    account, vault = subject.around.account, subject.around.vault
    if account and vault and _region(account.location) != _region(vault.location):
        yield Finding(
            "same-region",
            Verdict.REFUSED,
            f"the account is in {account.location}, the vault in {vault.location}; the service wants "
            "one region",
            "use a vault in the account's region",
        )


def same_tenant(subject: Subject) -> Iterator[Finding]:
    """ "... and in the same Microsoft Entra tenant"."""
    account, vault = subject.around.account, subject.around.vault
    if account and vault and account.tenant_id and account.tenant_id.lower() != vault.tenant_id.lower():
        yield Finding(
            "same-tenant",
            Verdict.REFUSED,
            f"the account's identity is in tenant {account.tenant_id}, the vault in {vault.tenant_id}; "
            "managed identities do not cross tenants",
            "use a vault of the account's tenant",
        )


def vault_has_soft_delete(subject: Subject) -> Iterator[Finding]:
    """ "You must enable both the Soft Delete and Do Not Purge properties on the key vault"."""
    vault = subject.around.vault
    if vault and not vault.soft_delete:
        yield Finding(
            "vault-has-soft-delete",
            Verdict.CHANGEABLE,
            f"the vault has enableSoftDelete {_shown(vault.soft_delete)}, wanted true",
            f"az resource update --ids {vault.id} --set properties.enableSoftDelete=true",
        )


def vault_has_purge_protection(subject: Subject) -> Iterator[Finding]:
    """ "You must enable both the Soft Delete and Do Not Purge properties on the key vault"."""
    vault = subject.around.vault
    if vault and not vault.purge_protection:
        yield Finding(
            "vault-has-purge-protection",
            Verdict.CHANGEABLE,
            f"the vault has enablePurgeProtection {_shown(vault.purge_protection)}, wanted true",
            f"az keyvault update --name {_name(vault)} --enable-purge-protection true",
        )


def vault_lets_trusted_services_in(subject: Subject) -> Iterator[Finding]:
    """A closed vault lets Microsoft's trusted services in, through which the account comes."""
    vault = subject.around.vault
    if vault is None:
        return
    closed = vault.default_action.lower() == "deny" or vault.public_network_access.lower() == "disabled"
    if closed and vault.bypass.lower() != "azureservices":
        yield Finding(
            "vault-lets-trusted-services-in",
            Verdict.CHANGEABLE,
            f"the vault's network is closed with bypass {vault.bypass}, wanted AzureServices",
            f"az keyvault update --name {_name(vault)} --bypass AzureServices",
        )


def identity_has_grant(subject: Subject) -> Iterator[Finding]:
    """An access policy grants "key permissions to the managed identity", or a role gives the same."""
    vault, principal, key = subject.around.vault, subject.principal_id, subject.key
    if vault is None or not principal or not subject.wish.identity_known:
        return
    if vault.uses_rbac and (subject.around.roles is None or key is None):
        return
    yield from access_findings(vault, subject.around.roles or (), key.name if key else "KEY", principal)


def access_findings(
    vault: Vault, roles: Iterable[RoleGrant], key_name: str, principal_id: str
) -> Iterator[Finding]:
    """What an identity lacks to use a key, by the permission model of the vault.

    `roles` are the role assignments that apply to the key; access policies are part of the vault.
    """
    if not vault.uses_rbac:
        if absent := grants.missing_permissions(vault.policies, principal_id):
            yield Finding(
                "identity-has-grant",
                Verdict.CHANGEABLE,
                f"the access policies of {_name(vault)} do not give {', '.join(absent)} to the account's "
                f"identity {principal_id}",
                f"az keyvault set-policy --name {_name(vault)} --object-id {principal_id} --key-permissions "
                "get wrapKey unwrapKey (a policy for a group that the identity is in cannot be seen here)",
            )
        return
    scope = f"{vault.id}/keys/{key_name}"
    if not (absent := grants.missing_data_actions(roles, scope)):
        return
    if not grants.missing_data_actions(roles, scope, with_conditional=True):
        yield Finding(
            "identity-has-grant",
            Verdict.UNCHECKED,
            f"the role assignment that gives {', '.join(absent)} has a condition, which was not evaluated",
        )
        return
    yield Finding(
        "identity-has-grant",
        Verdict.PASSING,
        f"no role assignment at or above the key gives {', '.join(absent)} to the account's identity "
        f"{principal_id}",
        f'az role assignment create --role "{grants.ENCRYPTION_USER}" --assignee-object-id {principal_id} '
        f"--assignee-principal-type ServicePrincipal --scope {scope}",
    )


def _region(location: str) -> str:
    return location.replace(" ", "").lower()


def _host(vault: Vault) -> str:
    return vault.uri.removeprefix("https://").rstrip("/").lower()


def _name(vault: Vault) -> str:
    return vault.id.rstrip("/").rpartition("/")[2]


def _shown(value: bool | None) -> str:
    return "absent" if value is None else str(value).lower()
