"""What ARM itself checks before a resource provider sees a request.

Owns: api-version, subscription, permission, registration and resource group; also the further permissions
of a write, one action on each resource that its body refers to (`linked_access.json`). Does not own: tokens
(authentication.py), locks, policies, identities of accounts and approvals of endpoints, which depend on more
than the body, and the answers of the providers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import unquote

from localazure import definitions, facts, inventory, limits, locks, operations, policy_evaluation
from localazure.arm_type import resource_not_found
from localazure.authentication import subscription_in
from localazure.authorization import require, require_linked
from localazure.cloud import Cloud, iso
from localazure.locations import REGIONS, normal_location, not_in_region
from localazure.national_clouds import NationalCloud, available_in
from localazure.refusals import absent, refused
from localazure.routes import Route
from localazure.web import Json, Request

# Namespaces that need no registration: https://aka.ms/rps-not-found.
FREE = ("microsoft.authorization", "microsoft.resources")
_GROUPS = "Microsoft.Resources/resourceGroups"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z]+)?", re.IGNORECASE)
_RATES = {
    "GET": ("reads", "11999"),
    "DELETE": ("deletes", "14999"),
    **dict.fromkeys(("PUT", "PATCH", "POST"), ("writes", "1199")),
}
_WRITES = ("PUT", "PATCH", "POST")
_VERSIONS: Mapping[str, list[str]] = facts.read("versions.json")["versions"]
_RETIRED = facts.read("retired_versions.json")["retired"]
_LINKED: Mapping[str, Mapping[str, str]] = facts.read("linked_access.json")["checks"]
"""By the action of a write: where its body has ids, and the action that it takes on each."""


@dataclass(frozen=True)
class Place:
    """Where an ARM path points.

    `scope` is the path without a trailing action or collection name: what permissions are checked at.
    `group` is the id of the resource group, `namespace` that of the last provider; empty where none.
    """

    scope: str
    group: str
    namespace: str


def place_of(path: str) -> Place:
    """Reads a path such as `/subscriptions/S/resourceGroups/G/providers/N/type/name/action`."""
    parts = unquote(path).strip("/").split("/")
    lower = [part.lower() for part in parts]
    group = "/" + "/".join(parts[:4]) if len(parts) >= 4 and lower[2] == "resourcegroups" else ""
    last = max((i for i, part in enumerate(lower) if part == "providers"), default=None)
    if last is None or last + 1 >= len(parts):
        # `/subscriptions/S/resourceGroups` is a collection of the subscription.
        return Place("/" + "/".join(parts[: len(parts) - len(parts) % 2]), group, "")
    inside = parts[last + 2 :]
    keep = len(inside) - len(inside) % 2
    scope = parts[: last + 2 + keep] if keep else parts[:last]
    return Place("/" + "/".join(scope), group, parts[last + 1])


def require_api_version(request: Request) -> None:
    """Raises ServiceError 400 where `api-version` is missing or is not a version."""
    if not request.api_version:
        raise refused("MissingApiVersionParameter")
    if not _VERSION.fullmatch(request.api_version):
        raise refused("InvalidApiVersionParameter", version=request.api_version)


def require_subscription(cloud: Cloud, request: Request) -> None:
    """Raises ServiceError where the path names a subscription that does not exist (404) or cannot (400)."""
    subscription = subscription_in(request.path)
    if subscription and not _ID.fullmatch(subscription):
        raise refused("InvalidSubscriptionId", subscription=subscription)
    if subscription and cloud.store.get("subscription", subscription) is None:
        raise refused("SubscriptionNotFound", subscription=subscription)


def require_admitted(cloud: Cloud, request: Request, route: Route) -> None:
    """Raises the ServiceError that ARM refuses a request with, before it gets to its handler."""
    place = place_of(request.path)
    require_served(cloud, request, place.namespace)
    # Clients poll an operation by its address; for some providers a needed right was observed, too.
    polls = request.method == "GET" and "operation" in request.params
    if not (polls and cloud.behaviour.operation_polling == "any"):
        require_rights(cloud, request, route, place)
    require_place(cloud, request, place)
    locks.require_unlocked(cloud, request.method, place.scope)
    policy_evaluation.require_admitted(cloud, request, place.scope)


def require_served(cloud: Cloud, request: Request, namespace: str) -> None:
    """Raises ServiceError 400 for a version that has ended by the cloud's clock, and for one that the type
    never had, if the switch says so."""
    below = request.path.rpartition("/providers/")[2].partition("/")[2].strip("/")
    # Registrations are asked of Microsoft.Resources, by versions of its own.
    if below.lower() in ("", "register", "unregister"):
        return
    type = "/".join(below.split("/")[::2])
    first = _first_served(cloud, namespace)
    served = [version for version in versions_of(namespace, type) if version >= first]
    is_unknown = bool(served) and request.api_version.lower() not in served
    if request.api_version < first or (is_unknown and cloud.behaviour.unknown_versions == "refused"):
        raise refused(
            "NoRegisteredProviderFound",
            location=request.given.get("location") or "westeurope",
            version=request.api_version,
            type=type,
            versions=", ".join(served),
        )


def _first_served(cloud: Cloud, namespace: str) -> str:
    """The oldest version that a provider still serves by the cloud's clock; empty where none has ended."""
    ended = _RETIRED.get(namespace.lower())
    if ended is None or not cloud.clock.has_come(datetime.fromisoformat(ended["day"]).timestamp()):
        return ""
    return str(ended["first"])


