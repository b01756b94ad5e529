"""The emergency actions as the REST calls that they stand for, sent to the local Azure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from emergency.actions import actions
from emergency.target import key_of
from tests.support.arm_client import Client, token
from tests.support.azure import RunningAzure


def carry_out(azure: RunningAzure, outputs: Mapping[str, Any], name: str) -> None:
    """Sends one action for the service of these outputs. Raises RuntimeError where it is refused."""
    (action,) = (found for found in actions(key_of(outputs)) if found.name == name)
    url = urlsplit(action.rest.url)
    host = str(url.hostname)
    resource = "https://management.azure.com" if host.startswith("management.") else "https://vault.azure.net"
    body = json.dumps(action.rest.body).replace("{tenant}", azure.env["AZURE_TENANT_ID"])
    client = Client(azure.env, host, token(azure.env, resource))
    sent = json.loads(body)
    status, answer = client.send(action.rest.method, f"{url.path}?{url.query}", sent)
    client.close()
    if status >= 300:
        raise RuntimeError(f"{name}: {status} {answer}")
