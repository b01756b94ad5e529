"""The tenants, subscriptions and principals that every local Azure has from the start.

Owns: their ids. Does not own: the client secrets, which are random per home.
"""

from collections.abc import Mapping, Sequence

from localazure import facts
from localazure.authorization import assign_role
from localazure.cloud import Cloud
from localazure.directory import Principal, find_principal, save_principal, set_secret

_FACTS = facts.read("seed.json")
"""Of tenants: id, name and domain; of principals: object, client,
tenant and name; of grants: the principal's name, the subscription and the roles."""
TENANTS: Sequence[tuple[str, str, str]] = _FACTS["tenants"]
SUBSCRIPTIONS: Sequence[Mapping[str, str]] = _FACTS["subscriptions"]
DEPLOYER, READER, FOREIGNER = (
    Principal(object_id, client_id, tenant, name, managed_identity=False, created=0.0)
    for object_id, client_id, tenant, name in _FACTS["principals"]
)
TENANT_ID, OTHER_TENANT_ID = (id for id, _, _ in TENANTS)
SUBSCRIPTION_ID, OTHER_SUBSCRIPTION_ID, FOREIGN_SUBSCRIPTION_ID = (one["id"] for one in SUBSCRIPTIONS)


def plant(cloud: Cloud, secrets: Mapping[str, str]) -> None:
    """Puts the seeds into a cloud; existing ones stay as they are.

    `secrets` holds the client secret of each principal by its name; they may change between starts.
    """
    for id, name, domain in TENANTS:
        body = {"tenantId": id, "displayName": name, "domain": f"{domain}.onmicrosoft.com"}
        _put_once(cloud, "tenant", id, body)
    for one in SUBSCRIPTIONS:
        body = {"subscriptionId": one["id"], "tenantId": one["tenant_id"], "displayName": one["name"]}
        _put_once(cloud, "subscription", one["id"], body)
    for principal in (DEPLOYER, READER, FOREIGNER):
        if find_principal(cloud, principal.object_id) is None:
            save_principal(cloud, principal)
            for owner, id, roles in _FACTS["grants"]:
                for role in roles if owner == principal.name else ():
                    assign_role(cloud, principal.object_id, role, f"/subscriptions/{id}")
        set_secret(cloud, principal.client_id, secrets[principal.name])


def _put_once(cloud: Cloud, kind: str, id: str, body: Mapping[str, str]) -> None:
    if cloud.store.get(kind, id) is None:
        cloud.store.put(kind, id, body)
