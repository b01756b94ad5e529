"""Disabling key versions once no account is bound to them: the second step after a compromise.

    python -m operate disable-version VERSION ... --stack dev [--service NAME] [--yes]

It refuses while an account is bound to one, because that account's data would become unreadable. A disabled
version can be enabled again. Does not own the first step, a new version and the binding to it
(`key.generation`)."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence

from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys import KeyClient

from core import adapters, api_versions, arm_ids
from core.facts import Account, KeyVersion
from core.key_uris import KeyUri
from operate import login
from operate.azure import LiveAzure
from operate.errors import DeclinedError
from operate.revoke import ServiceAccess, access
from operate.stack import add_stack, outputs, services


class NotDisabledError(DeclinedError):
    """A version may not be disabled; the message has every reason."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("version", nargs="+", metavar="VERSION", help="32 hexadecimal digits", type=str.lower)
    add_stack(parser)
    parser.add_argument(
        "--service", metavar="NAME", help="of a stack of several services, only this one's key"
    )
    parser.add_argument(
        "--yes", action="store_true", help="disable them; default: only print what would be done"
    )


def run(arguments: argparse.Namespace) -> int:
    """Disables the versions, or without --yes says that it would. Raises NotDisabledError with every reason,
    before anything is disabled; UnansweredError and AzureError if a query fails."""
    found = [access(one) for one in services(outputs(arguments.stack), arguments.service).values()]
    wanted = login.of_stack(arguments.stack, found[0].cloud)
    credential = login.token_credential(wanted)
    clients = {one.key.vault_uri: KeyClient(one.key.vault_uri, credential) for one in found}
    keys: dict[tuple[str, str], list[KeyVersion]] = {}
    unread = []
    for uri, name in {(one.key.vault_uri, one.key.name.lower()) for one in found}:
        try:
            listed = clients[uri].list_properties_of_key_versions(name)
            keys[uri, name] = [adapters.key_version_from_vault(one) for one in listed]
        except HttpResponseError as error:
            # The versions may all be of keys that this login may list.
            unread.append(f"the versions of {KeyUri(uri, name).text} were not read: {error.message}")
    if reasons := problems(keys, arguments.version, _accounts(found, LiveAzure(wanted))):
        raise NotDisabledError("\n  ".join(["no version was disabled:", *reasons, *unread]))
    print("no account that this login can see in the subscriptions of accounts and vaults is bound to them")
    for (uri, name), versions in keys.items():
        for version in (one.version for one in versions if one.version.lower() in arguments.version):
            key = KeyUri(uri, name, version).text
            if not arguments.yes:
                print(f"{key} would be disabled; run the command again with --yes to disable it")
                continue
            clients[uri].update_key_properties(name, version, enabled=False)
            print(f"{key} is disabled; `az keyvault key set-attributes --id {key} --enabled true` enables it")
    return 0


def problems(
    keys: Mapping[tuple[str, str], Sequence[KeyVersion]], wanted: Sequence[str], accounts: Iterable[Account]
) -> list[str]:
    """Why the wanted versions may not be disabled; empty when all may. `keys` are the versions of each key,
    by its vault's URI and its name in lower case."""
    found = []
    for (uri, name), versions in keys.items():
        affected = [one for one in versions if one.version.lower() in wanted]
        if affected and not any(one.enabled and one.version.lower() not in wanted for one in versions):
            found.append(f"key {KeyUri(uri, name).text} has no other version that is enabled")
    known = {one.version.lower() for versions in keys.values() for one in versions}
    found += [
        f"the stack's keys have no version {version}; they have {', '.join(sorted(known))}"
        for version in wanted
        if version not in known
    ]
    for account in accounts:
        bound = account.encryption.key
        if bound is None or (bound.vault_uri, bound.name.lower()) not in keys:
            continue
        if bound.version.lower() in wanted:
            found.append(
                f"account {account.id} is bound to {bound.version}: its data would be out of reach; bind it "
                "to another version first, by raising key.generation"
            )
        if not bound.version:
            found.append(
                f"account {account.id} is bound to the key without a version, so nobody can tell which one "
                "it uses; bind it to a version first"
            )
    return found


def _accounts(found: Iterable[ServiceAccess], cloud: LiveAzure) -> Iterator[Account]:
    """Every account of the subscriptions of accounts and vaults."""
    ids = (id for one in found for id in (one.account_id, one.vault_id))
    for subscription in sorted({arm_ids.subscription_of(id) for id in ids}):
        path = arm_ids.of_subscription(subscription, arm_ids.ACCOUNT)
        yield from map(adapters.account, cloud.list(path, api_versions.ACCOUNTS))
