"""Subscriptions, tenants, locations and the registration of resource providers, as ARM lists them."""

from collections.abc import Mapping

from localazure import facts, limits
from localazure.arm import FREE, is_registered, register
from localazure.arm_type import SPECIFIED, SUBSCRIPTION
from localazure.authorization import require, sees
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.national_clouds import FACTS
from localazure.refusals import refused
from localazure.routes import Handler, Route
from localazure.web import Host, Json, Request, Response

PROVIDERS: Mapping[str, Mapping[str, str]] = facts.read("providers.json")
"""The resource types this cloud has, by namespace, each with the newest api-version it is known to take."""
_NAMESPACES = {name.lower(): name for name in PROVIDERS}


def _subscription(body: Json) -> Json:
    return {
        **FACTS["subscription"],
        "id": f"/subscriptions/{body['subscriptionId']}",
        **{name: body[name] for name in ("subscriptionId", "tenantId", "displayName")},
    }


def _list_subscriptions(cloud: Cloud, request: Request) -> Response:
    own = [body for _, body in cloud.store.scan("subscription") if body["tenantId"] == request.tenant_id]
    found = [_subscription(body) for body in own if sees(cloud, request.object_id, body["subscriptionId"])]
    return Response(200, {"value": found, "count": {"type": "Total", "value": len(found)}})


def _get_subscription(cloud: Cloud, request: Request) -> Response:
    return Response(200, _subscription(cloud.store.get("subscription", request.params["subscription"])))


def _list_tenants(cloud: Cloud, request: Request) -> Response:
    found = [
        {
            "id": f"/tenants/{tenant['tenantId']}",
            "tenantId": tenant["tenantId"],
            "displayName": tenant["displayName"],
            "defaultDomain": tenant["domain"],
            "domains": [tenant["domain"]],
            **FACTS["tenant"],
        }
        for _, tenant in cloud.store.scan("tenant")
        if tenant["tenantId"] == request.tenant_id
    ]
    return Response(200, {"value": found})


def _list_locations(_: Cloud, request: Request) -> Response:
    scope = f"/subscriptions/{request.params['subscription']}/locations"
    found = [
        {
            "id": f"{scope}/{name}",
            "name": name,
            "type": "Region",
            **dict.fromkeys(("displayName", "regionalDisplayName"), display),
        }
        for name, display in REGIONS.items()
    ]
    return Response(200, {"value": found})


def _provider(cloud: Cloud, subscription: str, namespace: str) -> Json:
    def regions(type: str) -> list[str]:
        names = limits.regions_with(cloud, limits.TYPE, f"{namespace}/{type}", subscription)
        return [REGIONS[name] for name in names]

    is_free, registered = namespace.lower() in FREE, is_registered(cloud, subscription, namespace)
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": [
            {
                "resourceType": type,
                "locations": regions(type),
                "apiVersions": [version],
                "capabilities": "None",
            }
            for type, version in PROVIDERS[namespace].items()
        ],
        "registrationState": "Registered" if registered else "NotRegistered",
        "registrationPolicy": "RegistrationFree" if is_free else "RegistrationRequired",
    }


def _namespace(request: Request) -> str:
    asked = request.params["namespace"]
    known = _NAMESPACES.get(asked.lower())
    if known is None:
        raise refused("InvalidResourceNamespace", namespace=asked)
    return known


def _list_providers(cloud: Cloud, request: Request) -> Response:
    subscription = request.params["subscription"]
    return Response(200, {"value": [_provider(cloud, subscription, name) for name in PROVIDERS]})


def _get_provider(cloud: Cloud, request: Request) -> Response:
    return Response(200, _provider(cloud, request.params["subscription"], _namespace(request)))


def _registering(word: str) -> Handler:
    """The handler of `register` or `unregister`, for which each provider has an action of its own."""

    def handle(cloud: Cloud, request: Request) -> Response:
        subscription, namespace = request.params["subscription"], _namespace(request)
        require(cloud, request, f"{namespace}/{word}/action", f"/subscriptions/{subscription}")
        register(cloud, subscription, namespace, registered=word == "register")
        return _get_provider(cloud, request)

    return handle


_READ = "Microsoft.Resources/subscriptions/read"
_READ_PROVIDERS = "Microsoft.Resources/subscriptions/providers/read"
_PROVIDERS = f"{SUBSCRIPTION}/providers"
_UNREAD = "what no client was seen to read"
_METADATA = Response(200, [FACTS["metadata"]])
"""The description of this cloud that Azure tools read when they are pointed at an ARM endpoint."""
ROUTES = (
    Route("GET", Host.ARM, "/metadata/endpoints", "", lambda _, __: _METADATA, _UNREAD, anonymous=True),
    Route("GET", Host.ARM, "/subscriptions", "", _list_subscriptions, SPECIFIED),
    Route("GET", Host.ARM, SUBSCRIPTION, _READ, _get_subscription, SPECIFIED),
    Route("GET", Host.ARM, f"{SUBSCRIPTION}/locations", _READ, _list_locations, SPECIFIED),
    Route("GET", Host.ARM, "/tenants", "", _list_tenants, SPECIFIED),
    Route("GET", Host.ARM, _PROVIDERS, _READ_PROVIDERS, _list_providers, SPECIFIED),
    Route("GET", Host.ARM, f"{_PROVIDERS}/{{namespace}}", _READ_PROVIDERS, _get_provider, SPECIFIED),
    *(
        Route("POST", Host.ARM, f"{_PROVIDERS}/{{namespace}}/{word}", "", _registering(word), SPECIFIED)
        for word in ("register", "unregister")
    ),
)
