"""The emergency actions as the REST calls that they stand for, sent to the local Azure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from operate.revoke import RestCall, access, actions, look
from tests.support.arm_client import Client, token
from tests.support.azure import RunningAzure


def carry_out(azure: RunningAzure, outputs: Mapping[str, Any], name: str) -> None:
    """Sends one action for the service of these outputs. Raises RuntimeError where it is refused."""
    (action,) = (found for found in actions(access(outputs)) if found.name == name)
    status, answer = _sent(azure, action.rest)
    if status >= 300:
        raise RuntimeError(f"{name}: {status} {answer}")


def looked(azure: RunningAzure, outputs: Mapping[str, Any]) -> int:
    """The status that whoever looks at the service's data gets, as the page says it."""
    action = look(access(outputs))
    assert action is not None, "the outputs tell no endpoint"
    return _sent(azure, action.rest)[0]


def _sent(azure: RunningAzure, call: RestCall) -> tuple[int, Any]:
    url = urlsplit(call.url)
    host = str(url.hostname)
    own, _, parent = host.partition(".")
    resource = f"https://{host if own == 'management' else parent}"
    body = json.dumps(call.body).replace("{tenant}", azure.env["AZURE_TENANT_ID"])
    client = Client(azure.env, host, token(azure.env, resource))
    try:
        return client.send(call.method, f"{url.path}?{url.query}", json.loads(body))
    finally:
        client.close()
