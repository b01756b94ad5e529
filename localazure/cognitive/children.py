"""What an account has below it: Microsoft Foundry projects, and deployments of models.

The shapes are those of azure-rest-api-specs, Microsoft.CognitiveServices 2025-06-01 (CreateProject,
GetDeployment). The definition calls the writes long-running and shows them ended in the answer, as here.
What a project needs of its account is said by the documentation of azurerm_cognitive_account_project. The
texts of the refusals are assumed, but for RequestConflict and CannotDeleteResource, which users quote
(hashicorp/terraform-provider-azurerm#22607; Azure/terraform-provider-azapi#894).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from localazure import directory, in_flight
from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive import identity, rules, settling
from localazure.cognitive.account import TYPE, Account
from localazure.cognitive.kinds import find_kind
from localazure.paging import page
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,63}")
_ASSUMED = "every refusal; that the write has ended when it is answered"
Make = Callable[[Cloud, Request, Account, "Json | None"], Json]


@dataclass(frozen=True)
class ChildType:
    """A type of resource below an account: its last segment (`projects`), its name in a route, and what a
    PUT makes of the account, the request and the body known before, None for a new one."""

    segment: str
    field: str
    make: Make

    @property
    def kind(self) -> str:
        return f"account.{self.segment}"

    def routes(self, account_template: str) -> tuple[Route, ...]:
        """PUT, PATCH, GET, DELETE and the list."""
        many, action = f"{account_template}/{self.segment}", f"{TYPE}/{self.segment}"
        one = f"{many}/{{{self.field}}}"
        return (
            Route("GET", Host.ARM, many, f"{action}/read", self._list, "which page has which"),
            Route("GET", Host.ARM, one, f"{action}/read", self._get, "the refusal of an absent one"),
            Route("PUT", Host.ARM, one, f"{action}/write", _one_at_a_time(self._put), _ASSUMED),
            Route("PATCH", Host.ARM, one, f"{action}/write", _one_at_a_time(self._patch), _ASSUMED),
            Route("DELETE", Host.ARM, one, f"{action}/delete", _one_at_a_time(self._delete), _ASSUMED),
        )

    def below(self, cloud: Cloud, account_id: str) -> list[Json]:
        """The bodies of an account's resources of this type."""
        return [body for _, body in cloud.store.scan(self.kind, f"{account_id}/{self.segment}/")]

    def _put(self, cloud: Cloud, request: Request) -> Response:
        return self._written(cloud, request, request.body or {}, self._known(cloud, request))

    def _patch(self, cloud: Cloud, request: Request) -> Response:
        known, sent = self._known(cloud, request), request.body or {}
        if known is None:
            raise self._absent(request)
        merged = {**known, **sent, "properties": {**known["properties"], **(sent.get("properties") or {})}}
        return self._written(cloud, request, merged, known)

    def _written(self, cloud: Cloud, request: Request, body: Json, known: Json | None) -> Response:
        account = stored.require(cloud, stored.id_of(request))
        settling.require_settled(settling.settle(cloud, account) or account)
        name = request.params[self.field]
        if not _NAME.fullmatch(name):
            raise _refusal(f"The name '{name}' is not valid.")
        made = self.make(cloud, replace(request, body=body), account, known)
        whole = {
            "id": known["id"] if known else self._id(request),
            "name": known["name"] if known else name,
            "type": f"{TYPE}/{self.segment}",
            "etag": stored.new_etag(cloud),
            **({"tags": body["tags"]} if body.get("tags") else {}),
            **made,
        }
        cloud.store.put(self.kind, whole["id"], whole)
        return Response(200 if known else 201, whole)

    def _get(self, cloud: Cloud, request: Request) -> Response:
        stored.require(cloud, stored.id_of(request))
        known = self._known(cloud, request)
        if known is None:
            raise self._absent(request)
        return Response(200, known)

    def _list(self, cloud: Cloud, request: Request) -> Response:
        account = stored.require(cloud, stored.id_of(request))
        bodies = self.below(cloud, account.id)
        return Response(200, page(request, bodies, lambda body: str(body["id"]), lambda body: body))

    def _delete(self, cloud: Cloud, request: Request) -> Response:
        known = self._known(cloud, request)
        if known is None:
            return Response(204)
        self.drop(cloud, known)
        return Response(200)

    def drop(self, cloud: Cloud, body: Json) -> None:
        """Takes a resource away, with its own identity."""
        cloud.store.delete(self.kind, body["id"])
        if principal_id := (body.get("identity") or {}).get("principalId"):
            directory.delete_principal(cloud, principal_id)

    def _known(self, cloud: Cloud, request: Request) -> Json | None:
        return cloud.store.get(self.kind, self._id(request))

    def _id(self, request: Request) -> str:
        return f"{stored.id_of(request)}/{self.segment}/{request.params[self.field]}"

    def _absent(self, request: Request) -> ServiceError:
        return ServiceError(
            404,
            "ResourceNotFound",
            f"The Resource '{TYPE}/{request.params['account']}/{self.segment}/{request.params[self.field]}' "
            f"under resource group '{request.params['group']}' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
            gateway=True,
        )


