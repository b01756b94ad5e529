"""The resources below an account: Foundry projects, deployments of models, connections, capability hosts.

The shapes are those of azure-rest-api-specs, Microsoft.CognitiveServices 2025-06-01 (CreateProject,
GetDeployment); that a capability host never changes, learn.microsoft.com/azure/foundry/agents/concepts/
capability-hosts, 2026-01-20. The definition calls the writes long-running and shows them ended in the answer,
as here. The documentation of azurerm_cognitive_account_project says what a project needs of its account. The
texts of the refusals are assumed, except RequestConflict and CannotDeleteResource, which users quote
(hashicorp/terraform-provider-azurerm#22607; Azure/terraform-provider-azapi#894).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from localazure import definitions, directory, in_flight
from localazure.arm_type import ArmType
from localazure.cloud import Cloud
from localazure.cognitive import base_models as models
from localazure.cognitive import identity, rules, settling
from localazure.cognitive import models as stored
from localazure.cognitive.kinds import find_kind
from localazure.cognitive.models import Account
from localazure.refusals import refused
from localazure.web import Json, Request, Response, bad_request

_ASSUMED = "every refusal; that the write has ended when it is answered"


def _one_at_a_time(handler: Callable[[Cloud, Request], Response]) -> Callable[[Cloud, Request], Response]:
    return in_flight.one_at_a_time(
        handler,
        seconds=lambda cloud: cloud.behaviour.child_write_seconds,
        resource_id=stored.id_of,
        refusal=lambda request: refused("RequestConflict", account=stored.id_of(request)),
    )


Made = Callable[[Cloud, Request, Account, "Json | None"], Json]
Parent = Callable[[Cloud, Request], object]


def _child(
    kind: str, path: str, made: Made, parent: Parent = stored.required, created_status: int = 201
) -> ArmType:
    """A type of resource below an account; `made` returns the body after a PUT, from the account, the request
    and the body known before (None for a new one). It has an etag if its definition has one."""

    def make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
        account = stored.required(cloud, request)
        settling.require_settled(settling.settle(cloud, account) or account)
        name = id.rpartition("/")[2]
        if not stored.NAME.fullmatch(name):
            raise bad_request(f"The name '{name}' is not valid.")
        return {
            **({"etag": cloud.new_etag()} if definitions.has(child.type, "etag") else {}),
            **({"tags": request.body["tags"]} if request.body.get("tags") else {}),
            **made(cloud, request, account, known),
        }

    child = ArmType(
        kind=kind,
        path=path,
        make=make,
        parent=parent,
        guarded=_one_at_a_time,
        patched=True,
        dated=True,
        created_status=created_status,
        removed=_removed,
        assumed={
            **dict.fromkeys(("PUT", "PATCH", "DELETE"), _ASSUMED),
            "GET": "the refusal of an absent one",
            "LIST": "which page has which",
        },
    )
    return child


def _removed(cloud: Cloud, body: Json) -> None:
    for type in (CONNECTIONS[1], HOSTS[1]):
        for below in type.below(cloud, body["id"]):
            cloud.store.delete(type.kind, below["id"])
    if principal_id := (body.get("identity") or {}).get("principalId"):
        directory.delete_principal(cloud, principal_id)


def _project(cloud: Cloud, request: Request, account: Account, known: Json | None) -> Json:
    """A project of a Foundry account. The first one is the default project (assumed)."""
    if missing := [*_missing_for_projects(account)]:
        raise bad_request(f"A project needs an account {', '.join(missing)}.")
    sent = request.body
    was = (known or {}).get("identity")
    asked = sent.get("identity") or {"type": "None"}
    owner = replace(account, name=f"{account.name}/projects/{request.params['project']}")
    found = identity.resolve(cloud, request.caller, owner, asked, was)
    if was and was.get("principalId") and not (found or {}).get("principalId"):
        directory.delete_principal(cloud, was["principalId"])
    given = sent.get("properties") or {}
    host = f"https://{str(account.subdomain).lower()}.services.ai.azure.com"
    return {
        "name": owner.name.replace("/projects/", "/"),
        "kind": account.kind,
        "location": sent.get("location") or account.location,
        **({"identity": found} if found else {}),
        "properties": {
            **{name: given[name] for name in ("description", "displayName") if given.get(name)},
            "provisioningState": "Succeeded",
            "internalId": known["properties"]["internalId"] if known else cloud.new_hex(),
            "endpoints": {"AI Foundry API": f"{host}/api/projects/{request.params['project']}"},
            "isDefault": known["properties"]["isDefault"] if known else not PROJECTS.below(cloud, account.id),
        },
    }


def _missing_for_projects(account: Account) -> Iterator[str]:
    if account.kind != "AIServices":
        yield "of kind AIServices"
    if not account.properties.get("allowProjectManagement"):
        yield "with allowProjectManagement true"
    if account.identity is None:
        yield "with a managed identity"
    if not account.subdomain:
        yield "with a custom subdomain"


def _deployment(cloud: Cloud, request: Request, account: Account, known: Json | None) -> Json:
    kind = find_kind(account.kind)
    if kind is None or not kind.deployments:
        raise bad_request(f"Accounts of kind {account.kind} have no deployments of models.")
    given = request.body.get("properties") or {}
    model = given.get("model") or {}
    if not model.get("format") or not model.get("name"):
        raise bad_request("A deployment needs a model with a format and a name.")
    sku = request.body.get("sku") or {"name": "Standard"}
    capacity = sku.get("capacity")
    if capacity is None:
        capacity = 1
    if capacity < 1:
        raise bad_request("sku.capacity must be 1 or more.")
    base = models.find(model["name"], model.get("version"))
    return {
        "sku": {**sku, "capacity": capacity},
        "properties": {
            **definitions.completed(DEPLOYMENTS.type, given),
            "model": {"format": model["format"], "name": model["name"], "version": base["version"], **model},
            "capabilities": base["capabilities"],
            "rateLimits": models.rate_limits(capacity),
            "currentCapacity": capacity,
            "provisioningState": "Succeeded",
        },
    }


def _connection(cloud: Cloud, request: Request, account: Account, known: Json | None) -> Json:
    """A connection to another service; no answer shows its secrets (ConnectionPropertiesV2)."""
    return {
        "location": None,
        "tags": None,
        "properties": {
            **definitions.completed(CONNECTIONS[0].type, request.body["properties"]),
            "credentials": None,
        },
    }


def _host(cloud: Cloud, request: Request, account: Account, known: Json | None) -> Json:
    """Where Foundry's agents keep their data: set once."""
    properties = {**request.properties, "provisioningState": "Succeeded"}
    if known and known["properties"] != properties:
        raise bad_request("Update of a capability host is not supported.")
    return {"properties": properties}


