"""The tenants, subscriptions and principals that every local Azure has from the start.

Owns: their ids. Does not own: the client secrets, which are random per home.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from localazure.authorization import assign_role
from localazure.cloud import Cloud
from localazure.directory import Principal, find_principal, save_principal, set_secret

TENANT_ID = "5e8d1c54-3f0a-4c7b-9a61-0d2f7b9c4e10"
OTHER_TENANT_ID = "c1a0f7d2-86b4-4e39-a5c8-7f3e2d1b0a96"
SUBSCRIPTION_ID = "7b2e9d40-1c58-4f6a-8e37-94a0c5d6b213"
OTHER_SUBSCRIPTION_ID = "2f6c8a1e-b947-4d05-93fe-6a7d0e1c5b84"
FOREIGN_SUBSCRIPTION_ID = "e4d37b95-20fa-4816-b7c3-58e9a1f0d62c"


def _principal(object_id: str, client_id: str, name: str, tenant_id: str = TENANT_ID) -> Principal:
    return Principal(object_id, client_id, tenant_id, name, managed_identity=False, created=0.0)


DEPLOYER = _principal(
    "93c1f5a7-6d20-4b8e-a4f9-1e7b3c0d5826", "0f4b6e2d-9a73-4c18-8d5e-b2c7a1f93e60", "deployer"
)
READER = _principal("b7e02c96-4a1d-4f53-8c6b-d90f3e5a7124", "6c9d3a18-e5f2-47b0-9e84-3a1f7d0c52b9", "reader")
FOREIGNER = _principal(
    "d5f81b3e-72c4-4960-ae17-c8042f6b9d35",
    "a3706e5b-4d91-4c2f-b6f8-915e0c7d84a2",
    "foreigner",
    OTHER_TENANT_ID,
)


@dataclass(frozen=True)
class Subscription:
    """A subscription and the tenant it trusts."""

    id: str
    tenant_id: str
    name: str


SUBSCRIPTIONS = (
    Subscription(SUBSCRIPTION_ID, TENANT_ID, "Language"),
    Subscription(OTHER_SUBSCRIPTION_ID, TENANT_ID, "Keys"),
    Subscription(FOREIGN_SUBSCRIPTION_ID, OTHER_TENANT_ID, "Another company"),
)
TENANTS = ((TENANT_ID, "Contoso", "contoso"), (OTHER_TENANT_ID, "Fabrikam", "fabrikam"))

_POWERFUL = ("Owner", "Key Vault Administrator")
_GRANTS = (
    (DEPLOYER, SUBSCRIPTION_ID, _POWERFUL),
    (DEPLOYER, OTHER_SUBSCRIPTION_ID, _POWERFUL),
    (READER, SUBSCRIPTION_ID, ("Reader",)),
    (READER, OTHER_SUBSCRIPTION_ID, ("Reader",)),
    (FOREIGNER, FOREIGN_SUBSCRIPTION_ID, _POWERFUL),
)


def plant(cloud: Cloud, secrets: Mapping[str, str]) -> None:
    """Puts the seeds into a cloud; existing ones stay as they are.

    `secrets` holds the client secret of each principal by its name; they may change between starts.
    """
    for id, name, domain in TENANTS:
        body = {"tenantId": id, "displayName": name, "domain": f"{domain}.onmicrosoft.com"}
        _put_once(cloud, "tenant", id, body)
    for one in SUBSCRIPTIONS:
        body = {"subscriptionId": one.id, "tenantId": one.tenant_id, "displayName": one.name}
        _put_once(cloud, "subscription", one.id, body)
    for principal in (DEPLOYER, READER, FOREIGNER):
        if find_principal(cloud, principal.object_id) is None:
            save_principal(cloud, principal)
            grants = [(role, id) for owner, id, roles in _GRANTS if owner is principal for role in roles]
            for role, id in grants:
                assign_role(cloud, principal.object_id, role, f"/subscriptions/{id}")
        set_secret(cloud, principal.client_id, secrets[principal.name])


def _put_once(cloud: Cloud, kind: str, id: str, body: Mapping[str, str]) -> None:
    if cloud.store.get(kind, id) is None:
        cloud.store.put(kind, id, body)