@cache
def versions_of(namespace: str, type: str) -> list[str]:
    """The api-versions of a type, or of the nearest one above it, or of all of its provider; none where
    nothing is known."""
    known = {name.lower(): found for name, found in _VERSIONS.items()}
    newer = _RETIRED.get(namespace.lower(), {}).get("newer", [])
    parts = [namespace.lower(), *type.lower().split("/")]
    for most in range(len(parts), 1, -1):
        if found := known.get("/".join(parts[:most])):
            return sorted({*found, *newer})
    if parts[0] in FREE:
        # Its types have little in common.
        return []
    provider = [found for name, found in known.items() if name.startswith(f"{parts[0]}/")]
    return sorted({version for found in provider for version in found})


def require_rights(cloud: Cloud, request: Request, route: Route, place: Place) -> None:
    """Raises ServiceError 403 if the caller may not do this, or not link a resource that its body names."""
    if route.permission:
        require(cloud, request, route.permission, place.scope)
        for path, action in _LINKED.get(route.permission, {}).items():
            for id in _ids(request.body, path.split(".")):
                require_linked(cloud, request.caller, action, id, doing=route.permission, scope=place.scope)


def require_place(cloud: Cloud, request: Request, place: Place) -> None:
    """Raises ServiceError if the provider is not registered, the group or the resource above is absent, or
    the tags are invalid."""
    if request.method in _WRITES:
        _require_registration(cloud, request, place)
    # Nobody observed the answer to a list of grants or locks in an absent group.
    provided = place.namespace.lower() not in ("", *FREE)
    listed = request.method == "GET" and (provided or request.path.lower().rstrip("/").endswith("/resources"))
    if place.group and (listed or place.scope.lower() != place.group.lower()):
        _require_group(cloud, place, writes=request.method in _WRITES)
    if request.method == "PUT":
        _require_type(cloud, request, place)
        _require_parent(cloud, place)
    definitions.require_tags(request.given.get("tags"))


def require_own_region(request: Request, cloud: NationalCloud | None) -> None:
    """Raises 400 for a location that is a region of another cloud than the one that was asked."""
    location = request.given.get("location")
    name = normal_location(location) if isinstance(location, str) else ""
    if name in REGIONS and not available_in(name, cloud):
        type = "/".join(place_of(request.path).scope.split("/")[-3:-1])
        raise refused("RegionOfAnotherCloud", location=location, type=type or _GROUPS)


