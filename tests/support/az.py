"""Follows the az commands that a message prints, in a cloud of this process.

Owns: what each command does there, as the request that the CLI makes, and which options it has
(az_options.json, read out of `az COMMAND --help` of az 2.91.0). A command or an option that az does not have
is a ValueError, as it is an error of az. Does not own: the CLI itself (tests/clients/az runs it).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from localazure import seed
from localazure.authorization import assign_role, save_assignment
from localazure.directory import create_principal
from localazure.keyvault import local_roles
from localazure.keyvault.models import Vault
from localazure.keyvault.vault_store import holder
from tests.support.front import ARM, SUBSCRIPTION, Door, Reply, token
from tests.support.stack import ROOT

COMMANDS: Mapping[str, Mapping[str, list[str]]] = json.loads(
    (Path(__file__).parent / "az_options.json").read_text()
)
"""For each command that is known here its options, and those that it requires; without az's global ones."""
_GLOBAL = frozenset({"query", "output", "subscription"})
_WORDS = "|".join(re.escape(name) for name in sorted(COMMANDS, key=len, reverse=True))
_VALUE = r"(?:'[^']*'|\"[^\"]*\"|[^\s`;,()'\"]+)"
COMMAND = re.compile(rf"\baz (?P<words>{_WORDS})(?P<options>(?: +--[a-z-]+(?: +(?!--){_VALUE})*)*)")
_ANY = re.compile(r"\baz (?:[a-z][a-z-]+ )+(?=--)")
READS = re.compile(r" (show|list|list-versions|list-service-tags|key download)$|^(login|cloud set)$")
_KEYS = "7.4"
Options = Mapping[str, list[str]]


