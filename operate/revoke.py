"""Taking a service's access to its key away without Pulumi: the commands, for az and Azure PowerShell.

    python -m operate revoke-commands --stack dev [--service NAME] [--outputs FILE] [--account NAME]

Prints them, for a person to run: this project has never run az or Azure PowerShell. Print them while nothing
is wrong, and keep them where Pulumi is not needed to read them.

Each action is a row: as az does it, as Azure PowerShell does it, and the documented REST call that both
stand for, which the tests send to the local Azure. Sources: az keyvault, az role assignment and az rest in
the Azure CLI's reference; Az.KeyVault, Az.Resources and Az.Accounts in Azure PowerShell's; "Vaults - Update
Access Policy", "Role Assignments - Delete" and "- Create", Key Vault's "Update Key" and the language
service's "List Projects". For an access policy, az and the Az module may send a PUT of the whole vault, with
the same effect.
"""

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core import arm_ids, clouds, coverage, key_uris, rights
from core.api_versions import AUTHORIZATION, KEYS, PROJECTS, VAULTS
from core.clouds import Cloud
from core.commands import assign_role
from core.key_uris import KeyUri
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER as ROLE
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER as HSM_ROLE
from core.roles import SERVICE_PRINCIPAL, hsm_assignment_name
from operate.errors import DeclinedError
from operate.stack import Outputs, add_json, add_stack, outputs, services, without

_PROJECTS = f"language/authoring/analyze-conversations/projects?api-version={PROJECTS}"
_NEEDED = ("accountId", "principalId", "vaultId", "keyUriWithVersion")
_PLAIN_POWERSHELL = re.compile(r"[A-Za-z0-9./:_-]+")


class NoAccessError(DeclinedError):
    """The outputs name no access that could be taken away; the message says why."""


@dataclass(frozen=True)
class ServiceAccess:
    """One service's access to its key. `grant_id` is the ARM id of the access policy or of the role
    assignment, "" where it is revoked; `endpoint` and `kind` the account's, "" where the outputs do not say.
    """

    account_id: str
    principal_id: str
    vault_id: str
    key: KeyUri
    grant_id: str
    endpoint: str = ""
    kind: str = ""

    @property
    def deletes(self) -> str:
        """What a revocation does that nothing undoes, as far as the outputs tell; "" for nothing."""
        return coverage.named(self.kind).deletes

    @property
    def is_role(self) -> bool:
        """Whether the vault grants by Azure RBAC."""
        return f"/{arm_ids.ROLE_ASSIGNMENT}/".lower() in self.grant_id.lower()

    @property
    def cloud(self) -> Cloud:
        """The cloud, known by the vault's host."""
        return key_uris.cloud_of(self.key.vault_uri) or clouds.PUBLIC


@dataclass(frozen=True)
class RestCall:
    """One REST call. A `{tenant}` in the body stands for the tenant of the login, a `{version}` in the URL
    for each version of the key that is enabled, or was before."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class AccessAction:
    """One thing to do, in three languages."""

    name: str
    az: tuple[str, ...]
    powershell: tuple[str, ...]
    rest: RestCall


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_stack(parser)
    parser.add_argument("--service", metavar="NAME", help="of a stack of several services, only this one")
    parser.add_argument(
        "--outputs", metavar="FILE", help="the stack's outputs as JSON, instead of asking Pulumi"
    )
    parser.add_argument(
        "--account",
        metavar="NAME",
        action="append",
        default=[],
        help="an account of which a revocation deletes data: its commands are printed only if it is named",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints a page for each service; the exit code is 1 where one has no access to take away."""
    found = outputs(
        arguments.stack, arguments.outputs, otherwise=", or name a file with the outputs with --outputs"
    )
    refused, told = False, []
    for service in services(found, arguments.service).values():
        try:
            own = granted(service)
            _require_name(own, arguments.account)
        except NoAccessError as error:
            refused = True
            print(f"revoke-commands: {error}", file=sys.stderr)
            continue
        told.append({"account": own.account_id, "actions": [asdict(one) for one in actions(own)]})
        if not arguments.json:
            print("\n".join(page(own, arguments.stack)), end="\n\n")
    if arguments.json:
        print(json.dumps(told, indent=2))
    return 1 if refused else 0


