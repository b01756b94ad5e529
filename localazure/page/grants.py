"""Who can unwrap with the keys of a vault: by its access policies, or by roles at or above its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from localazure import authorization
from localazure.cloud import Cloud
from localazure.keyvault import access
from localazure.keyvault.model import Vault
from localazure.web import Json


@dataclass(frozen=True)
class Grant:
    """One way in: `how` is "access policy" or the role's name, `scope` the ARM id where it was granted.

    `since` is when it was granted, seconds on the cloud's clock; it `counts` once it has propagated.
    """

    object_id: str
    how: str
    scope: str
    since: float
    counts: bool


def grants(cloud: Cloud, vaults: Iterable[Vault]) -> Mapping[str, tuple[Grant, ...]]:
    """The grants by vault id in lower case."""
    latest = cloud.clock.now() - cloud.behaviour.grant_delay_seconds
    by_place = _by_place(cloud, latest)
    found: dict[str, tuple[Grant, ...]] = {}
    for vault in vaults:
        if vault.rbac:
            places = ("", f"/subscriptions/{vault.subscription_id}", vault.group_id, vault.id)
            mine = [grant for place in places for grant in by_place.get(place.lower(), ())]
        else:
            mine = list(_by_policy(vault, latest))
        found[vault.id.lower()] = tuple(mine)
    return found


def _by_place(cloud: Cloud, latest: float) -> Mapping[str, list[Grant]]:
    """The role assignments that allow unwrapping, by subscription, group or vault (also a key's)."""
    found: dict[str, list[Grant]] = {}
    for _, document in cloud.store.scan(authorization.KIND):
        role = authorization.role_of(cloud, document["body"])
        if role is None or not role.allows_data(access.UNWRAP.data_action):
            continue
        grant = _by_role(document, role.name, latest)
        place = grant.scope.lower().partition("/keys/")[0]
        found.setdefault(place, []).append(grant)
    return found


def _by_role(document: Json, role: str, latest: float) -> Grant:
    properties, since = document["body"]["properties"], float(document["since"])
    scope = str(properties["scope"]).rstrip("/")
    return Grant(properties["principalId"], role, scope, since, counts=since <= latest)


def _by_policy(vault: Vault, latest: float) -> Iterable[Grant]:
    for entry in vault.properties.get("accessPolicies") or []:
        held = [p for p in access.key_permissions(entry) if p in (access.UNWRAP.permission, "all")]
        if held:
            since = min(vault.granted.get(access.grant_key(entry, p), 0.0) for p in held)
            yield Grant(entry["objectId"], "access policy", vault.id, since, counts=since <= latest)
