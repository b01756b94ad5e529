"""Proof, from the cloud itself, that an account's data is under the customer's key: that it can be read, or,
where the stack says that access is revoked, that it cannot.

Owns: reading the account and the vault back through Azure's own clients and comparing them with the
stack's outputs. Does not own: making or mending anything. Works on any stack, here and on Azure.

    python -m operate verify --stack dev [--write-project] [--revoked] [--minutes 15]
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azure.ai.language.conversations.authoring import ConversationAuthoringClient
from azure.core import AzureClouds
from azure.core.exceptions import AzureError, HttpResponseError
from azure.identity import AzureAuthorityHosts, DefaultAzureCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient

from operate.stack import add_stack, outputs, services

_NEEDED = ("accountId", "endpoint", "vaultId", "keyUriWithVersion")
_PROJECT = "customer-managed-key-proof"
_REFUSED = "403, for the key cannot be used"
_PAUSE_SECONDS = 5.0
_OTHER_REASONS = ("virtual network", "firewall", "public access is disabled", "data action")
"""What a 403 says that is about the caller or the network, and so tells nothing about the key."""
_KEY_URI = re.compile(r"(https://[^/]+)/keys/([^/]+)/([^/]+)")


_NATIONAL = {
    ".azure.us": (AzureAuthorityHosts.AZURE_GOVERNMENT, AzureClouds.AZURE_US_GOVERNMENT),
    ".azure.cn": (AzureAuthorityHosts.AZURE_CHINA, AzureClouds.AZURE_CHINA_CLOUD),
}
_PUBLIC = (AzureAuthorityHosts.AZURE_PUBLIC_CLOUD, AzureClouds.AZURE_PUBLIC_CLOUD)


def cloud_of(endpoint: str) -> tuple[str, AzureClouds]:
    """The cloud that an account's endpoint is in, by its host: where to log in, and what its clients take."""
    host = endpoint.rstrip("/").lower()
    return next((cloud for suffix, cloud in _NATIONAL.items() if host.endswith(suffix)), _PUBLIC)


@dataclass(frozen=True)
class Check:
    """One thing that must hold: what was expected, and what the cloud answered."""

    claim: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected.casefold() == self.found.casefold()

    def __str__(self) -> str:
        if self.holds:
            return f"  ok      {self.claim}: {self.found}"
        return f"  FAILED  {self.claim}: found {self.found or 'nothing'}, expected {self.expected}"


def arm_id(id: str) -> Mapping[str, str]:
    """The segments of an ARM id by their lower-case name: subscriptions, resourcegroups, accounts, ..."""
    words = id.strip("/").split("/")
    return {words[i].lower(): words[i + 1] for i in range(0, len(words) - 1, 2)}


def binding(encryption: Any, key_uri_with_version: str) -> Iterator[Check]:
    """Compares an account's `properties.encryption` with the key the stack says it is bound to."""
    parts = _KEY_URI.fullmatch(key_uri_with_version)
    if parts is None:
        raise ValueError(f"keyUriWithVersion is {key_uri_with_version!r}, not a key URI with a version")
    vault, name, version = parts.groups()
    key = getattr(encryption, "key_vault_properties", None)
    yield Check("keySource", "Microsoft.KeyVault", str(getattr(encryption, "key_source", None) or ""))
    yield Check("keyVaultUri", vault, str(getattr(key, "key_vault_uri", None) or "").rstrip("/"))
    yield Check("keyName", name, str(getattr(key, "key_name", None) or ""))
    yield Check("keyVersion", version, str(getattr(key, "key_version", None) or ""))


def data(endpoint: str, credential: DefaultAzureCredential) -> Iterator[Check]:
    """Writes a project to the account's endpoint, reads it back and deletes it again."""
    project = {"projectName": _PROJECT, "projectKind": "Conversation", "language": "en"}
    with _client(endpoint, credential) as client:
        client.create_project(_PROJECT, project, content_type="application/merge-patch+json")
        read = client.get_project(_PROJECT)
        client.begin_delete_project(_PROJECT, polling_interval=1).result()
    yield Check("project written and read", _PROJECT, str(read.get("projectName", "")))


