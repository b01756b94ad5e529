"""A client as anyone would write it: reads an account, a vault and a key with the Azure SDKs."""

from __future__ import annotations

import sys

from azure.identity import EnvironmentCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient

account, vault, key = sys.argv[1].split("/"), sys.argv[2].split("/"), sys.argv[3]
login = EnvironmentCredential()
accounts = CognitiveServicesManagementClient(login, account[2]).accounts
print(accounts.get(account[4], account[8]).kind)
vaults = KeyVaultManagementClient(login, vault[2])
print(vaults.vaults.get(vault[4], vault[8]).name, vaults.keys.get(vault[4], vault[8], key).kty == "RSA")