PROJECTS = _child(stored.PROJECTS, f"{stored.TEMPLATE}/projects/{{project}}", _project)
DEPLOYMENTS = _child(stored.DEPLOYMENTS, f"{stored.TEMPLATE}/deployments/{{deployment}}", _deployment)
CONNECTIONS = tuple(
    _child(kind, f"{above}/connections/{{connection}}", _connection, parent, created_status=200)
    for kind, above, parent in (
        ("account.connections", stored.TEMPLATE, stored.required),
        ("account.projects.connections", PROJECTS.path, PROJECTS.required),
    )
)
HOSTS = (
    _child("account.hosts", f"{stored.TEMPLATE}/capabilityHosts/{{host}}", _host),
    _child("project.hosts", f"{PROJECTS.path}/capabilityHosts/{{host}}", _host, PROJECTS.required),
)
TYPES = (PROJECTS, DEPLOYMENTS)


def only_of_foundry(cloud: Cloud, account: Account) -> bool:
    """Whether an account has what one of Azure OpenAI has not: projects, connections, models of others."""
    models = (body["properties"]["model"]["format"] for body in DEPLOYMENTS.below(cloud, account.id))
    others = any(type.below(cloud, account.id) for type in (PROJECTS, CONNECTIONS[0]))
    return others or any(format != "OpenAI" for format in models)


def require_none(cloud: Cloud, account: Account) -> None:
    """Raises 409 for an account that still has something below it (`account_with_children`)."""
    found = [body["id"] for type in TYPES for body in type.below(cloud, account.id)]
    if found and cloud.behaviour.account_with_children == "refused":
        ids = ", ".join(id.partition("/providers/")[2] for id in found)
        raise refused("AccountHasChildren", ids=ids)


def drop_all(cloud: Cloud, account: Account) -> None:
    """Deletes everything below an account that is purged."""
    for type in (*CONNECTIONS, *HOSTS, *TYPES):
        for body in type.below(cloud, account.id):
            type.drop(cloud, body)


def require_key_may_change(cloud: Cloud, old: Account, new: Account) -> None:
    """Raises 400 where a write would move an account with projects from one source of its key to the other
    (`key_source_with_projects`), or the key of a Foundry account to another vault.

    Source: learn.microsoft.com/azure/foundry/concepts/encryption-keys-portal, 2026-08-10.
    """
    was, becomes, behaviour = old.key_vault_properties, new.key_vault_properties, cloud.behaviour
    if (was is None) != (becomes is None):
        refuses = {"not_reverted": becomes is None, "refused": True, "allowed": False}
        if refuses[behaviour.key_source_with_projects] and PROJECTS.below(cloud, old.id):
            raise refused("KeySourceStays")
    elif was and becomes and old.kind == "AIServices" and behaviour.foundry_key_vault == "same":
        vaults = {rules.host_of(str(key.get("keyVaultUri") or "")) for key in (was, becomes)}
        if len(vaults) > 1:
            raise bad_request("The key can only be changed to another key of the same key vault.")