def granted(service: Outputs) -> ServiceAccess:
    """The access that a service's outputs name. Raises NoAccessError with the reason where there is none."""
    found = access(service)
    if not found.grant_id:
        raise NoAccessError(
            f"the access of {found.account_id} is revoked already, by the setting access; set access: "
            "granted and run `pulumi up` to give it back"
        )
    return found


def _require_name(found: ServiceAccess, names: Sequence[str]) -> None:
    name = arm_ids.name_of(found.account_id)
    if found.deletes and name not in names:
        raise NoAccessError(
            f"without its key, Azure {found.deletes}, for good, of {found.account_id}. To print the commands "
            f"all the same, add --account {name}"
        )


def access(service: Outputs) -> ServiceAccess:
    """The same, whether there is a grant or not. Raises NoAccessError for a service without a key."""
    if missing := [name for name in _NEEDED if not service.get(name)]:
        raise NoAccessError(f"the service has no account under a customer's key, or {without(missing)}")
    try:
        key = key_uris.parse(service["keyUriWithVersion"])
    except ValueError as error:
        raise NoAccessError(f"keyUriWithVersion: {error}") from error
    return ServiceAccess(
        service["accountId"],
        service["principalId"],
        service["vaultId"],
        key,
        service.get("grantId") or "",
        service.get("endpoint") or "",
        service.get("kind") or "",
    )


def page(found: ServiceAccess, stack: str) -> Iterator[str]:
    """The lines for one service: what to run now, how to see that it holds, and the way back."""
    revoke, restore, disable, enable = actions(found)
    yield f"# Emergency: {found.account_id}"
    yield f"Identity {found.principal_id} uses key {found.key.text}"
    if found.cloud != clouds.PUBLIC:
        yield "\n## Log in to the right cloud"
        yield f"az: az cloud set --name {found.cloud.cli_name}, then az login"
        yield f"Azure PowerShell: Connect-AzAccount -Environment {found.cloud.cli_name}"
    lost = f"DATA IS LOST FOR GOOD: Azure {found.deletes}" if found.deletes else "nothing is lost"
    yield f"\n## Revoke now: the account's data answers 403; {lost}"
    yield from _commands(revoke)
    yield "\n## Instead, where that is not allowed: disable the version. Every account on it is cut off"
    if found.key.version:
        yield "If this was printed before a rotation, the account may be on another version; this shows it:"
        yield f"  az resource show --ids {bash(found.account_id)} --query properties.encryption"
    else:
        yield "The account names no version, and Azure chooses which it uses: each enabled one is disabled."
        yield "A file in the current folder keeps which they are, for the way back; delete it after that."
    yield from _commands(disable)
    yield "\n## See that it holds"
    yield f".venv/bin/python -m operate verify --stack {stack} --revoked"
    if (looking := look(found)) is not None:
        yield "Or this account alone, without Pulumi, with a login that may read its data. Revoked is a 403"
        yield "about the key; one about a network or your own rights (a data action) proves nothing:"
        yield from _commands(looking)
    yield "\n## Then tell Pulumi, whose next preview refuses until you do"
    named = f" and revokeAccount: {arm_ids.name_of(found.account_id)}" if found.deletes else ""
    yield f"docs/runbooks/emergency-revocation.md: set access: revoked{named}, and pulumi up, keep it so"
    yield "\n## Give it back without Pulumi" + (", but for the data that is lost" if found.deletes else "")
    yield from _commands(restore)
    yield "Where the version was disabled:"
    yield from _commands(enable)


def actions(found: ServiceAccess) -> tuple[AccessAction, AccessAction, AccessAction, AccessAction]:
    """Take the grant away and give it back; disable the key version and enable it."""
    pair = _hsm_role(found) if found.key.in_managed_hsm else _role(found) if found.is_role else _policy(found)
    return (*pair, _version(found, enabled=False), _version(found, enabled=True))


