"""What somebody does past Pulumi: takes an account back to Microsoft's keys."""

from __future__ import annotations

import sys

from azure.identity import EnvironmentCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

account = sys.argv[1].split("/")
accounts = CognitiveServicesManagementClient(EnvironmentCredential(), account[2]).accounts
unbound = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
accounts.begin_update(account[4], account[8], unbound, polling_interval=0).result()  # type: ignore[call-overload]
