"""Disables a version of a stack's key once no account is on it: the second step after a compromise.

It refuses while an account is bound to the version, for that account's data would be out of reach. A disabled
version can be enabled again.

Owns: that order. Does not own: the first step, a new version and the binding to it (`key.generation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient, KeyProperties
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

from emergency.clouds import cloud_of
from emergency.target import Target


class NotRetiredError(ValueError):
    """The version may not be disabled; the message has every reason."""


@dataclass(frozen=True)
class Bound:
    """An account and the key version it is on, as https://VAULT/keys/KEY/VERSION in lower case; with nothing
    after the last slash where its binding names no version."""

    account_id: str
    key_uri: str


def problems(
    target: Target, version: str, bound: Sequence[Bound], versions: Iterable[KeyProperties]
) -> list[str]:
    """Why the version may not be disabled; empty when it may."""
    uri = f"{target.key_uri_with_version.rpartition('/')[0]}/{version}".lower()
    found = [
        f"account {one.account_id} is bound to it: its data would be out of reach; bind it to another "
        "version first, by raising key.generation"
        for one in bound
        if one.key_uri == uri
    ]
    found += [
        f"account {one.account_id} is bound to the key without a version, so that nobody can tell which one "
        "it is on; bind it to a version first"
        for one in bound
        if one.key_uri == f"{uri.rpartition('/')[0]}/"
    ]
    by_version = {str(one.version).lower(): one for one in versions}
    if version.lower() not in by_version:
        found.append(f"key {target.key_name} has no such version; it has {', '.join(by_version)}")
    if not any(one.enabled for name, one in by_version.items() if name != version.lower()):
        found.append(f"key {target.key_name} has no other version that is enabled")
    return found


def live(target: Target, credential: DefaultAzureCredential) -> Iterator[Bound]:
    """Every account of the subscriptions of account and vault, and what it is bound to."""
    cloud = cloud_of(target.vault_uri).setting
    for subscription in {target.account_subscription_id, target.subscription_id}:
        client = CognitiveServicesManagementClient(credential, subscription, cloud_setting=cloud)
        for account in client.accounts.list():
            properties: Any = account.properties
            key = getattr(getattr(properties, "encryption", None), "key_vault_properties", None)
            if key and key.key_vault_uri:
                uri = f"{key.key_vault_uri.rstrip('/')}/keys/{key.key_name}/{key.key_version or ''}"
                yield Bound(str(account.id), uri.lower())


def retire(target: Target, version: str, *, yes: bool) -> Iterator[str]:
    """Disables the version, or without `yes` says that it would; gives what there is to say.

    Raises NotRetiredError where something stands against it, AzureError where the cloud cannot be asked.
    """
    credential = DefaultAzureCredential(authority=cloud_of(target.vault_uri).authority)
    with KeyClient(target.vault_uri, credential) as keys:
        versions = list(keys.list_properties_of_key_versions(target.key_name))
        if found := problems(target, version, list(live(target, credential)), versions):
            raise NotRetiredError("\n  ".join([f"version {version} is not disabled:", *found]))
        yield "no account is bound to it that this login can see in the subscriptions of account and vault"
        if not yes:
            yield f"version {version} would be disabled; say --yes to do it"
            return
        keys.update_key_properties(target.key_name, version, enabled=False)
    yield f"version {version} is disabled; `az keyvault key set-attributes --enabled true` takes that back"