def look(found: ServiceAccess) -> AccessAction | None:
    """Reads the account's data, which is refused while the key cannot be used; None where its endpoint is not
    known. Whoever looks needs the right to read it, and a network that the account lets in."""
    if not found.endpoint:
        return None
    url = f"{found.endpoint.rstrip('/')}/{_PROJECTS}"
    audience = f"https://{clouds.of_endpoint(found.endpoint).account_suffix}"
    return AccessAction(
        "look",
        (f"az rest --method get --resource {audience} --url {bash(url)}",),
        (f"Invoke-AzRestMethod -Method GET -Uri {powershell(url)} -ResourceId {audience}",),
        RestCall("GET", url),
    )


def bash(word: str) -> str:
    """A word as bash and its kin take it for one: a resource group may be named `rg-(prod)`."""
    return shlex.quote(word)


def powershell(word: str) -> str:
    """A word as PowerShell takes it for one. Source: about_Quoting_Rules, about_Parsing."""
    return word if _PLAIN_POWERSHELL.fullmatch(word) else "'" + word.replace("'", "''") + "'"


def _policy(found: ServiceAccess) -> tuple[AccessAction, AccessAction]:
    group, vault = arm_ids.group_of(found.vault_id), arm_ids.name_of(found.vault_id)
    where = f"--name {vault} --resource-group {bash(group)} "
    where += f"--subscription {arm_ids.subscription_of(found.vault_id)} --object-id {found.principal_id}"
    there = f"-VaultName {vault} -ResourceGroupName {powershell(group)} -ObjectId {found.principal_id}"
    given = f"-PermissionsToKeys {','.join(rights.NEEDED)} -BypassObjectIdValidation"
    url = f"{found.cloud.resource_manager}{found.vault_id}/accessPolicies/{{0}}?api-version={VAULTS}"
    permissions = {"keys": [*rights.NEEDED]}
    entry = {"tenantId": "{tenant}", "objectId": found.principal_id, "permissions": permissions}
    body = {"properties": {"accessPolicies": [entry]}}
    return (
        AccessAction(
            "revoke",
            (f"az keyvault delete-policy {where}",),
            (_context(found), f"Remove-AzKeyVaultAccessPolicy {there}"),
            RestCall("PUT", url.format("remove"), body),
        ),
        AccessAction(
            "restore",
            (f"az keyvault set-policy {where} --key-permissions {' '.join(rights.NEEDED)}",),
            (_context(found), f"Set-AzKeyVaultAccessPolicy {there} {given}"),
            RestCall("PUT", url.format("replace"), body),
        ),
    )


def _role(found: ServiceAccess) -> tuple[AccessAction, AccessAction]:
    assignment = arm_ids.parse(found.grant_id)
    path = f"{found.grant_id}?api-version={AUTHORIZATION}"
    url = f"{found.cloud.resource_manager}{path}"
    # The key, or the vault of an account that was adopted with such a grant.
    scope = assignment.scope
    of_role = f"-RoleDefinitionId {ROLE.id} -Scope {powershell(scope)}"
    sends = f"Invoke-AzRestMethod -Method PUT -Path {powershell(path)}"
    body = {
        "properties": {
            "roleDefinitionId": ROLE.definition_id(arm_ids.subscription_of(found.vault_id)),
            "principalId": found.principal_id,
            "principalType": SERVICE_PRINCIPAL,
        }
    }
    # By its former name, for the next `pulumi up` knows it by that.
    create = assign_role(scope, ROLE.id, found.principal_id, name=assignment.name)
    return (
        AccessAction(
            "revoke",
            (f"az role assignment delete --ids {bash(found.grant_id)}",),
            (_context(found), f"Remove-AzRoleAssignment -ObjectId {found.principal_id} {of_role}"),
            RestCall("DELETE", url),
        ),
        AccessAction(
            "restore",
            (create,),
            (_context(found), f"{sends} -Payload {powershell(json.dumps(body))}"),
            RestCall("PUT", url, body),
        ),
    )


