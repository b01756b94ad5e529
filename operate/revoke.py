"""The commands of the Azure CLI that take a service's access to its key away without Pulumi.

    python -m operate revoke-commands --stack dev [--service NAME] [--outputs FILE] [--account NAME]

Prints them for a person to run; nobody has run them on Azure. Print them while nothing is wrong, and keep
them in a place that you can read without Pulumi. Sources: az keyvault, az role assignment and az rest in the
Azure CLI's reference, and the language service's "List Projects".
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

from core import arm_ids, clouds, key_uris, rights
from core.commands import assign_role, operate
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER as ROLE
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER as HSM_ROLE
from core.roles import SERVICE_PRINCIPAL
from core.service.outputs import ServiceOutputs
from operate.errors import DeclinedError
from operate.stack import outputs, services, without

_NEEDED = ("account_id", "principal_id", "vault_id", "key_uri_with_version")


class NoAccessError(DeclinedError):
    """The outputs name no access that could be taken away; the message says why."""


Lines = tuple[str, ...]
"""Commands, as lines for bash."""


def run(arguments: argparse.Namespace) -> int:
    """Prints a page for each service; the exit code is 1 if one has no access to take away."""
    found = outputs(
        arguments.stack, arguments.outputs, otherwise=", or name a file with the outputs with --outputs"
    )
    refused, told = False, []
    for own in services(found, arguments.service).values():
        try:
            require_granted(own)
            _require_name(own, arguments.account)
        except NoAccessError as error:
            refused = True
            print(f"revoke-commands: {error}", file=sys.stderr)
            continue
        named = [{"name": name, "az": lines} for name, lines in actions(own).items()]
        told.append({"account": own.account_id, "actions": named})
        if not arguments.json:
            print("\n".join(page(own, arguments.stack)), end="\n\n")
    if arguments.json:
        print(json.dumps(told, indent=2))
    return 1 if refused else 0


def require_granted(service: ServiceOutputs) -> None:
    """Raises NoAccessError, with the reason, for a service whose outputs name no access to a key."""
    if missing := service.lacking(*_NEEDED):
        raise NoAccessError(f"the service has no account under a customer's key, or {without(missing)}")
    try:
        key_uris.parse(service.key_uri_with_version)
    except ValueError as error:
        raise NoAccessError(f"keyUriWithVersion: {error}") from error
    if not service.grant_id:
        raise NoAccessError(
            f"the access of {service.account_id} is revoked already, by the setting access; set access: "
            "granted and run `pulumi up` to give it back"
        )


def _require_name(found: ServiceOutputs, names: Sequence[str]) -> None:
    name = arm_ids.name_of(found.account_id)
    if found.deletes and name not in names:
        raise NoAccessError(
            f"{found.account_id} would lose data for good, because Azure {found.deletes}. To print the "
            f"commands all the same, add --account {name}"
        )


def page(found: ServiceOutputs, stack: str) -> Iterator[str]:
    """The lines for one service: the commands to run now, a check that they worked, and the way back."""
    revoke, restore, disable, enable = actions(found).values()
    yield f"# Emergency: {found.account_id}"
    yield f"Identity {found.principal_id} uses key {found.key.text}"
    if found.cloud != clouds.PUBLIC:
        yield f"\n## Log in to the right cloud\n  az cloud set --name {found.cloud.cli_name}\n  az login"
    lost = f"DATA IS LOST FOR GOOD: Azure {found.deletes}" if found.deletes else "nothing is lost"
    yield f"\n## Revoke now: the account's data answers 403; {lost}"
    yield from _commands(revoke)
    yield "\n## If that is not allowed: disable the version instead. Every account on it is cut off"
    if found.key.version:
        yield "If this was printed before a rotation, the account may be on another version; this shows it:"
        yield f"  az resource show --ids {quote(found.account_id)} --query properties.encryption"
    else:
        yield "The account names no version, and Azure chooses which it uses: each enabled one is disabled."
        yield "A file in the current folder lists them, so that they can be enabled again; delete it then."
    yield from _commands(disable)
    yield "\n## See that it holds"
    yield operate(f"verify --stack {stack} --revoked")
    if (looking := look(found)) is not None:
        yield "Or this account alone, without Pulumi, with a login that may read its data. Revoked is a 403"
        yield "about the key; one about a network or your own rights (a data action) proves nothing:"
        yield from _commands(looking)
    yield "\n## Then tell Pulumi, whose next preview refuses until you do"
    named = f" and revokeAccount: {arm_ids.name_of(found.account_id)}" if found.deletes else ""
    yield f"docs/runbooks/emergency-revocation.md: set access: revoked{named}, and run `pulumi up`"
    yield "\n## Give it back without Pulumi" + (", but for the data that is lost" if found.deletes else "")
    yield from _commands(restore)
    yield "Where the version was disabled:"
    yield from _commands(enable)


def actions(found: ServiceOutputs) -> Mapping[str, Lines]:
    """Take the grant away and give it back; disable the key version and enable it: always in this order."""
    if found.key.in_managed_hsm:
        pair = _hsm_role(found)
    elif found.is_role:
        pair = _role(found)
    else:
        pair = _policy(found)
    return {
        "revoke": pair[:1],
        "restore": pair[1:],
        "disable the version": _version(found, enabled=False),
        "enable the version": _version(found, enabled=True),
    }


def look(found: ServiceOutputs) -> Lines | None:
    """A command that reads the account's data, which Azure refuses while the key cannot be used; None if the
    endpoint is not known. Its login needs the right to read, and a network that the account lets in."""
    if not found.endpoint:
        return None
    audience = f"https://{clouds.of_endpoint(found.endpoint).account_suffix}"
    return (f"az rest --method get --resource {audience} --url {quote(clouds.projects_url(found.endpoint))}",)


def _policy(found: ServiceOutputs) -> Lines:
    group, vault = arm_ids.group_of(found.vault_id), arm_ids.name_of(found.vault_id)
    where = f"--name {vault} --resource-group {quote(group)} "
    where += f"--subscription {arm_ids.subscription_of(found.vault_id)} --object-id {found.principal_id}"
    given = f"--key-permissions {' '.join(rights.NEEDED)}"
    return f"az keyvault delete-policy {where}", f"az keyvault set-policy {where} {given}"


def _role(found: ServiceOutputs) -> Lines:
    """Gives the role assignment back under its former name, by which the next `pulumi up` knows it, at the
    key, or at the vault if the account was adopted with such a grant."""
    assignment = arm_ids.parse(found.grant_id)
    create = assign_role(assignment.scope, ROLE.id, found.principal_id, name=assignment.name)
    return f"az role assignment delete --ids {quote(found.grant_id)}", create


def _hsm_role(found: ServiceOutputs) -> Lines:
    """Takes away or gives back a role of the managed HSM itself."""
    words = "az keyvault role assignment"
    where = f"--hsm-name {found.key.vault_name} --role {quote(HSM_ROLE.name)} --scope /keys/{found.key.name}"
    where += f" --assignee-object-id {found.principal_id}"
    given = f"--assignee-principal-type {SERVICE_PRINCIPAL}"
    return f"{words} delete {where}", f"{words} create {where} {given}"


def _version(found: ServiceOutputs, *, enabled: bool) -> Lines:
    """For an account that names no version: each enabled one. A file lists them for the way back."""
    key, word = found.key, f"--enabled {str(enabled).lower()}"
    if key.version:
        return (f"az keyvault key set-attributes --id {key.text} {word}",)
    file = f"{key.vault_name}-{key.name}-enabled.txt"
    each = f'for id in $(sort -u {file}); do az keyvault key set-attributes --id "$id" {word}; done'
    options = key_uris.cli_options(key.vault_name, key.name, in_managed_hsm=key.in_managed_hsm)
    listed = f"az keyvault key list-versions {options} --query '[?attributes.enabled].kid'"
    return (each,) if enabled else (f"{listed} --output tsv >> {file}", each)


def _commands(lines: Lines) -> Iterator[str]:
    yield from (f"  {line}" for line in lines)
