"""Disabling key versions once no account is bound to them: the second step after a compromise.

    python -m operate disable-version VERSION ... --stack dev [--stack ...] [--service NAME] [--yes]

It refuses while an account is bound to one, because that account's data would become unreadable. Name every
stack that uses the key: the accounts of their subscriptions are looked at. A disabled version can be enabled
again. Does not own the first step, a new version and the binding to it
(`key.generation`)."""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from azure.core.exceptions import HttpResponseError

from core import adapters, api_versions, arm_ids
from core.facts import Account, KeyVersion
from core.key_uris import KeyUri
from operate import login
from operate.errors import DeclinedError
from operate.revoke import access
from operate.stack import outputs, services
from provider.azure_client import AzureClient


class NotDisabledError(DeclinedError):
    """A version may not be disabled; the message has every reason."""


def run(arguments: argparse.Namespace) -> int:
    """Disables the versions, or without --yes says that it would. Raises NotDisabledError with every reason,
    before anything is disabled; AzureError if a query fails."""
    found = [StackKeys.of(stack, arguments.service) for stack in arguments.stack]
    versions = {key: listed for one in found for key, listed in one.versions.items()}
    clients = {key: one.client for one in found for key in one.versions}
    accounts = [account for one in found for account in one.accounts]
    if reasons := problems(versions, arguments.version, accounts):
        unread = (why for one in found for why in one.unread)
        raise NotDisabledError("\n  ".join(["no version was disabled:", *reasons, *unread]))
    disabled = []
    for (uri, name), listed in versions.items():
        for one in listed:
            if one.version.lower() in arguments.version:
                disabled.append(key := KeyUri(uri, name, one.version))
                if arguments.yes:
                    body = {"attributes": {"enabled": False}}
                    clients[uri, name].json("PATCH", f"{key.text}?api-version={api_versions.KEYS}", body)
    if arguments.json:
        print(json.dumps([{"keyVersion": key.text, "disabled": arguments.yes} for key in disabled], indent=2))
        return 0
    print("no account that this login can see in the subscriptions of accounts and vaults is bound to them")
    for key in disabled:
        would = f"{key.text} would be disabled; run the command again with --yes to disable it"
        again = f"`az keyvault key set-attributes --id {key.text} --enabled true` enables it"
        print(f"{key.text} is disabled; {again}" if arguments.yes else would)
    return 0


@dataclass
class StackKeys:
    """The keys of a stack's services. `versions` has the versions of each key, by its vault's URI and its
    name in lower case; `unread` says, for each other key, why its versions are not known; `accounts` are all
    of the subscriptions of accounts and vaults."""

    versions: Mapping[tuple[str, str], Sequence[KeyVersion]]
    unread: Sequence[str]
    accounts: Sequence[Account]
    client: AzureClient

    @classmethod
    def of(cls, stack: str, service: str | None = None) -> Self:
        """Raises NoAccessError for a service without a key, AzureError if a query fails."""
        found = [access(one) for one in services(outputs(stack), service).values()]
        client = AzureClient(login.of_stack(stack, found[0].cloud, alone=True), retries=6)
        keys: dict[tuple[str, str], list[KeyVersion]] = {}
        unread = []
        for uri, name in {(one.key.vault_uri, one.key.name.lower()) for one in found}:
            try:
                listed = client.pages(f"{KeyUri(uri, name).text}/versions?api-version={api_versions.KEYS}")
                keys[uri, name] = [adapters.key_version_from_vault(one) for one in listed]
            except HttpResponseError as error:
                # The versions may all be of keys that this login may list.
                unread.append(f"the versions of {KeyUri(uri, name).text} were not read: {error.message}")
        ids = (id for one in found for id in (one.account_id, one.vault_id))
        accounts: list[Account] = []
        for subscription in sorted({arm_ids.subscription_of(id) for id in ids}):
            path = arm_ids.of_subscription(subscription, arm_ids.ACCOUNT)
            accounts += map(adapters.account, client.pages(f"{path}?api-version={api_versions.ACCOUNTS}"))
        return cls(keys, unread, accounts, client)


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
                f"account {account.id} is bound to the key without a version, so Azure chooses which one it "
                "uses, and may use each of them; bind it to a version first, by key.version: pinned"
            )
    return found
