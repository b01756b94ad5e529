"""A cloud in this process with callers and groups of its own, asked at its front door as any client asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from localazure import seed
from localazure.authorization import assign_role
from localazure.cloud import Cloud
from localazure.cognitive.policy import DEFINITION_ID
from localazure.directory import Principal, create_principal, save_principal
from localazure.keyvault import trusted_services
from localazure.policy_scopes import ASSIGNMENT, ASSIGNMENTS
from localazure.web import Json
from tests.support.front import ARM, Door, Reply, token

TENANT, OTHER_TENANT = seed.TENANT_ID, seed.OTHER_TENANT_ID
SUBSCRIPTION, OTHER_SUBSCRIPTION = seed.SUBSCRIPTION_ID, seed.OTHER_SUBSCRIPTION_ID
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
OTHER_GROUP = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg"
FOREIGN_GROUP = f"/subscriptions/{seed.FOREIGN_SUBSCRIPTION_ID}/resourceGroups/rg"
KEY_VAULT = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault"
COGNITIVE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/Contoso-1"
URI = "https://contoso-1.vault.azure.net/"
HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/Contoso-Hsm"
HSM_URI = "https://contoso-hsm.managedhsm.azure.net/"
ACCOUNTS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts"
ACCOUNT = f"{ACCOUNTS}/Language-1"
IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/providers/"
    "Microsoft.ManagedIdentity/userAssignedIdentities/u1"
)
USER_ASSIGNED = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
API, ACCOUNT_API = "2024-11-01", "2025-06-01"
UNBIND = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
RESTORE = {"location": "westeurope", "properties": {"restore": True}}
PROJECTS = "/language/authoring/analyze-conversations/projects"
PROJECT = {"projectName": "orders", "projectKind": "Conversation", "language": "en"}
EVERYTHING = ["all", "purge"]
DAY = 86400
DATA = bytes(range(32))


def _principal(number: int, tenant_id: str, name: str) -> Principal:
    first = "aaaaaaaa-0000-4000-8000-0000000000"
    return Principal(f"{first}0{number}", f"{first}c{number}", tenant_id, name, False, 0.0)


OWNER, SERVICE = _principal(1, TENANT, "owner"), _principal(2, TENANT, "service")
STRANGER = _principal(3, OTHER_TENANT, "stranger")


@cache
def _bearer(principal: Principal, audience: str) -> str:
    return token(principal, audience)


class Case(Door):
    """OWNER owns both subscriptions and reads and writes the data of accounts, but no key; SERVICE may
    nothing; STRANGER owns the subscription of another tenant. Each subscription has the group `rg`.

    `arm`, `data`, `hsm` and `language` send a request to the host of that name; `case.cloud` is the cloud.
    """

    def __init__(self) -> None:
        super().__init__(Cloud(seed=1))
        for principal in (OWNER, SERVICE, STRANGER):
            save_principal(self.cloud, principal)
        for role, who, group in (
            ("Owner", OWNER, GROUP),
            ("Owner", OWNER, OTHER_GROUP),
            ("Cognitive Services Language Owner", OWNER, GROUP),
            ("Owner", STRANGER, FOREIGN_GROUP),
        ):
            assign_role(self.cloud, who.object_id, role, group.split("/resourceGroups")[0])
        for group in (GROUP, OTHER_GROUP, FOREIGN_GROUP):
            self.add_group(group)

    def add_group(self, id: str) -> None:
        state = {"properties": {"provisioningState": "Succeeded"}, "location": "westeurope"}
        self.cloud.store.put("group", id, {"id": id, "name": id.rsplit("/", 1)[-1], **state})

    def arm(
        self, method: str, path: str, body: Json = None, *, api: str = API, caller: Principal = OWNER
    ) -> Reply:
        """A request to Resource Manager; a path gets the api-version, an address stays as it is."""
        if path.startswith("/"):
            path = f"{ARM}{path}{'&' if '?' in path else '?'}api-version={api}"
        return self._ask(method, path, body, _bearer(caller, f"{ARM}/"))

    def data(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        api: str = "7.6",
        caller: Principal = OWNER,
        vault: str = "contoso-1",
    ) -> Reply:
        """A request to a vault."""
        return self._at(f"https://{vault}.vault.azure.net", method, path, body, api=api, caller=caller)

    def hsm(self, method: str, path: str, body: Json = None, *, caller: Principal = OWNER) -> Reply:
        """A request to the managed HSM."""
        return self._at(HSM_URI.rstrip("/"), method, path, body, api="7.6", caller=caller)

    def language(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        caller: Principal = OWNER,
        label: str = "contoso-language",
        key: str | None = None,
    ) -> Reply:
        """A request to an account's own endpoint, with a token or with an account key."""
        url = f"https://{label}.cognitiveservices.azure.com{path}"
        if "api-version=" not in url:
            url += f"{'&' if '?' in path else '?'}api-version=2023-04-01"
        headers = {"ocp-apim-subscription-key": key} if key else {}
        bearer = "" if key else _bearer(caller, "https://cognitiveservices.azure.com")
        return self._ask(method, url, body, bearer, {**headers, **_correlation("corr-2")})

    def _at(self, host: str, method: str, path: str, body: Json, *, api: str, caller: Principal) -> Reply:
        audience = f"https://{'managedhsm' if 'managedhsm' in host else 'vault'}.azure.net"
        if "api-version=" not in path:
            path += f"{'&' if '?' in path else '?'}api-version={api}"
        return self._ask(method, host + path, body, _bearer(caller, audience))

    def _ask(
        self, method: str, url: str, body: Json, bearer: str, headers: Mapping[str, str] | None = None
    ) -> Reply:
        sent = {**_correlation("corr-1"), **(headers or {})}
        return self.send(method, url.replace(" ", "%20"), body, bearer=bearer, headers=sent)

    # Vaults and keys

    @staticmethod
    def bearer(principal: Principal = OWNER) -> str:
        """A principal's token for Resource Manager."""
        return _bearer(principal, f"{ARM}/")

    def make_vault(self, path: str = VAULT, **properties: Any) -> Reply:
        """A PUT of a vault, and the one look at it that sees its name being registered."""
        response = self.arm("PUT", path, vault_body(**properties))
        self.arm("GET", path)
        return response

    def make_key(self, name: str = "k", **body: Any) -> Json:
        """A new version of a key, as the vault answers it."""
        response = self.data("POST", f"/keys/{name}/create", {"kty": "RSA", **body})
        assert response.status == 200, response
        return response.body

    def protected_vault(self, *granted: str, **properties: Any) -> Json:
        """Makes a vault fit for customer-managed keys with its grants; the bundle of its key `k`."""
        policies = [policy(OWNER, *EVERYTHING), *(grant(object_id) for object_id in granted)]
        properties = {"enablePurgeProtection": True, "accessPolicies": policies, **properties}
        assert self.make_vault(**properties).status == 200
        self.arm("GET", VAULT)
        return self.make_key()

    def grant(self, object_id: str, *permissions: str) -> None:
        """Sets what an object may do with the keys of the vault: get, wrapKey and unwrapKey if not told."""
        body = {"properties": {"accessPolicies": [grant(object_id, *permissions)]}}
        assert self.arm("PUT", f"{VAULT}/accessPolicies/replace", body).status in (200, 201)

    def with_keys(self, **properties: Any) -> None:
        """A vault with the key `k` and the soft-deleted key `gone`; then the properties asked for."""
        self.make_vault()
        self.make_key("k")
        self.make_key("gone")
        self.data("DELETE", "/keys/gone")
        response = self.arm("PATCH", VAULT, {"properties": properties})
        assert response.status == 200, response

    def project(self, method: str = "GET", **more: Any) -> Reply:
        """A request for the project `orders` of the account; PATCH makes it."""
        return self.language(method, f"{PROJECTS}/orders", {**PROJECT, **more} if method == "PATCH" else None)

    def enable(self, version: str, enabled: bool, key: str = "k") -> None:
        """Switches a version of a key on or off."""
        body = {"attributes": {"enabled": enabled}}
        assert self.data("PATCH", f"/keys/{key}/{version}", body).status == 200

    def recover_vault(self) -> Reply:
        body = vault_body(accessPolicies=None, createMode="recover")
        return self.arm("PUT", VAULT, body)

    def audit(self, id: str = VAULT) -> list[Json]:
        return self.cloud.store.events("audit", id)

    def wrap(self, object_id: str, version: str = "", uri: str = URI) -> bytes:
        """Wraps DATA with the key `k` as another service of the cloud does."""
        return trusted_services.wrap(self.cloud, **_target(object_id, uri, version), data=DATA)

    def unwrap(self, object_id: str, data: bytes, version: str = "", uri: str = URI) -> bytes:
        return trusted_services.unwrap(self.cloud, **_target(object_id, uri, version), data=data)

    # Accounts

    def put(self, path: str = ACCOUNT, **body: Any) -> Reply:
        """A PUT of an account; what is not given is a Language account with a system identity."""
        return self.arm("PUT", path, account_body(**body), api=ACCOUNT_API)

    def patch(self, body: Json, path: str = ACCOUNT) -> Reply:
        """A PATCH, and the polls that end its operation."""
        response = self.arm("PATCH", path, body, api=ACCOUNT_API)
        self.finish(response)
        return response

    def get(self, path: str = ACCOUNT) -> Json:
        return self.arm("GET", path, api=ACCOUNT_API).body

    def make(self, path: str = ACCOUNT, **body: Any) -> Json:
        """A new account that is ready."""
        response = self.put(path, **body)
        assert response.status == 201, response
        self.finish(response)
        return self.get(path)

    def finish(self, response: Reply) -> None:
        """Polls the operation of a response, if it has one, until it has ended."""
        url = response.headers.get("azure-asyncoperation")
        while url and self.poll(url).body["status"] not in ("Succeeded", "Failed"):
            pass

    def poll(self, url: str) -> Reply:
        return self.arm("GET", url)

    def bound(self, **body: Any) -> Json:
        """An account with system identity, bound to the key `k` of a protected vault; ready."""
        account = self.make(**body)
        key = self.protected_vault(account["identity"]["principalId"])
        response = self.patch(bind(key))
        assert response.status == 202, response
        return self.get()

    def bound_version(self) -> str:
        return str(self.get()["properties"]["encryption"]["keyVaultProperties"]["keyVersion"])

    def user_identity(self, id: str = IDENTITY) -> Json:
        """A user-assigned identity, ARM's body."""
        principal = create_principal(self.cloud, tenant_id=TENANT, name=id.rsplit("/", 1)[-1])
        ids = {"principalId": principal.object_id, "clientId": principal.client_id, "tenantId": TENANT}
        self.cloud.store.put("identity", id, {"id": id, "properties": ids})
        return ids

    def history(self, id: str = ACCOUNT) -> list[Json]:
        return self.cloud.store.events("encryption", id)


