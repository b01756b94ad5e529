"""A cloud with one resource group and callers, driven through Key Vault's route table without sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from localazure.authorization import assign_role
from localazure.cloud import Cloud
from localazure.directory import Principal, save_principal
from localazure.keyvault.routes import ROUTES
from localazure.routes import Router
from localazure.web import Caller, Host, Json, Request, Response, ServiceError
from tests.support.slow_clock import SlowClock

TENANT = "11111111-1111-4111-8111-111111111111"
OTHER_TENANT = "22222222-2222-4222-8222-222222222222"
SUBSCRIPTION = "33333333-3333-4333-8333-333333333333"
OTHER_SUBSCRIPTION = "44444444-4444-4444-8444-444444444444"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
OTHER_GROUP = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg"
PROVIDER = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/Contoso-1"
URI = "https://contoso-1.vault.azure.net/"
API = "2024-11-01"
OWNER = Caller("aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-0000000000c1", TENANT)
SERVICE = Caller("aaaaaaaa-0000-4000-8000-000000000002", "aaaaaaaa-0000-4000-8000-0000000000c2", TENANT)
STRANGER = Caller(
    "aaaaaaaa-0000-4000-8000-000000000003", "aaaaaaaa-0000-4000-8000-0000000000c3", OTHER_TENANT
)
EVERYTHING = ["all", "purge"]
DAY = 86400


@pytest.fixture
def case() -> Case:
    """A cloud of its own for a test."""
    return Case()


@pytest.fixture
def vault(case: Case) -> Case:
    """The same with a vault in it."""
    case.make_vault()
    return case


class Case:
    """One cloud; `arm` and `data` send a request to its routes and give the response, errors included."""

    def __init__(self) -> None:
        self.cloud = Cloud(seed=1)
        self.cloud.clock = SlowClock(self.cloud.store)
        self.router = Router.of(ROUTES)
        for group in (GROUP, OTHER_GROUP):
            self.cloud.store.put("group", group, {"id": group})
        for caller, name in ((OWNER, "owner"), (SERVICE, "service"), (STRANGER, "stranger")):
            principal = Principal(
                caller.object_id,
                caller.client_id,
                caller.tenant_id,
                name,
                managed_identity=False,
                created=0.0,
            )
            save_principal(self.cloud, principal)
        assign_role(self.cloud, OWNER.object_id, "Owner", f"/subscriptions/{SUBSCRIPTION}")

    def arm(
        self, method: str, path: str, body: Json = None, *, api: str = API, caller: Caller = OWNER
    ) -> Response:
        return self._send(Host.ARM, method, path, body, api=api, caller=caller)

    def data(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        api: str = "7.6",
        caller: Caller = OWNER,
        vault: str = "contoso-1",
    ) -> Response:
        return self._send(Host.VAULT, method, path, body, api=api, caller=caller, label=vault)

    def make_vault(self, path: str = VAULT, **properties: Any) -> Response:
        """A PUT of a vault, and the one look at it that sees its name being registered."""
        response = self.arm("PUT", path, vault_body(**properties))
        self.arm("GET", path)
        return response

    def make_key(self, name: str = "k", **body: Any) -> Json:
        response = self.data("POST", f"/keys/{name}/create", {"kty": "RSA", **body})
        assert response.status == 200, response.body
        return response.body

    def audit(self) -> list[Json]:
        return self.cloud.store.events("audit", VAULT)

    def _send(
        self, host: Host, method: str, path: str, body: Json, *, api: str, caller: Caller, label: str = ""
    ) -> Response:
        parts = urlsplit(path)
        query = {"api-version": api, **{k.lower(): v for k, v in parse_qsl(parts.query)}}
        found = self.router.find(host, method, parts.path)
        assert found is not None, f"no route for {method} {path}"
        route, params = found
        request = Request(
            method=method,
            host=host,
            path=parts.path,
            label=label,
            params=params,
            query=query,
            body=body,
            caller=caller,
            correlation_id="corr-1",
        )
        # As the server does it: what raises leaves nothing behind.
        try:
            with self.cloud.store.transaction():
                return route.handler(self.cloud, request)
        except ServiceError as error:
            return error.response()


def vault_body(**properties: Any) -> Json:
    """A PUT body in which OWNER has every key permission; a property of None is left out."""
    whole = {
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [policy(OWNER, *EVERYTHING)],
        **properties,
    }
    kept = {name: value for name, value in whole.items() if value is not None}
    return {"location": "westeurope", "properties": kept}


def policy(who: Caller, *keys: str, **more: Any) -> Json:
    return {
        "tenantId": who.tenant_id,
        "objectId": who.object_id,
        "permissions": {"keys": list(keys)},
        **more,
    }


def error(response: Response) -> tuple[int, str]:
    """Status and code of an error."""
    return response.status, response.body["error"]["code"]


def inner(response: Response) -> tuple[int, str]:
    """Status and inner code of an error."""
    return response.status, response.body["error"].get("innererror", {}).get("code", "")


def without(body: Mapping[str, Any], *names: str) -> Json:
    return {name: value for name, value in body.items() if name not in names}