def answer_headers(method: str, request_id: str, now: float) -> dict[str, str]:
    """The headers that ARM adds to every answer: its route, and the requests that the caller has left.

    The names are documented ("Request limits and throttling"); the numbers do not change here.
    """
    kind, left = _RATES.get(method, _RATES["GET"])
    moment = iso(now, digits=0).replace("-", "").replace(":", "")
    return {
        "x-ms-routing-request-id": f"WESTEUROPE:{moment}:{request_id}",
        f"x-ms-ratelimit-remaining-subscription-{kind}": left,
        "pragma": "no-cache",
        "expires": "-1",
    }


def find_group(cloud: Cloud, group_id: str) -> Json | None:
    """ARM's body of a resource group, None if it does not exist or its delete has ended."""
    body = cloud.store.get("group", group_id)
    if body is None or "deletion" not in body:
        return body
    operation = operations.find(cloud, body["deletion"])
    return None if operation is None or operation.over(cloud.clock.now()) else body


group_not_found = absent("ResourceGroupNotFound")
"""ARM's 404 for a group by its name, as it is also answered for anything inside it."""


def is_registered(cloud: Cloud, subscription: str, namespace: str) -> bool:
    """Whether a namespace is registered; this cloud's are, until a client unregisters them."""
    if namespace.lower() in FREE:
        return True
    found = cloud.store.get("provider", f"{subscription}|{namespace}")
    return found is None or bool(found["registered"])


def register(cloud: Cloud, subscription: str, namespace: str, *, registered: bool) -> None:
    """Registers a namespace with a subscription, or takes the registration back."""
    cloud.store.put("provider", f"{subscription}|{namespace}", {"registered": registered})


def _require_registration(cloud: Cloud, request: Request, place: Place) -> None:
    subscription = subscription_in(request.path)
    # `/subscriptions/S/providers/N/register` and its counterpart are about the provider itself.
    about = request.path.strip("/").lower().split("/")[4:] in (["register"], ["unregister"])
    if not subscription or not place.namespace or about:
        return
    if not is_registered(cloud, subscription, place.namespace):
        error = refused("MissingSubscriptionRegistration", namespace=place.namespace)
        detail = {"code": error.code, "target": place.namespace, "message": error.message}
        error.extra["details"] = [detail]
        raise error


def _require_group(cloud: Cloud, place: Place, *, writes: bool) -> None:
    name = place.group.rsplit("/", 1)[-1]
    group = find_group(cloud, place.group)
    if group is None:
        raise group_not_found(name)
    if writes and group["properties"]["provisioningState"] == "Deleting":
        raise refused("ResourceGroupBeingDeleted", name=name)


def _require_type(cloud: Cloud, request: Request, place: Place) -> None:
    """Refuses a type in a region that its provider does not list for it."""
    location = request.given.get("location")
    if not isinstance(location, str) or not place.namespace:
        return
    type, subscription = policy_evaluation.type_of(place.scope), subscription_in(request.path) or ""
    if limits.holds(cloud, limits.Limit(limits.TYPE, type, location, subscription)):
        raise not_in_region(location, type, limits.regions_with(cloud, limits.TYPE, type, subscription))


def _require_parent(cloud: Cloud, place: Place) -> None:
    """Refuses a grant, lock or diagnostic setting at a resource that does not exist.

    Public reports have this 404 for each of the three; that it is checked at the resource of the group, and
    not at a key of the vault, is assumed.
    """
    parent = place.scope[: max(0, place.scope.lower().rfind("/providers/"))]
    if missing := inventory.missing_parent(cloud, parent):
        parts = missing.split("/")
        raise resource_not_found("/".join(parts[6:]), parts[4])


def _ids(value: Json, path: list[str]) -> Iterator[str]:
    """The ids at a path; a list on the way stands for each of its items. Values that are no ids are left to
    the resource's own checks."""
    if isinstance(value, list) and path:
        for item in value:
            yield from _ids(item, path)
    elif isinstance(value, dict) and path:
        yield from _ids(value.get(path[0]), path[1:])
    elif isinstance(value, str) and "/providers/" in value and not path:
        yield value
