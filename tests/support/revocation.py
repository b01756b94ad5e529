"""The printed emergency commands, as the REST calls that az makes of them, sent to the local Azure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from core.api_versions import AUTHORIZATION, KEYS, VAULTS
from operate.revoke import access, actions
from tests.support.arm_client import Client, token
from tests.support.az import Options, commands_in, named_assignment
from tests.support.azure import RunningAzure
from tests.support.front import ARM


def carry_out(azure: RunningAzure, outputs: Mapping[str, Any], name: str) -> None:
    """Carries out one action for the service of these outputs. Raises RuntimeError where it is refused."""
    carry_out_lines(azure, "\n".join(actions(access(outputs))[name]))


def carry_out_lines(azure: RunningAzure, lines: str) -> None:
    """Carries out printed commands. Raises RuntimeError where one is refused."""
    for words, options in commands_in(lines):
        status, answer = _sent(azure, *_request(azure, words, options))
        if status >= 300:
            raise RuntimeError(f"az {words}: {status} {answer}")


def _request(azure: RunningAzure, words: str, options: Options) -> tuple[str, str, Any]:
    """What az sends. For an access policy it may send a PUT of the whole vault, with the same effect."""
    match words:
        case "keyvault delete-policy" | "keyvault set-policy":
            (group,), (name,) = options["resource-group"], options["name"]
            subscription = f"/subscriptions/{options['subscription'][0]}"
            vault = f"{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
            entry = {
                "tenantId": azure.env["AZURE_TENANT_ID"],
                "objectId": options["object-id"][0],
                "permissions": {"keys": options.get("key-permissions", [])},
            }
            how = "replace" if "key-permissions" in options else "remove"
            body = {"properties": {"accessPolicies": [entry]}}
            return "PUT", f"{ARM}{vault}/accessPolicies/{how}?api-version={VAULTS}", body
        case "role assignment delete":
            return "DELETE", f"{ARM}{options['ids'][0]}?api-version={AUTHORIZATION}", None
        case "role assignment create":
            id, body = named_assignment(options)
            return "PUT", f"{ARM}{id}?api-version={AUTHORIZATION}", body
        case "keyvault key set-attributes":
            enabled = {"attributes": {"enabled": options["enabled"] == ["true"]}}
            return "PATCH", f"{options['id'][0]}?api-version={KEYS}", enabled
    raise ValueError(f"az {words} is not known here")


def _sent(azure: RunningAzure, method: str, target: str, body: Any = None) -> tuple[int, Any]:
    url = urlsplit(target)
    host = str(url.hostname)
    own, _, parent = host.partition(".")
    resource = f"https://{host if own == 'management' else parent}"
    client = Client(azure.env, host, token(azure.env, resource))
    try:
        return client.send(method, f"{url.path}?{url.query}", body)
    finally:
        client.close()
