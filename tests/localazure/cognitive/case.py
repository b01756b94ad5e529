"""A cloud with a vault, a key and Cognitive Services, driven through their route tables without sockets."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from localazure.authorization import assign_role
from localazure.cloud import Cloud
from localazure.cognitive.policy import DEFINITION_ID
from localazure.cognitive.routes import ROUTES
from localazure.directory import create_principal
from localazure.policy_scopes import ASSIGNMENT, ASSIGNMENTS
from localazure.routes import Router
from localazure.web import Caller, Host, Json, Request, Response, ServiceError
from tests.localazure.keyvault import case as keyvault_case
from tests.localazure.keyvault.case import (
    EVERYTHING,
    GROUP,
    OWNER,
    SUBSCRIPTION,
    TENANT,
    URI,
    VAULT,
    policy,
)

PROVIDER = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
ACCOUNTS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts"
ACCOUNT = f"{ACCOUNTS}/Language-1"
IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/providers/"
    "Microsoft.ManagedIdentity/userAssignedIdentities/u1"
)
USER_ASSIGNED = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
API = "2025-06-01"
UNBIND = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
PROJECTS = "/language/authoring/analyze-conversations/projects"
PROJECT = {"projectName": "orders", "projectKind": "Conversation", "language": "en"}


@pytest.fixture
def case() -> Case:
    """A cloud of its own for a test."""
    return Case()


class Case(keyvault_case.Case):
    """One cloud; `arm` and `language` send a request and give the response, errors included."""

    def __init__(self) -> None:
        super().__init__()
        self.router = Router.of(self.router.routes, ROUTES)
        role = "Cognitive Services Language Owner"
        assign_role(self.cloud, OWNER.object_id, role, f"/subscriptions/{SUBSCRIPTION}")
        self.cloud.store.put("subscription", SUBSCRIPTION, {"tenantId": TENANT})

    def put(self, path: str = ACCOUNT, **body: Any) -> Response:
        """A PUT of an account; what is not given is a Language account with a system identity."""
        return self.arm("PUT", path, account_body(**body), api=API)

    def patch(self, body: Json, path: str = ACCOUNT) -> Response:
        """A PATCH, and the polls that end its operation."""
        response = self.arm("PATCH", path, body, api=API)
        self.finish(response)
        return response

    def get(self, path: str = ACCOUNT) -> Json:
        return self.arm("GET", path, api=API).body

    def make(self, path: str = ACCOUNT, **body: Any) -> Json:
        """A new account that is ready."""
        response = self.put(path, **body)
        assert response.status == 201, response.body
        self.finish(response)
        return self.get(path)

    def finish(self, response: Response) -> None:
        """Polls the operation of a response, if it has one, until it has ended."""
        url = response.headers.get("Azure-AsyncOperation")
        while url and self.poll(url).body["status"] not in ("Succeeded", "Failed"):
            pass

    def poll(self, url: str) -> Response:
        parts = urlsplit(url)
        return self.arm("GET", f"{parts.path}?{parts.query}", api=dict(parse_qsl(parts.query))["api-version"])

    def language(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        caller: Caller | None = OWNER,
        label: str = "contoso-language",
        key: str | None = None,
    ) -> Response:
        parts = urlsplit(path)
        found = self.router.find(Host.LANGUAGE, method, parts.path)
        assert found is not None, f"no route for {method} {path}"
        route, params = found
        request = Request(
            method=method,
            host=Host.LANGUAGE,
            path=parts.path,
            label=label,
            params=params,
            query={"api-version": "2023-04-01", **{k.lower(): v for k, v in parse_qsl(parts.query)}},
            headers={"ocp-apim-subscription-key": key} if key else {},
            body=body,
            caller=None if key else caller,
            correlation_id="corr-2",
        )
        try:
            with self.cloud.store.transaction():
                return route.handler(self.cloud, request)
        except ServiceError as error:
            return error.response()

    def protected_vault(self, *granted: str, **properties: Any) -> Json:
        """Makes a vault fit for customer-managed keys with its grants; the bundle of its key `k`."""
        policies = [policy(OWNER, *EVERYTHING), *(grant(object_id) for object_id in granted)]
        properties = {"enablePurgeProtection": True, "accessPolicies": policies, **properties}
        assert self.make_vault(**properties).status == 200
        self.arm("GET", VAULT)
        return self.make_key()

    def grant(self, object_id: str, *permissions: str) -> None:
        body = {"properties": {"accessPolicies": [grant(object_id, *permissions)]}}
        assert self.arm("PUT", f"{VAULT}/accessPolicies/replace", body).status in (200, 201)

    def user_identity(self, id: str = IDENTITY) -> Json:
        """A user-assigned identity, ARM's body."""
        principal = create_principal(self.cloud, tenant_id=TENANT, name=id.rsplit("/", 1)[-1])
        ids = {"principalId": principal.object_id, "clientId": principal.client_id, "tenantId": TENANT}
        self.cloud.store.put("identity", id, {"id": id, "properties": ids})
        return ids

    def bound(self, **body: Any) -> Json:
        """An account with system identity, bound to the key `k` of a protected vault; ready."""
        account = self.make(**body)
        key = self.protected_vault(account["identity"]["principalId"])
        response = self.patch(bind(key))
        assert response.status == 202, response.body
        return self.get()

    def history(self, id: str = ACCOUNT) -> list[Json]:
        return self.cloud.store.events("encryption", id)


def account_body(**changes: Any) -> Json:
    """The body of a create; `properties` are merged, a value of None is left out."""
    properties = {"customSubDomainName": "contoso-language", **changes.pop("properties", {})}
    whole = {
        "location": "westeurope",
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "identity": {"type": "SystemAssigned"},
        "properties": {name: value for name, value in properties.items() if value is not None},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def encryption(key: Json, **more: Any) -> Json:
    """An encryption block for a key bundle of the data plane."""
    name, version = key["key"]["kid"].split("/")[-2:]
    properties = {"keyName": name, "keyVersion": version, "keyVaultUri": URI, **more}
    return {"keySource": "Microsoft.KeyVault", "keyVaultProperties": properties}


def bind(key: Json, **more: Any) -> Json:
    return {"properties": {"encryption": encryption(key, **more)}}


def grant(object_id: str, *permissions: str) -> Json:
    keys = list(permissions or ("get", "wrapKey", "unwrapKey"))
    return {"tenantId": TENANT, "objectId": object_id, "permissions": {"keys": keys}}


def found(response: Response) -> str:
    """What a refusal tells beyond Azure's own words."""
    return response.headers.get("x-localazure-findings", "")


def deny_accounts_without_a_key(cloud: Cloud) -> None:
    """Assigns the built-in policy to the subscription, with the effect Deny."""
    scope = f"/subscriptions/{SUBSCRIPTION}"
    id = f"{scope}/providers/{ASSIGNMENTS}/cmk"
    properties = {
        "policyDefinitionId": DEFINITION_ID,
        "parameters": {"effect": {"value": "Deny"}},
        "enforcementMode": "Default",
        "scope": scope,
    }
    cloud.store.put(ASSIGNMENT, id, {"id": id, "name": "cmk", "properties": properties})