def refused(endpoint: str, credential: DefaultAzureCredential, seconds: float) -> Iterator[Check]:
    """Reads the account's data until it is refused for the key, for `seconds` at most: that is how long an
    access that was taken away may go on counting. No published document says how long that is."""
    until, answer = time.monotonic() + seconds, ""
    with _client(endpoint, credential) as client:
        while (answer := _answer(client)) == "200" and time.monotonic() + _PAUSE_SECONDS < until:
            time.sleep(_PAUSE_SECONDS)
    yield Check("revoked: data answers", _REFUSED, answer)


def _client(endpoint: str, credential: DefaultAzureCredential) -> ConversationAuthoringClient:
    # In each cloud the tokens are for the host that the accounts' endpoints are below.
    scope = f"https://{endpoint.rstrip('/').lower().partition('.')[2]}/.default"
    return ConversationAuthoringClient(endpoint, credential, credential_scopes=[scope])


def _answer(client: Any) -> str:
    try:
        list(client.list_projects())
    except HttpResponseError as error:
        if error.status_code == 403 and not any(word in str(error).lower() for word in _OTHER_REASONS):
            return _REFUSED
        return f"{error.status_code}, which tells nothing about the key: {error.message}"
    return "200"


def verify(service: Mapping[str, Any], *, write_project: bool, seconds: float = 900) -> Iterator[Check]:
    """All checks of a stack, one after another. Raises AzureError when the cloud cannot be asked."""
    login, cloud = cloud_of(service["endpoint"])
    credential = DefaultAzureCredential(authority=login)
    account = arm_id(service["accountId"])
    subscription = account["subscriptions"]
    language = CognitiveServicesManagementClient(credential, subscription, cloud_setting=cloud)
    properties = language.accounts.get(account["resourcegroups"], account["accounts"]).properties
    yield from binding(getattr(properties, "encryption", None), service["keyUriWithVersion"])

    vault = arm_id(service["vaultId"])
    vaults = KeyVaultManagementClient(credential, vault["subscriptions"], cloud_setting=cloud)
    protections = vaults.vaults.get(vault["resourcegroups"], vault["vaults"]).properties
    yield Check("soft delete of the vault", "True", str(protections.enable_soft_delete))
    yield Check("purge protection of the vault", "True", str(protections.enable_purge_protection))
    if service.get("access") == "revoked":
        yield from refused(service["endpoint"], credential, seconds)
    elif write_project:
        yield from data(service["endpoint"], credential)


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_stack(parser)
    parser.add_argument("--write-project", action="store_true", help="also write, read and delete a project")
    parser.add_argument(
        "--revoked", action="store_true", help="prove that access is gone, whatever the stack says"
    )
    parser.add_argument(
        "--minutes", type=float, default=15, help="how long to wait for a revoked access to end; default 15"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints every check; the exit code is 0 only if all of them held."""
    held = True
    for service in services(outputs(arguments.stack)).values():
        checked = {**service, "access": "revoked"} if arguments.revoked else service
        proven = prove(checked, write_project=arguments.write_project, seconds=60 * arguments.minutes)
        held = proven and held
    return 0 if held else 1


def prove(service: Mapping[str, Any], *, write_project: bool, seconds: float = 900) -> bool:
    """Prints every check of one service; whether all of them held."""
    if service.get("accountId") and not service.get("keyUriWithVersion"):
        print(
            f"  FAILED  the account {service['accountId']} is under no key of the customer's, as the stack "
            "itself says (encryption: microsoftManaged): there is nothing to prove"
        )
        return False
    missing = [name for name in _NEEDED if name not in service]
    if missing:
        print(f"  FAILED  the stack has no output {', '.join(missing)}: run `pulumi up` first")
        return False
    print(f"Proof, read back from the account {service['accountId']}:")
    held = True
    try:
        for check in verify(service, write_project=write_project, seconds=seconds):
            print(check)
            held = held and check.holds
    except AzureError as error:
        print(f"  FAILED  the cloud could not be asked: {error}")
        return False
    return held
