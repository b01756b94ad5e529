"""ARM: vaults and their access policies. Thin: the rules are in rules.py, the transitions in lifecycle.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localazure import authorization, private_links
from localazure.cloud import Cloud
from localazure.keyvault import access, arm, lifecycle, policies, rules, vault_store
from localazure.keyvault.model import TYPE, Vault
from localazure.keyvault.problems import invalid
from localazure.keyvault.vault_body import answer, vault_body
from localazure.locations import location_in, require_same_location
from localazure.paging import page
from localazure.web import Caller, Json, Request, Response, ServiceError


def put(cloud: Cloud, request: Request) -> Response:
    """Creates, replaces or (createMode recover) recovers a vault."""
    arm.require_group(cloud, request)
    sent = _object(request.body)
    location, properties = location_in(sent, TYPE), _object(sent.get("properties"))
    name = request.params["vault"]
    if problem := rules.name_problem(name):
        raise ServiceError(400, "VaultNameNotValid", problem)
    held = vault_store.holder(cloud, name)
    recovering = str(properties.get("createMode") or "default").lower() == "recover"
    mine = held is not None and held.id.lower() == arm.vault_id(request).lower()
    if held is None and recovering:
        raise ServiceError(404, "ResourceNotFound", "The specified resource does not exist.")
    if held is None:
        return _create(cloud, request, location, sent, properties)
    if not mine or (held.deleted is not None and not recovering):
        raise _taken(held, name, request)
    require_same_location(held.name, held.place, location, request.params["group"])
    if held.deleted is not None:
        return _shown(cloud, lifecycle.recover(cloud, held, _caller(request).client_id), request)
    if recovering:
        # Templates that must keep the policies of a vault say `recover` on a live one, too.
        properties = {**properties, "accessPolicies": held.properties["accessPolicies"]}
    after = rules.replaced_properties(held, properties, tenant_id=_caller(request).tenant_id)
    return _shown(cloud, _change(cloud, request, held, after, _tags(sent)), request)


def patch(cloud: Cloud, request: Request) -> Response:
    """Merges into a vault: what is not sent stays."""
    vault, sent = arm.require_vault(cloud, request), _object(request.body)
    properties = sent.get("properties")
    tenant_id = _caller(request).tenant_id
    after = rules.merged_properties(vault, _object(properties), tenant_id=tenant_id)
    tags = vault.tags if sent.get("tags") is None else _tags(sent)
    return _shown(cloud, _change(cloud, request, vault, after, tags), request)


def get(cloud: Cloud, request: Request) -> Response:
    """A vault. A new one is seen registering its name at least once, as clients poll the vault itself."""
    vault = arm.require_vault(cloud, request)
    response = _shown(cloud, vault, request)
    if not vault.settled:
        vault_store.save(cloud, replace(vault, settled=True))
    return response


def delete(cloud: Cloud, request: Request) -> Response:
    """Soft-deletes a vault; 204 if it does not exist."""
    arm.require_group(cloud, request)
    vault = vault_store.find(cloud, arm.vault_id(request))
    if vault is None:
        return Response(204)
    lifecycle.delete(cloud, vault)
    return answer(None)


def list_by_group(cloud: Cloud, request: Request) -> Response:
    """The vaults of a resource group, page by page."""
    arm.require_group(cloud, request)
    return _list(cloud, request, arm.group_id(request))


def list_by_subscription(cloud: Cloud, request: Request) -> Response:
    """The vaults of a subscription, page by page."""
    return _list(cloud, request, f"/subscriptions/{request.params['subscription']}")


def put_policies(cloud: Cloud, request: Request) -> Response:
    """Adds to, replaces or removes from the access policies of a vault."""
    vault = arm.require_vault(cloud, request)
    kind = request.params["operation"].lower()
    if kind not in {"add", "replace", "remove"}:
        raise invalid("operationKind")
    sent = _object(_object(request.body).get("properties")).get("accessPolicies")
    entries = policies.checked(sent, vault.tenant_id)
    merged = policies.changed(list(vault.properties["accessPolicies"]), entries, kind)
    if len(merged) > policies.MAX_ENTRIES:
        raise invalid("accessPolicies")
    _change(cloud, request, vault, {**vault.properties, "accessPolicies": merged}, vault.tags)
    return answer(
        {
            "id": f"{vault.id}/accessPolicies/",
            "type": f"{TYPE}/accessPolicies",
            "properties": {"accessPolicies": merged},
        }
    )


def check_name(cloud: Cloud, request: Request) -> Response:
    """Whether a vault name is free in the whole cloud."""
    sent = _object(request.body)
    if sent.get("type") != TYPE:
        raise invalid("type")
    name = str(sent.get("name") or "")
    if problem := rules.name_problem(name):
        return answer({"nameAvailable": False, "reason": "AccountNameInvalid", "message": problem})
    if vault_store.holder(cloud, name) is None:
        return answer({"nameAvailable": True})
    message = f"The name '{name}' is already in use."
    return answer({"nameAvailable": False, "reason": "AlreadyExists", "message": message})


def _create(cloud: Cloud, request: Request, location: str, sent: Json, properties: Json) -> Response:
    caller, now = _caller(request), cloud.clock.now()
    vault = Vault(
        id=arm.vault_id(request),
        name=request.params["vault"],
        location=location,
        tags=_tags(sent),
        properties=rules.new_properties(
            properties, tenant_id=caller.tenant_id, api_version=request.api_version
        ),
        created=now,
        created_by=caller.client_id,
        modified=now,
        modified_by=caller.client_id,
        ready=now + cloud.behaviour.operation_seconds,
    )
    granted = access.grants_since(vault.properties["accessPolicies"], {}, now)
    vault = replace(vault, granted=granted)
    vault_store.save(cloud, vault)
    return answer(vault_body(vault, api_version=request.api_version, now=now, fresh=True))


def _change(
    cloud: Cloud, request: Request, vault: Vault, properties: Mapping[str, Any], tags: Mapping[str, str]
) -> Vault:
    now, caller = cloud.clock.now(), _caller(request)
    after = replace(
        vault,
        properties=properties,
        tags=tags,
        modified=now,
        modified_by=caller.client_id,
        granted=access.grants_since(properties["accessPolicies"], vault.granted, now),
        settled=True,
    )
    if after.rbac != vault.rbac:
        # Who may change the permission model could otherwise give itself any access.
        authorization.require(cloud, request, "Microsoft.Authorization/roleAssignments/write", vault.id)
    vault_store.save(cloud, after)
    return after


def _shown(cloud: Cloud, vault: Vault, request: Request) -> Response:
    return answer(_body(cloud, vault, request))


def _body(cloud: Cloud, vault: Vault, request: Request) -> Json:
    connections = private_links.connections_of(cloud, vault.id)
    now = cloud.clock.now()
    return vault_body(vault, api_version=request.api_version, now=now, connections=connections)


def _list(cloud: Cloud, request: Request, scope: str) -> Response:
    return answer(
        page(
            request,
            vault_store.live_below(cloud, scope),
            lambda vault: vault.id,
            lambda vault: _body(cloud, vault, request),
            ends_empty=True,
        )
    )


def _taken(held: Vault, name: str, request: Request) -> ServiceError:
    if held.deleted is not None and held.subscription_id.lower() == request.params["subscription"].lower():
        return ServiceError(
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or purge "
            "existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more "
            "information on soft delete.",
        )
    return ServiceError(
        409,
        "VaultAlreadyExists",
        f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that "
        "the name is already taken. If you are sure that the vault name was not taken then it is possible "
        "that a vault with the same name was recently deleted but not purged after being placed in a "
        "recoverable state. If the vault is in a recoverable state then the vault will need to be purged "
        "before reusing the name. For more information about VaultAlreadyExists, follow this link: "
        "https://go.microsoft.com/fwlink/?linkid=2147740",
    )


def _tags(sent: Mapping[str, Any]) -> dict[str, str]:
    tags = sent.get("tags") or {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise invalid("tags")
    return tags


def _object(value: Json) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        message = "The request content was invalid and could not be deserialized."
        raise ServiceError(400, "InvalidRequestContent", message, gateway=True)
    return value


def _caller(request: Request) -> Caller:
    if request.caller is None:
        raise ServiceError(401, "AuthenticationFailed", "Authentication failed.", gateway=True)
    return request.caller