def _hsm_role(found: ServiceAccess) -> tuple[AccessAction, AccessAction]:
    """The roles of a managed HSM are its own: az keyvault role assignment, *-AzKeyVaultRoleAssignment, and
    "Role Assignments - Create" and "- Delete" of Key Vault's own API."""
    hsm, scope = found.key.vault_name, f"/keys/{found.key.name}"
    where = f"--hsm-name {hsm} --role {shlex.quote(HSM_ROLE.name)} --scope {scope}"
    az = f"{where} --assignee-object-id {found.principal_id}"
    there = (
        f"-HsmName {hsm} -ObjectId {found.principal_id} -RoleDefinitionName '{HSM_ROLE.name}' -Scope {scope}"
    )
    name = hsm_assignment_name(f"{found.vault_id}{scope}", found.principal_id)
    path = arm_ids.child(scope, arm_ids.ROLE_ASSIGNMENT, name)
    url = f"{found.key.vault_uri}{path}?api-version={KEYS}"
    definition = f"Microsoft.KeyVault/providers/{arm_ids.ROLE_DEFINITION}/{HSM_ROLE.id}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": found.principal_id}}
    return (
        AccessAction(
            "revoke",
            (f"az keyvault role assignment delete {az}",),
            (f"Remove-AzKeyVaultRoleAssignment {there}",),
            RestCall("DELETE", url),
        ),
        AccessAction(
            "restore",
            (f"az keyvault role assignment create {az} --assignee-principal-type {SERVICE_PRINCIPAL}",),
            (f"New-AzKeyVaultRoleAssignment {there}",),
            RestCall("PUT", url, body),
        ),
    )


def _version(found: ServiceAccess, *, enabled: bool) -> AccessAction:
    """Of an account that names no version, each that was enabled: a file keeps which, for the way back."""
    key, word = found.key, str(enabled).lower()
    place = "HsmName" if key.in_managed_hsm else "VaultName"
    there = f"-{place} {arm_ids.name_of(found.vault_id)} -Name {key.name}"
    set_az, set_powershell = f"--enabled {word}", f"-Enable ${word}"
    az = [f"az keyvault key set-attributes --id {key.text} {set_az}"]
    lines = [f"Update-AzKeyVaultKey {there} -Version {key.version} {set_powershell}"]
    url = key.text
    if not key.version:
        file, url = f"{key.vault_name}-{key.name}-enabled.txt", f"{key.text}/{{version}}"
        az = [f'for id in $(sort -u {file}); do az keyvault key set-attributes --id "$id" {set_az}; done']
        update = f"Update-AzKeyVaultKey {there} -Version $_.Split('/')[-1] {set_powershell}"
        lines = [f"Get-Content {file} | Sort-Object -Unique | ForEach-Object {{ {update} }}"]
        if not enabled:
            options = key_uris.cli_options(key.vault_name, key.name, in_managed_hsm=key.in_managed_hsm)
            listed = f"az keyvault key list-versions {options} --query '[?attributes.enabled].kid'"
            az.insert(0, f"{listed} --output tsv >> {file}")
            shown = f"Get-AzKeyVaultKey {there} -IncludeVersions | Where-Object Enabled"
            lines.insert(0, f"{shown} | ForEach-Object Id | Add-Content {file}")
    return AccessAction(
        "enable the version" if enabled else "disable the version",
        tuple(az),
        (_context(found), *lines),
        RestCall("PATCH", f"{url}?api-version={KEYS}", {"attributes": {"enabled": enabled}}),
    )


def _context(found: ServiceAccess) -> str:
    return f"Set-AzContext -Subscription {arm_ids.subscription_of(found.vault_id)}"


def _commands(action: AccessAction) -> Iterator[str]:
    yield "az:"
    yield from (f"  {line}" for line in action.az)
    yield "Azure PowerShell:"
    yield from (f"  {line}" for line in action.powershell)