def commands_in(message: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Every az command of a message once, with its options and their values. Raises ValueError for a
    command or an option that az does not have."""
    for found in _ANY.finditer(message):
        if not any(found[0].startswith(f"az {known} ") for known in COMMANDS):
            raise ValueError(f"az has no command {found[0]!r}, or it is not known here")
    commands = []
    for found in COMMAND.finditer(message):
        options = _options(found["words"], shlex.split(found["options"]))
        if (found["words"], options) not in commands:
            commands.append((found["words"], options))
    return commands


def _options(command: str, words: list[str]) -> dict[str, list[str]]:
    """The options of a command with their values. Raises ValueError for one that az does not have."""
    options: dict[str, list[str]] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            options[name := word.removeprefix("--")] = []
        elif name:
            options[name].append(word)
        else:
            raise ValueError(f"az {command} takes no {word!r} before its options")
    unknown = {*options} - {*COMMANDS[command]["options"]} - _GLOBAL
    if unknown:
        raise ValueError(f"az {command} has no option {', '.join(sorted(unknown))}")
    return options


def carry_out(door: Door, message: str) -> int:
    """Carries out every command of a message that has options, as somebody who may. Returns how many there
    were, less those that only read. Raises ValueError for one that az, or Azure, refuses."""
    return sum(_does(door, words, options) for words, options in commands_in(message) if options)


def run_words(door: Door, words: list[str]) -> tuple[int, str]:
    """Carries out `az WORDS`, as a shell has split them. Returns the exit code and what is printed."""
    own = next((number for number, word in enumerate(words) if word.startswith("-")), len(words))
    command = " ".join(words[:own])
    if command not in COMMANDS:
        return 2, f"az: {command!r} is not an az command, or not known here"
    try:
        options = _options(command, words[own:])
        _does(door, command, options)
    except ValueError as error:
        return 1, f"ERROR: {error}"
    return 0, ""


def _does(door: Door, words: str, options: Options) -> bool:
    """Carries out one command; whether it changes something. Raises ValueError."""
    missing = {*COMMANDS[words]["required"]} - {*options}
    if missing:
        raise ValueError(f"az {words} requires {', '.join(sorted(missing))}")
    if READS.search(words):
        return False
    DOES[words](door, options)
    return True


def azure(door: Door, method: str, path: str, body: Any = None, *, api: str, data: bool = False) -> Reply:
    bearer = token(_key_admin(door, path), "https://vault.azure.net") if data else None
    url = f"{path}?api-version={api}" if data else f"{ARM}{path}?api-version={api}"
    reply = door.send(method, url, body, bearer=bearer)
    if reply.status >= 400:
        raise ValueError(f"{method} {path}: {reply.status} {reply.body}")
    door.cloud.clock.advance(60)
    return reply


def _vault(door: Door, name: str) -> dict[str, Any]:
    listed = azure(door, "GET", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults", api="2026-02-01").body[
        "value"
    ]
    found: list[dict[str, Any]] = [one for one in listed if one["name"].lower() == name.lower()]
    if not found:
        raise ValueError(f"az: no vault {name!r}")
    return found[0]


def _key_admin(door: Door, url: str) -> Any:
    """Somebody who may do everything with a vault's keys."""
    vault = _vault(door, url.split("/")[2].partition(".")[0])
    admin = create_principal(door.cloud, tenant_id=seed.TENANT_ID, name="key admin")
    if vault["properties"].get("enableRbacAuthorization"):
        assign_role(door.cloud, admin.object_id, "Key Vault Administrator", vault["id"])
    else:
        _permit(door, vault["id"], admin.object_id, ["all"])
    door.cloud.clock.advance(3600)
    return admin


def _permit(door: Door, vault_id: str, object_id: str, permissions: list[str], how: str = "replace") -> None:
    entry = {"tenantId": seed.TENANT_ID, "objectId": object_id, "permissions": {"keys": permissions}}
    body = {"properties": {"accessPolicies": [entry]}}
    azure(door, "PUT", f"{vault_id}/accessPolicies/{how}", body, api="2026-02-01")


def _assign(door: Door, options: Options) -> None:
    assignee = (options.get("assignee") or options["assignee-object-id"])[0]
    role, scope = " ".join(options["role"]), options["scope"][0]
    if "name" not in options:
        given = assign_role(door.cloud, assignee, role, scope)
        if "condition" in options:
            # As az reads a file: by @ before its path.
            given["properties"]["condition"] = (ROOT / options["condition"][0].removeprefix("@")).read_text()
            given["properties"]["conditionVersion"] = options["condition-version"][0]
            save_assignment(door.cloud, given, since=0.0)
        return
    subscription = "/".join(scope.split("/")[:3])
    properties = {
        "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": assignee,
        "principalType": options["assignee-principal-type"][0],
    }
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{options['name'][0]}"
    azure(door, "PUT", id, {"properties": properties}, api="2022-04-01")


def _vault_update(door: Door, options: Options) -> None:
    found = _vault(door, options["name"][0])
    properties: dict[str, Any] = {}
    if "enable-purge-protection" in options:
        properties["enablePurgeProtection"] = True
    if "enable-rbac-authorization" in options:
        properties["enableRbacAuthorization"] = options["enable-rbac-authorization"] == ["true"]
    if "public-network-access" in options:
        properties["publicNetworkAccess"] = options["public-network-access"][0]
    rules = {"bypass": "bypass", "defaultAction": "default-action"}
    if given := {name: options[option][0] for name, option in rules.items() if option in options}:
        properties["networkAcls"] = {**(found["properties"].get("networkAcls") or {}), **given}
    azure(door, "PATCH", found["id"], {"properties": properties}, api="2026-02-01")


def _vault_recover(door: Door, options: Options) -> None:
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
    listed = azure(door, "GET", deleted, api="2026-02-01").body["value"]
    (found,) = [one for one in listed if one["name"] == options["name"][0]]
    properties = {
        "createMode": "recover",
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
    }
    body = {"location": found["properties"]["location"], "properties": properties}
    azure(door, "PUT", found["properties"]["vaultId"], body, api="2026-02-01")


def _key_url(options: Options) -> str:
    if "id" in options:
        return options["id"][0]
    return f"https://{options['vault-name'][0]}.vault.azure.net/keys/{options['name'][0]}"


def _key_attributes(door: Door, options: Options) -> None:
    url = _key_url(options)
    version = "" if len(url.split("/")) > 5 else f"/{newest_version(door, url)}"
    body: dict[str, Any] = {}
    if "enabled" in options:
        body["attributes"] = {"enabled": options["enabled"] == ["true"]}
    if "expires" in options:
        (until,) = options["expires"]
        # A person puts a later time there.
        later = datetime.now(UTC) + timedelta(days=365) if until == "TIME" else datetime.fromisoformat(until)
        body.setdefault("attributes", {})["exp"] = int(later.timestamp())
    if "ops" in options:
        body["key_ops"] = options["ops"]
    azure(door, "PATCH", f"{url}{version}", body, api=_KEYS, data=True)


def newest_version(door: Door, url: str) -> str:
    versions = azure(door, "GET", f"{url}/versions", api=_KEYS, data=True).body["value"]
    newest = max(versions, key=lambda one: one["attributes"]["created"])
    return str(newest["kid"]).rpartition("/")[2]


def _key_recover(door: Door, options: Options) -> None:
    url = _key_url(options).replace("/keys/", "/deletedkeys/")
    azure(door, "POST", f"{url}/recover", api=_KEYS, data=True)


def _key_rotate(door: Door, options: Options) -> None:
    azure(door, "POST", f"{_key_url(options)}/rotate", api=_KEYS, data=True)


def _rotation_policy(door: Door, options: Options) -> None:
    body = json.loads(options["value"][0])
    azure(door, "PUT", f"{_key_url(options)}/rotationpolicy", body, api=_KEYS, data=True)


def _account(options: Options) -> str:
    group, name = options["resource-group"][0], options["name"][0]
    return f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{name}"


def _account_update(door: Door, options: Options) -> None:
    body: dict[str, Any] = {}
    if "sku" in options:
        body["sku"] = {"name": options["sku"][0]}
    if "custom-domain" in options:
        body["properties"] = {"customSubDomainName": options["custom-domain"][0]}
    azure(door, "PATCH", _account(options), body, api="2025-06-01")


def _identity_assign(door: Door, options: Options) -> None:
    body = {"identity": {"type": "SystemAssigned"}}
    azure(door, "PATCH", _account(options), body, api="2025-06-01")
    azure(door, "GET", _account(options), api="2025-06-01")


def _account_purge(door: Door, options: Options) -> None:
    place = f"locations/{options['location'][0]}/resourceGroups/{options['resource-group'][0]}"
    path = (
        f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/{place}/deletedAccounts/{options['name'][0]}"
    )
    azure(door, "DELETE", path, api="2025-06-01")


def _account_recover(door: Door, options: Options) -> None:
    body = {"location": options["location"][0], "properties": {"restore": True}}
    azure(door, "PUT", _account(options), body, api="2025-06-01")


def _group_create(door: Door, options: Options) -> None:
    path = f"{SUBSCRIPTION}/resourceGroups/{options['name'][0]}"
    azure(door, "PUT", path, {"location": options["location"][0]}, api="2022-09-01")


def _register(door: Door, options: Options) -> None:
    path = f"{SUBSCRIPTION}/providers/{options['namespace'][0]}/register"
    azure(door, "POST", path, api="2021-04-01")


def _exempt(door: Door, options: Options) -> None:
    name = options["name"][0]
    path = f"{options['scope'][0]}/providers/Microsoft.Authorization/policyExemptions/{name}"
    properties = {
        "policyAssignmentId": options["policy-assignment"][0],
        "exemptionCategory": options["exemption-category"][0],
    }
    azure(door, "PUT", path, {"properties": properties}, api="2022-07-01-preview")


def _lock_delete(door: Door, options: Options) -> None:
    azure(door, "DELETE", options["ids"][0], api="2020-05-01")


def _rest(door: Door, options: Options) -> None:
    path, _, api = options["url"][0].partition("?api-version=")
    azure(door, options["method"][0].upper(), path, json.loads(options["body"][0]), api=api)


def _hsm(door: Door, name: str) -> Vault:
    found = holder(door.cloud, name, hsm=True)
    if found is None:
        raise ValueError(f"az: no managed HSM {name!r}")
    return found


def _hsm_role(options: Options) -> str:
    return next(one.id for one in local_roles.ROLES if one.name == options["role"][0])


def _assign_in_hsm(door: Door, options: Options) -> None:
    hsm, scope = _hsm(door, options["hsm-name"][0]), options["scope"][0]
    local_roles.assign(door.cloud, hsm, options["assignee-object-id"][0], _hsm_role(options), scope)


def _unassign(door: Door, options: Options) -> None:
    for id in options["ids"]:
        azure(door, "DELETE", id, api="2022-04-01")


def _unassign_in_hsm(door: Door, options: Options) -> None:
    hsm, role = _hsm(door, options["hsm-name"][0]), _hsm_role(options)
    given = [
        body
        for body in local_roles.assignments(door.cloud, hsm)
        if body["properties"]["scope"] == options["scope"][0]
        and body["properties"]["principalId"] == options["assignee-object-id"][0]
        and body["properties"]["roleDefinitionId"].endswith(role)
    ]
    if not given:
        raise ValueError("az: no such role assignment")
    for body in given:
        local_roles.drop(door.cloud, hsm, body)


def _set_policy(door: Door, options: Options) -> None:
    vault = _vault(door, options["name"][0])
    if vault["properties"].get("enableRbacAuthorization"):  # MicrosoftDocs/azure-docs#122468
        raise ValueError("az: Cannot set policies to a vault with '--enable-rbac-authorization' specified")
    _permit(door, vault["id"], options["object-id"][0], options["key-permissions"])


def _delete_policy(door: Door, options: Options) -> None:
    vault_id = _vault(door, options["name"][0])["id"]
    _permit(door, vault_id, options["object-id"][0], [], "remove")


DOES: Mapping[str, Callable[[Door, Options], None]] = {
    "cognitiveservices account identity assign": _identity_assign,
    "cognitiveservices account purge": _account_purge,
    "cognitiveservices account recover": _account_recover,
    "cognitiveservices account update": _account_update,
    "group create": _group_create,
    "keyvault delete-policy": _delete_policy,
    "keyvault key recover": _key_recover,
    "keyvault key rotate": _key_rotate,
    "keyvault key rotation-policy update": _rotation_policy,
    "keyvault key set-attributes": _key_attributes,
    "keyvault recover": _vault_recover,
    "keyvault role assignment create": _assign_in_hsm,
    "keyvault role assignment delete": _unassign_in_hsm,
    "keyvault set-policy": _set_policy,
    "keyvault update": _vault_update,
    "lock delete": _lock_delete,
    "policy exemption create": _exempt,
    "provider register": _register,
    "rest": _rest,
    "role assignment create": _assign,
    "role assignment delete": _unassign,
}