def _project(cloud: Cloud, request: Request, account: Account, known: Json | None) -> Json:
    """A project of a Foundry account. The first one is the default project (assumed)."""
    if missing := [*_missing_for_projects(account)]:
        raise _refusal(f"A project needs an account {', '.join(missing)}.")
    sent = request.body
    was = (known or {}).get("identity")
    asked = sent.get("identity") or {"type": "None"}
    owner = replace(account, name=f"{account.name}/projects/{request.params['project']}")
    found = identity.resolve(cloud, caller=request.caller, account=owner, sent=asked, old=was)
    if was and was.get("principalId") and not (found or {}).get("principalId"):
        directory.delete_principal(cloud, was["principalId"])
    given = sent.get("properties") or {}
    host = f"https://{str(account.subdomain).lower()}.services.ai.azure.com"
    return {
        "location": sent.get("location") or account.location,
        **({"identity": found} if found else {}),
        "properties": {
            **{name: given[name] for name in ("description", "displayName") if given.get(name)},
            "provisioningState": "Succeeded",
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
        raise _refusal(f"Accounts of kind {account.kind} have no deployments of models.")
    given = request.body.get("properties") or {}
    model = given.get("model") or {}
    if not model.get("format") or not model.get("name"):
        raise _refusal("A deployment needs a model with a format and a name.")
    return {
        "sku": {"capacity": 1, **(request.body.get("sku") or {"name": "Standard"})},
        "properties": {
            **{name: value for name, value in given.items() if value is not None},
            "provisioningState": "Succeeded",
        },
    }


PROJECTS = ChildType("projects", "project", _project)
DEPLOYMENTS = ChildType("deployments", "deployment", _deployment)
TYPES = (PROJECTS, DEPLOYMENTS)


def require_none(cloud: Cloud, account: Account) -> None:
    """Raises 409 for an account that still has something below it (`account_with_children`)."""
    found = [body["id"] for type in TYPES for body in type.below(cloud, account.id)]
    if found and cloud.behaviour.account_with_children == "refused":
        ids = ", ".join(id.partition("/providers/")[2] for id in found)
        raise ServiceError(
            409,
            "CannotDeleteResource",
            "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
            f"'{ids}'. Please delete all nested resources before deleting this resource.",
        )


def drop_all(cloud: Cloud, account: Account) -> None:
    """Takes away all that is below an account that is purged."""
    for type in TYPES:
        for body in type.below(cloud, account.id):
            type.drop(cloud, body)


def require_key_may_change(cloud: Cloud, old: Account, new: Account) -> None:
    """Raises 400 where a write would move an account with projects from one source of its key to the other,
    or the key of a Foundry account to another vault.

    Source: learn.microsoft.com/azure/ai-foundry/concepts/encryption-keys-portal, limitations (2025-05).
    """
    was, becomes, behaviour = old.key_vault_properties, new.key_vault_properties, cloud.behaviour
    if (was is None) != (becomes is None):
        if behaviour.key_source_with_projects == "refused" and PROJECTS.below(cloud, old.id):
            raise _refusal(
                "The key source of a resource cannot be changed between Microsoft-managed and "
                "customer-managed keys once it has projects."
            )
    elif was and becomes and old.kind == "AIServices" and behaviour.foundry_key_vault == "same":
        vaults = {rules.host_of(str(key.get("keyVaultUri") or "")) for key in (was, becomes)}
        if len(vaults) > 1:
            raise _refusal("The key can only be changed to another key of the same key vault.")


def _one_at_a_time(handler: Callable[[Cloud, Request], Response]) -> Callable[[Cloud, Request], Response]:
    return in_flight.one_at_a_time(
        handler,
        seconds=lambda cloud: cloud.behaviour.child_write_seconds,
        resource_id=stored.id_of,
        refusal=lambda request: ServiceError(
            409,
            "RequestConflict",
            f"Another operation is being performed on the parent resource '{stored.id_of(request)}'. Please "
            "try again later.",
        ),
    )


def _refusal(text: str) -> ServiceError:
    return ServiceError(400, "BadRequest", text)