def _correlation(id: str) -> dict[str, str]:
    return {"x-ms-correlation-request-id": id}


def _target(object_id: str, uri: str, version: str) -> Any:
    place = {"object_id": object_id, "vault_uri": uri, "key_name": "k"}
    return {**place, "version": version, "correlation_id": "corr-2"}


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


def hsm_body(**properties: Any) -> Json:
    """A PUT body of a managed HSM whose administrator is OWNER; a property of None is left out."""
    whole = {"tenantId": TENANT, "initialAdminObjectIds": [OWNER.object_id], **properties}
    kept = {name: value for name, value in whole.items() if value is not None}
    sku = {"family": "B", "name": "Standard_B1"}
    return {"location": "westeurope", "sku": sku, "properties": kept}


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


def policy(who: Principal, *keys: str, **more: Any) -> Json:
    """The entry of a principal among a vault's access policies."""
    permissions = {"keys": list(keys)}
    return {"tenantId": who.tenant_id, "objectId": who.object_id, "permissions": permissions, **more}


def grant(object_id: str, *permissions: str) -> Json:
    keys = list(permissions or ("get", "wrapKey", "unwrapKey"))
    return {"tenantId": TENANT, "objectId": object_id, "permissions": {"keys": keys}}


def encryption(key: Json, **more: Any) -> Json:
    """An encryption block for a key bundle of the data plane."""
    name, version = key["key"]["kid"].split("/")[-2:]
    properties = {"keyName": name, "keyVersion": version, "keyVaultUri": URI, **more}
    return {"keySource": "Microsoft.KeyVault", "keyVaultProperties": properties}


def bind(key: Json, **more: Any) -> Json:
    return {"properties": {"encryption": encryption(key, **more)}}


def version_of(key: Json) -> str:
    return str(key["key"]["kid"].rsplit("/", 1)[-1])


def error(response: Reply) -> tuple[int, str]:
    """Status and code of an error."""
    return response.status, response.code


def inner(response: Reply) -> tuple[int, str]:
    """Status and inner code of an error."""
    return response.status, response.body["error"].get("innererror", {}).get("code", "")


def found(response: Reply) -> str:
    """What a refusal tells beyond Azure's own words."""
    return response.headers.get("x-localazure-findings", "")


def refusal_of(act: Callable[[], object]) -> str | None:
    """The code with which a vault refuses a service; None where it does not."""
    try:
        act()
    except trusted_services.KeyRefused as refused:
        return refused.code
    return None


def without(body: Mapping[str, Any], *names: str) -> Json:
    return {name: value for name, value in body.items() if name not in names}


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
