"""Subscriptions, tenants, locations and the registration of resource providers, as ARM lists them.

Does not own: the seeds (seed.py), the check of a registration (arm.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from localazure import limits
from localazure.arm import is_registered, register
from localazure.authorization import require, sees
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.routes import Route
from localazure.web import LOGIN, Host, Json, Request, Response, ServiceError

PROVIDERS: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("providers.json").read_text()
)
"""The resource types this cloud has, by namespace, each with the newest api-version it is known to take."""
_NAMESPACES = {name.lower(): name for name in PROVIDERS}


def _subscription(body: Json) -> Json:
    return {
        "id": f"/subscriptions/{body['subscriptionId']}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": body["subscriptionId"],
        "tenantId": body["tenantId"],
        "displayName": body["displayName"],
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _list_subscriptions(cloud: Cloud, request: Request) -> Response:
    caller = request.caller
    found = [
        _subscription(body)
        for _, body in cloud.store.scan("subscription")
        if caller
        and body["tenantId"] == caller.tenant_id
        and sees(cloud, caller.object_id, body["subscriptionId"])
    ]
    return Response(200, {"value": found, "count": {"type": "Total", "value": len(found)}})


def _get_subscription(cloud: Cloud, request: Request) -> Response:
    return Response(200, _subscription(cloud.store.get("subscription", request.params["subscription"])))


def _list_tenants(cloud: Cloud, request: Request) -> Response:
    found = []
    for _, tenant in cloud.store.scan("tenant"):
        if request.caller and tenant["tenantId"] == request.caller.tenant_id:
            names = {
                "displayName": tenant["displayName"],
                "defaultDomain": tenant["domain"],
                "domains": [tenant["domain"]],
            }
            kinds = {"tenantCategory": "Home", "tenantType": "AAD"}
            found.append(
                {"id": f"/tenants/{tenant['tenantId']}", "tenantId": tenant["tenantId"], **names, **kinds}
            )
    return Response(200, {"value": found})


def _list_locations(_: Cloud, request: Request) -> Response:
    found = [
        {
            "id": f"/subscriptions/{request.params['subscription']}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": display,
            "regionalDisplayName": display,
        }
        for name, display in REGIONS.items()
    ]
    return Response(200, {"value": found})


def _provider(cloud: Cloud, subscription: str, namespace: str) -> Json:
    types = [
        {
            "resourceType": type,
            "locations": [
                display
                for name, display in REGIONS.items()
                if not limits.holds(
                    cloud, limits.Limit(limits.TYPE, f"{namespace}/{type}", name, subscription)
                )
            ],
            "apiVersions": [version],
            "capabilities": "None",
        }
        for type, version in PROVIDERS[namespace].items()
    ]
    free = namespace in ("Microsoft.Authorization", "Microsoft.Resources")
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": types,
        "registrationState": "Registered"
        if is_registered(cloud, subscription, namespace)
        else "NotRegistered",
        "registrationPolicy": "RegistrationFree" if free else "RegistrationRequired",
    }


def _namespace(request: Request) -> str:
    asked = request.params["namespace"]
    known = _NAMESPACES.get(asked.lower())
    if known is None:
        message = f"The resource namespace '{asked}' is invalid."
        raise ServiceError(404, "InvalidResourceNamespace", message, gateway=True)
    return known


def _list_providers(cloud: Cloud, request: Request) -> Response:
    subscription = request.params["subscription"]
    return Response(200, {"value": [_provider(cloud, subscription, name) for name in PROVIDERS]})


def _get_provider(cloud: Cloud, request: Request) -> Response:
    return Response(200, _provider(cloud, request.params["subscription"], _namespace(request)))


def _register(cloud: Cloud, request: Request) -> Response:
    _require(cloud, request, "register/action")
    register(cloud, request.params["subscription"], _namespace(request), registered=True)
    return _get_provider(cloud, request)


def _unregister(cloud: Cloud, request: Request) -> Response:
    _require(cloud, request, "unregister/action")
    register(cloud, request.params["subscription"], _namespace(request), registered=False)
    return _get_provider(cloud, request)


def _require(cloud: Cloud, request: Request, action: str) -> None:
    scope = f"/subscriptions/{request.params['subscription']}"
    require(cloud, request, f"{_namespace(request)}/{action}", scope)


def _metadata(_: Cloud, __: Request) -> Response:
    """The description of this cloud that Azure tools read when they are pointed at an ARM endpoint."""
    audiences = ["https://management.core.windows.net/", "https://management.azure.com/"]
    cloud = {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": f"{LOGIN}/",
            "audiences": audiences,
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": f"https://{Host.ARM}/",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "suffixes": {"keyVaultDns": "vault.azure.net", "storage": "core.windows.net"},
    }
    return Response(200, [cloud])


_SUBSCRIPTION = "/subscriptions/{subscription}"
_READ = "Microsoft.Resources/subscriptions/read"
_READ_PROVIDERS = "Microsoft.Resources/subscriptions/providers/read"
_PROVIDERS = f"{_SUBSCRIPTION}/providers"
_ASSUMED = "all of it: made from the specification"
ROUTES = (
    Route(
        "GET",
        Host.ARM,
        "/metadata/endpoints",
        "",
        _metadata,
        assumed="what no client was seen to read",
        anonymous=True,
    ),
    Route("GET", Host.ARM, "/subscriptions", "", _list_subscriptions, _ASSUMED),
    Route("GET", Host.ARM, _SUBSCRIPTION, _READ, _get_subscription, _ASSUMED),
    Route("GET", Host.ARM, f"{_SUBSCRIPTION}/locations", _READ, _list_locations, _ASSUMED),
    Route("GET", Host.ARM, "/tenants", "", _list_tenants, _ASSUMED),
    Route("GET", Host.ARM, _PROVIDERS, _READ_PROVIDERS, _list_providers, _ASSUMED),
    Route("GET", Host.ARM, f"{_PROVIDERS}/{{namespace}}", _READ_PROVIDERS, _get_provider, _ASSUMED),
    Route(
        "POST",
        Host.ARM,
        f"{_PROVIDERS}/{{namespace}}/register",
        # Each provider has its own: Microsoft.KeyVault/register/action.
        "",
        _register,
        _ASSUMED,
    ),
    Route(
        "POST",
        Host.ARM,
        f"{_PROVIDERS}/{{namespace}}/unregister",
        "",
        _unregister,
        _ASSUMED,
    ),
)
