"""Microsoft.Resources/deployments: templates that are deployed, or asked what they would change.

A deployment writes each resource by its own PUT, in the order of the template, and ends with the first
refusal; what was written before stays, as on Azure. Of the language of templates `[parameters('x')]` and
`[resourceGroup().location]` are known, each as a whole value. Shapes: azure-rest-api-specs,
Microsoft.Resources 2025-04-01 (Deployments_CreateOrUpdate, Deployments_WhatIf). Assumed: a deployment has
ended at its second poll; every refusal.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from localazure import operations
from localazure.arm import find_group
from localazure.arm_type import GROUP, SUBSCRIPTION, ArmType
from localazure.cloud import Cloud, iso
from localazure.deployments import DEPLOYMENT, Judge, Resource, invalid, resources_of
from localazure.refusals import absent
from localazure.routes import Route, Router
from localazure.web import Host, Json, Request, Response, ServiceError

_PARAMETER = re.compile(r"\[parameters\('(\w+)'\)\]")
_LOCATION = "[resourceGroup().location]"
_UNSTABLE = ("etag", "systemData")


class _DeploymentType(ArmType):
    """Deployments at one scope: a write begins an operation, which looks at the deployment end."""

    def delete(self, cloud: Cloud, request: Request) -> Response:
        """Forgets a deployment, not what it deployed: 202 with an operation."""
        answer = super().delete(cloud, request)
        if answer.status == 204:
            return answer
        operation = operations.begin(cloud, {"deployment": self.id_of(request)})
        place = f"{SUBSCRIPTION.format(**request.params)}/operationresults/{operation.id}"
        return Response(202, None, {"Location": request.polled_at(place)})

    def stored(self, cloud: Cloud, request: Request, body: Json, known: Json | None) -> Response:
        operation = operations.begin(cloud, {"deployment": body["id"]})
        written = super().stored(cloud, request, {**body, "operation": operation.id}, known)
        place = f"{body['id']}/operationStatuses/{operation.id}"
        return replace(written, headers={"Azure-AsyncOperation": request.polled_at(place)})


def routes(router: Router) -> tuple[Route, ...]:
    """The rows at a group and at a subscription; `router` finds the PUT of each resource."""

    def make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
        resources, parameters = _read(cloud, request)
        written, error = _deploy(Judge(cloud, request, router, only_policies=False), resources)
        providers = {resource.type.partition("/")[0] for resource in resources}
        properties = {
            "templateHash": str(int(cloud.new_hex(), 16))[:20],
            "parameters": parameters,
            "mode": "Incremental",
            "provisioningState": "Succeeded",
            "timestamp": iso(cloud.clock.now()),
            "duration": "PT1.0S",
            "correlationId": request.correlation_id,
            "providers": [{"namespace": name, "resourceTypes": []} for name in sorted(providers)],
            "dependencies": [],
            "outputResources": [{"id": resource.id} for resource in written],
        }
        if error:
            properties |= {"provisioningState": "Failed", "error": error}
        if request.given.get("location"):
            return {"location": request.body["location"], "properties": properties}
        return {"properties": properties}

    def ask(cloud: Cloud, request: Request) -> Response:
        resources, _ = _read(cloud, request)
        judge = Judge(cloud, request, router, only_policies=False)
        with cloud.store.undone():
            changes = [_change(judge, one) for one in resources]
        properties = {"correlationId": request.correlation_id, "changes": changes}
        return Response(200, {"status": "Succeeded", "properties": properties})

    def rows(scope: str) -> Iterator[Route]:
        path = f"{scope}/providers/{DEPLOYMENT}/{{deployment}}"
        type = _DeploymentType(
            "deployment", path, make, shown=_shown, absent=absent("DeploymentNotFound"), assumed=_ASSUMED
        )
        yield from type.routes()

        def status(cloud: Cloud, request: Request) -> Response:
            body = type.required(cloud, request)
            operation = operations.poll(cloud, request.params["operation"])
            if operation is None or not operation.done(cloud.clock.now()):
                return Response(200, {"status": "Running"})
            ended = {"status": body["properties"]["provisioningState"]}
            if error := body["properties"].get("error"):
                ended["error"] = error
            return Response(200, ended)

        polled = f"{path}/operationStatuses/{{operation}}"
        yield Route("GET", Host.ARM, polled, f"{DEPLOYMENT}/operationStatuses/read", status, _ASSUMED)
        yield Route("POST", Host.ARM, f"{path}/whatIf", f"{DEPLOYMENT}/whatIf/action", ask, _ASSUMED)

    return (*rows(SUBSCRIPTION), *rows(GROUP))


_ASSUMED = "all of it but shapes"


def _deploy(judge: Judge, resources: list[Resource]) -> tuple[list[Resource], Json | None]:
    """The resources that were written, and why the next one was not; None if all were."""
    written: list[Resource] = []
    for one in resources:
        try:
            judge.require_rights(one)
            judge.written(one)
        except ServiceError as refusal:
            detail = {"code": refusal.code, "message": refusal.message, "target": one.id}
            return written, {
                "code": "DeploymentFailed",
                "message": "At least one resource deployment operation failed.",
                "details": [detail],
            }
        written.append(one)
    return written, None


def _change(judge: Judge, one: Resource) -> Json:
    """What the PUT of a resource would change; it is carried out, and for others to undo."""
    before = judge.seen(one)
    judge.written(one)
    after = judge.seen(one)
    change = {"resourceId": one.id, "changeType": "Create", "before": before, "after": after}
    if before is None:
        return change
    if delta := [*_delta(before, after, "")]:
        return {**change, "changeType": "Modify", "delta": delta}
    return {**change, "changeType": "NoChange"}


def _delta(before: Json, after: Json, path: str) -> Iterator[Json]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            if name not in _UNSTABLE:
                yield from _delta(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
    elif before != after:
        kind = "Modify"
        if before is None:
            kind = "Create"
        elif after is None:
            kind = "Delete"
        yield {"path": path, "propertyChangeType": kind, "before": before, "after": after, "children": None}


def _read(cloud: Cloud, request: Request) -> tuple[list[Resource], Json]:
    """The resources of a request's template, and the values of its parameters. Raises InvalidTemplate for a
    template whose resources are not all known at once."""
    properties = request.properties
    template, sent = properties.get("template"), _parameters(properties)
    if properties.get("mode") != "Incremental" or not isinstance(template, dict):
        raise invalid("A deployment must have the mode 'Incremental' and a template here.")
    values = {name: row.get("defaultValue") for name, row in _parameters(template).items()}
    values.update((word, row.get("value")) for word, row in sent.items())
    scope = request.path[: request.path.lower().rindex("/providers/")]
    group = find_group(cloud, scope) or {"location": ""}
    filled = _filled({**properties, "template": template}, values, group["location"])
    resources = [*resources_of(filled, scope)]
    for one in resources:
        if not one.is_known:
            raise invalid(f"The resource '{one.name}' refers to another one, which is not supported here.")
    return resources, {key: {"type": type(value).__name__, "value": value} for key, value in values.items()}


def _parameters(owner: Json) -> dict[str, Json]:
    """The parameters that a template declares, or a deployment sends. Raises InvalidTemplate."""
    found = owner.get("parameters") or {}
    if not isinstance(found, dict) or not all(isinstance(row, dict) for row in found.values()):
        raise invalid("The 'parameters' must be an object of objects.")
    return found


def _filled(value: Json, parameters: Json, location: str) -> Json:
    if isinstance(value, dict):
        return {name: _filled(one, parameters, location) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, parameters, location) for one in value]
    if value == _LOCATION:
        return location
    if isinstance(value, str) and (found := _PARAMETER.fullmatch(value)):
        return parameters.get(found[1])
    return value


def _shown(cloud: Cloud, request: Request, body: Json) -> Json:
    operation = operations.find(cloud, body["operation"])
    if request.method == "PUT" or (operation and not operation.over(cloud.clock.now())):
        return {**body, "properties": {**body["properties"], "provisioningState": "Accepted"}}
    return body
