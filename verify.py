"""Proof, from the cloud itself, that an account's data is under the customer's key.

Owns: reading the account and the vault back through Azure's own clients and comparing them with the
stack's outputs. Does not own: making or mending anything. Works on any stack, here and on Azure.

    python verify.py --stack dev [--write-project]
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.ai.language.conversations.authoring import ConversationAuthoringClient
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient

_NEEDED = ("accountId", "endpoint", "vaultId", "keyUriWithVersion")
_PROJECT = "customer-managed-key-proof"
_KEY_URI = re.compile(r"(https://[^/]+)/keys/([^/]+)/([^/]+)")


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
    with ConversationAuthoringClient(endpoint, credential) as client:
        client.create_project(_PROJECT, project, content_type="application/merge-patch+json")
        read = client.get_project(_PROJECT)
        client.begin_delete_project(_PROJECT, polling_interval=1).result()
    yield Check("project written and read", _PROJECT, str(read.get("projectName", "")))


def verify(outputs: Mapping[str, Any], *, write_project: bool) -> Iterator[Check]:
    """All checks of a stack, one after another. Raises AzureError when the cloud cannot be asked."""
    credential = DefaultAzureCredential()
    account = arm_id(outputs["accountId"])
    accounts = CognitiveServicesManagementClient(credential, account["subscriptions"]).accounts
    properties = accounts.get(account["resourcegroups"], account["accounts"]).properties
    yield from binding(getattr(properties, "encryption", None), outputs["keyUriWithVersion"])

    vault = arm_id(outputs["vaultId"])
    vaults = KeyVaultManagementClient(credential, vault["subscriptions"]).vaults
    protections = vaults.get(vault["resourcegroups"], vault["vaults"]).properties
    yield Check("soft delete of the vault", "True", str(protections.enable_soft_delete))
    yield Check("purge protection of the vault", "True", str(protections.enable_purge_protection))
    if write_project:
        yield from data(outputs["endpoint"], credential)


def main() -> int:
    """Prints every check; the exit code is 0 only if all of them held."""
    parser = argparse.ArgumentParser(description="Prove that a stack's account is under its customer's key.")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--write-project", action="store_true", help="also write, read and delete a project")
    arguments = parser.parse_args()
    printed = subprocess.run(
        ["pulumi", "stack", "output", "--json", "--stack", arguments.stack],  # noqa: S607
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if printed.returncode != 0:
        return printed.returncode
    held = True
    for service in services(json.loads(printed.stdout)):
        held = prove(service, write_project=arguments.write_project) and held
    return 0 if held else 1


def services(outputs: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The outputs of each service of a stack, which has one, or several under `services`."""
    return list(outputs["services"].values()) if "services" in outputs else [outputs]


def prove(outputs: Mapping[str, Any], *, write_project: bool) -> bool:
    """Prints every check of one service; whether all of them held."""
    missing = [name for name in _NEEDED if name not in outputs]
    if missing:
        print(f"  FAILED  the stack has no output {', '.join(missing)}: run `pulumi up` first")
        return False
    print(f"Proof, read back from the account {outputs['accountId']}:")
    held = True
    try:
        for check in verify(outputs, write_project=write_project):
            print(check)
            held = held and check.holds
    except AzureError as error:
        print(f"  FAILED  the cloud could not be asked: {error}")
        return False
    return held


if __name__ == "__main__":
    sys.exit(main())
