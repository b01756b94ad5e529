"""Microsoft.Resources/deployments/validate: whether a template would be accepted, without deploying it.

Each resource goes through its own PUT, in the order of the template, and all writes are undone. Nothing
checks locks, terms, or whether a service may use its key, which shows only when it does. If a value is known
only once another resource is there (`[reference(...)]`), ARM alone judges the resource. A resource that is
below one that is refused or not made, or that names one, is not judged at all. Nothing else of the language
of templates is known here.
Sources: azure-rest-api-specs, Microsoft.Resources Deployments_Validate 2025-04-01 (shapes, levels);
learn.microsoft.com/azure/azure-resource-manager/bicep/deploy-preflight. Assumed: rights are judged before
anything else, and one answer has all other refusals.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from localazure import arm, facts, policy_evaluation
from localazure.arm_type import GROUP, SUBSCRIPTION
from localazure.cloud import Cloud
from localazure.refusals import refused
from localazure.routes import Route, Router
from localazure.web import Host, Json, Request, Response, ServiceError

DEPLOYMENT = "Microsoft.Resources/deployments"
PROVIDER, NO_RBAC, TEMPLATE = "Provider", "ProviderNoRbac", "Template"
_GROUP = "microsoft.resources/resourcegroups"
_DISALLOWED = "RequestDisallowedByPolicy"
_UNAUTHORIZED = ("AuthorizationFailed", "LinkedAuthorizationFailed", "DenyAssignmentAuthorizationFailed")
_TERMS = "ResourceKindRequireAcceptTerms"
_KEY_UNUSABLE = "x-localazure-findings"
"""The header of a refusal that tells why a key cannot be used."""
_OF_TEMPLATE = ("type", "apiVersion", "name", "scope", "dependsOn")
_MOST = 800
"""Resources of a template (azure-resource-manager/templates/best-practices, read on 2026-11-30). Those of a
deployment inside it do not count here (assumed)."""
_LATER = re.compile(r"\[(?!\[).*\breference\(.*\]", re.DOTALL)
_AT_ONCE: Mapping[str, Json] = facts.read("deployments.json")["at_once"]
"""Switches for later events, about which a validation does not ask."""


@dataclass(frozen=True)
class Resource:
    """One resource of a template: its id, and the body to PUT there, as far as that `is_known`."""

    id: str
    type: str
    name: str
    api_version: str
    body: Json
    is_known: bool


def routes(router: Router) -> tuple[Route, ...]:
    """The rows at a group and at a subscription; `router` finds the PUT of each resource."""

    def validate(cloud: Cloud, request: Request) -> Response:
        properties = request.body.get("properties") if request.body else None
        scope = request.path[: request.path.lower().rindex("/providers/")]
        name = request.params["deployment"]
        level = _level(properties)
        resources = [*resources_of(properties, scope)]
        covers = cloud.behaviour.validate_covers
        if covers == "refused":
            raise invalid(f"The validation level '{level}' is not supported for this template.")
        judge = Judge(cloud, request, router, only_policies=covers == "template")
        with cloud.store.undone():
            cloud.behave(**_AT_ONCE)
            found = [] if level == TEMPLATE else [*judge.refusals(resources)]
            lacking = [one for one in judge.lacking(resources) if one not in found] + [
                one for one in found if one["code"] in _UNAUTHORIZED
            ]
        if lacking and level == PROVIDER and not judge.only_policies:
            how = "multiple errors" if len(lacking) > 1 else "error"
            problems = ":".join(dict.fromkeys(one["message"] for one in lacking))
            raise refused("TemplateUnauthorized", how=how, problems=problems)
        found = [one for one in found if one["code"] not in _UNAUTHORIZED]
        if found:
            if {one["code"] for one in found} == {_DISALLOWED}:
                raise refused("TemplateDisallowed", details={"details": found})
            tracking = cloud.new_id()
            raise refused("TemplateRefused", details={"details": found}, name=name, tracking=tracking)
        return Response(200, _valid(name, scope, level, resources))

    path, action = f"/providers/{DEPLOYMENT}/{{deployment}}/validate", f"{DEPLOYMENT}/validate/action"
    assumed = "all of it but shapes and texts; validate_covers"
    scopes = (SUBSCRIPTION, GROUP)
    return tuple(Route("POST", Host.ARM, f"{one}{path}", action, validate, assumed) for one in scopes)


@dataclass(frozen=True)
class Judge:
    """Writes the resources of a template as their own PUTs would be written, or says why not."""

    cloud: Cloud
    request: Request
    router: Router
    only_policies: bool

    def lacking(self, resources: list[Resource]) -> Iterator[Json]:
        for one in resources:
            try:
                self.require_rights(one)
            except ServiceError as error:
                yield self._detail(one, error)

    def require_rights(self, one: Resource) -> None:
        request, route = self.put_of(one)
        arm.require_rights(self.cloud, request, route, arm.place_of(one.id))

    def seen(self, one: Resource) -> Json | None:
        """A resource as its GET answers it; None where it does not exist."""
        request, _ = self.put_of(one)
        route, params = self.router.find(Host.ARM, "GET", one.id) or (None, {})
        if route is None:
            return None
        try:
            found = route.handler(self.cloud, replace(request, method="GET", params=params, body=None))
        except ServiceError:
            return None
        return found.body if found.status == 200 else None

    def refusals(self, resources: list[Resource]) -> Iterator[Json]:
        """The refusal of each resource that would get one, as a detail of the answer."""
        open_ids: list[str] = []
        for one in resources:
            said = f"{one.id}{json.dumps(one.body)}".lower()
            if any(id in said for id in open_ids):
                continue
            try:
                if self.written(one):
                    continue
            except ServiceError as error:
                if self._is_told(error):
                    yield self._detail(one, error)
            open_ids.append(one.id.lower())

    def written(self, one: Resource) -> bool:
        """Writes a resource, if all of it is known. Raises the refusal of its PUT."""
        if one.type.lower() == DEPLOYMENT.lower():
            return True
        request, route = self.put_of(one)
        place = arm.place_of(one.id)
        arm.require_served(self.cloud, request, place.namespace)
        arm.require_place(self.cloud, request, place)
        if one.is_known:
            policy_evaluation.require_admitted(self.cloud, request, place.scope)
            route.handler(self.cloud, request)
        return one.is_known

    def _is_told(self, error: ServiceError) -> bool:
        if self.only_policies:
            return error.code == _DISALLOWED
        return error.code != _TERMS and _KEY_UNUSABLE not in error.headers

    def _detail(self, one: Resource, error: ServiceError) -> Json:
        message = error.message
        if error.code in _UNAUTHORIZED:
            about = f"Authorization failed for template resource '{one.name}' of type '{one.type}'. "
            message = about + message.replace("authorization to perform", "permission to perform").replace(
                "over scope", "at scope"
            )
        return {"code": error.code, "target": one.id, "message": message, **error.extra}

    def put_of(self, one: Resource) -> tuple[Request, Route]:
        if one.type.lower() == DEPLOYMENT.lower():
            # A deployment inside another one is written at its scope, and has no PUT here.
            route = Route("PUT", Host.ARM, one.id, f"{DEPLOYMENT}/write", lambda _, __: Response(200))
            return replace(self.request, method="PUT", path=one.id, body=one.body), route
        found = self.router.find(Host.ARM, "PUT", one.id)
        if found is None:
            raise invalid(f"The resource type '{one.type}' could not be found.")
        route, params = found
        query = {**self.request.query, "api-version": one.api_version}
        put = replace(
            self.request, method="PUT", path=one.id, params=params, query=query, body=one.body, headers={}
        )
        return put, route


def _level(properties: Json) -> str:
    if not isinstance(properties, dict) or properties.get("mode") != "Incremental":
        raise invalid("The property 'mode' of the deployment must be 'Incremental' here.")
    level = str(properties.get("validationLevel") or PROVIDER)
    if level not in (PROVIDER, NO_RBAC, TEMPLATE):
        raise invalid(f"The validation level '{level}' is invalid.")
    return level


def resources_of(properties: Json, scope: str) -> Iterator[Resource]:
    """The resources of a template and of those inside it. Raises InvalidTemplate for anything else."""
    if not isinstance(properties, dict):
        properties = {}
    template = properties.get("template")
    listed = template.get("resources") if isinstance(template, dict) else None
    if not isinstance(listed, list) or not {"$schema", "contentVersion"} <= set(template):
        raise invalid("The template must have '$schema', 'contentVersion' and an array 'resources'.")
    if len(listed) > _MOST:
        raise invalid(
            f"The number of template resources limit exceeded. Limit: {_MOST} and actual: {len(listed)}."
        )
    for given in listed:
        one = _resource(given, scope)
        yield one
        if one.type.lower() == DEPLOYMENT.lower():
            yield from resources_of(given.get("properties") or {}, one.id.partition("/providers/")[0])


def _resource(given: Json, scope: str) -> Resource:
    if not isinstance(given, dict):
        raise invalid("Each resource of a template must be an object.")
    type, name, version = (str(given.get(word) or "") for word in ("type", "name", "apiVersion"))
    types, names = type.split("/")[1:], name.split("/")
    if not version or len(types) != len(names):
        raise invalid(f"The template resource '{name}' for type '{type}' has incorrect segment lengths.")
    group = given.get("resourceGroup")
    at = f"{'/'.join(scope.split('/')[:3])}/resourceGroups/{group}" if group else scope
    if extended := str(given.get("scope") or ""):
        at = extended if extended.startswith("/") else f"{at}/providers/{extended}"
    path = "/".join(word for pair in zip(types, names, strict=True) for word in pair)
    if type.lower() == _GROUP:
        id = f"{at}/resourceGroups/{name}"
    else:
        id = f"{at}/providers/{type.split('/')[0]}/{path}"
    body, is_known = _known({word: value for word, value in given.items() if word not in _OF_TEMPLATE})
    return Resource(id, type, name, version, body, is_known)


def _known(value: Json) -> tuple[Json, bool]:
    """The part of a value that is known now, and whether that is all of it. Raises InvalidTemplate for
    other expressions."""
    if isinstance(value, str):
        if value.startswith("[[") or not value.startswith("["):
            return value.removeprefix("[") if value.startswith("[[") else value, True
        if _LATER.fullmatch(value) is None:
            raise invalid(f"Unable to process template language expressions in '{value}'.")
        return None, False
    if isinstance(value, Mapping):
        pairs = {name: _known(one) for name, one in value.items()}
        found = {name: one for name, (one, _) in pairs.items() if one is not None or value[name] is None}
        return found, all(known for _, known in pairs.values())
    if isinstance(value, list):
        items = [_known(one) for one in value]
        return [one for one, known in items if known or one is not None], all(known for _, known in items)
    return value, True


def invalid(text: str) -> ServiceError:
    """ARM's refusal of a template that it cannot read."""
    return refused("InvalidTemplate", problem=text)


def _valid(name: str, scope: str, level: str, resources: list[Resource]) -> Json:
    return {
        "id": f"{scope}/providers/{DEPLOYMENT}/{name}",
        "name": name,
        "type": DEPLOYMENT,
        "properties": {
            "mode": "Incremental",
            "provisioningState": "Succeeded",
            "validationLevel": level,
            "validatedResources": [{"id": one.id} for one in resources if one.type != DEPLOYMENT],
        },
    }
