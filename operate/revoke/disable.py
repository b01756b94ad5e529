"""The command: `python -m operate disable-version VERSION ... --stack NAME [--yes]`.

Disables versions of a stack's keys once no account is bound to them: the second step after a compromise. It
refuses while an account is bound to one, for that account's data would be out of reach. A disabled version
can be enabled again.

Owns: that order. Does not own: the first step, a new version and the binding to it (`key.generation`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient, KeyProperties
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

from operate.errors import RefusedError
from operate.revoke.clouds import cloud_of
from operate.revoke.target import Target, key_of
from operate.stack import add_stack, outputs, services


class NotDisabledError(RefusedError):
    """A version may not be disabled; the message has every reason."""


@dataclass(frozen=True)
class Bound:
    """An account and the key version it is on, as https://VAULT/keys/KEY/VERSION in lower case; with nothing
    after the last slash where its binding names no version."""

    account_id: str
    key_uri: str


def problems(
    keys: Mapping[str, Sequence[KeyProperties]], wanted: Sequence[str], bound: Iterable[Bound]
) -> list[str]:
    """Why the wanted versions may not be disabled; empty when all may. `keys` are the versions of
    each key, by its URI in lower case."""
    found = []
    for uri, versions in keys.items():
        affected = [str(one.version).lower() for one in versions if str(one.version).lower() in wanted]
        if affected and not any(one.enabled and str(one.version).lower() not in wanted for one in versions):
            found.append(f"key {uri} has no other version that is enabled")
    known = {str(one.version).lower() for versions in keys.values() for one in versions}
    found += [
        f"the stack's keys have no version {version}; they have {', '.join(sorted(known))}"
        for version in wanted
        if version not in known
    ]
    for one in bound:
        uri, _, version = one.key_uri.rpartition("/")
        if uri not in keys:
            continue
        if version in wanted:
            found.append(
                f"account {one.account_id} is bound to {version}: its data would be out of reach; bind it to "
                "another version first, by raising key.generation"
            )
        if not version:
            found.append(
                f"account {one.account_id} is bound to the key without a version, so that nobody can tell "
                "which one it uses; bind it to a version first"
            )
    return found


def accounts(targets: Iterable[Target], credential: DefaultAzureCredential) -> Iterator[Bound]:
    """Every account of the subscriptions of accounts and vaults, and what it is bound to."""
    places = {
        (id, cloud_of(target.vault_uri))
        for target in targets
        for id in (target.account_subscription_id, target.subscription_id)
    }
    for subscription, cloud in sorted(places, key=lambda place: place[0]):
        client = CognitiveServicesManagementClient(credential, subscription, cloud_setting=cloud.setting)
        for account in client.accounts.list():
            properties: Any = account.properties
            key = getattr(getattr(properties, "encryption", None), "key_vault_properties", None)
            if key and key.key_vault_uri:
                uri = f"{key.key_vault_uri.rstrip('/')}/keys/{key.key_name}/{key.key_version or ''}"
                yield Bound(str(account.id), uri.lower())


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("version", nargs="+", metavar="VERSION", help="32 hexadecimal digits", type=str.lower)
    add_stack(parser)
    parser.add_argument(
        "--service", metavar="NAME", help="of a stack of several services, only this one's key"
    )
    parser.add_argument("--yes", action="store_true", help="do it; default: only say what would be done")


def run(arguments: argparse.Namespace) -> int:
    """Disables the versions, or without --yes says that it would. Raises NotDisabledError with every reason,
    before anything is disabled, and AzureError where the cloud cannot be asked."""
    targets = [key_of(one) for one in services(outputs(arguments.stack), arguments.service).values()]
    credential = DefaultAzureCredential(authority=cloud_of(targets[0].vault_uri).authority)
    clients = {one.key_uri.lower(): (KeyClient(one.vault_uri, credential), one.key_name) for one in targets}
    keys, unread = {}, []
    for uri, (client, name) in clients.items():
        try:
            keys[uri] = list(client.list_properties_of_key_versions(name))
        except HttpResponseError as error:
            # The versions may all be of keys that this login may list.
            unread.append(f"key {uri} was not read: {error.message}")
    if reasons := problems(keys, arguments.version, accounts(targets, credential)):
        raise NotDisabledError("\n  ".join(["no version was disabled:", *reasons, *unread]))
    print("no account is bound to it that this login can see in the subscriptions of account and vault")
    for uri, versions in keys.items():
        client, name = clients[uri]
        for version in (
            str(one.version) for one in versions if str(one.version).lower() in arguments.version
        ):
            if not arguments.yes:
                print(f"{uri}/{version} would be disabled; say --yes to do it")
                continue
            client.update_key_properties(name, version, enabled=False)
            print(f"{uri}/{version} is disabled; `az keyvault key set-attributes --enabled true` enables it")
    return 0
