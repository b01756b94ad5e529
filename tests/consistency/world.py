"""A cloud in which two accounts share a vault: one bound, with data; one that is still to be bound.

The local Azure tells the truth, by what really happens: whether the data of the bound account can be read,
and whether the other one can be bound.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from core import adapters, facts
from localazure import seed
from localazure.cognitive import data
from localazure.cognitive import models as stored
from tests.operate.adopt.field import WRAPS, Field, principal
from tests.operate.evidence.door_azure import _DoorClient
from tests.support.front import SUBSCRIPTION, Door, Reply, token

Json = Mapping[str, Any]
VAULTS = "2026-02-01"
ACCOUNTS = "2025-06-01"
ASSIGNMENTS = "2022-04-01"
DENIALS = "2024-07-01-preview"
ARM = "management.azure.com"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-contoso"
KEY = f"{VAULT}/keys/cmk-contoso"
DEPLOYERS = {
    "tenantId": seed.TENANT_ID,
    "objectId": seed.DEPLOYER.object_id,
    "permissions": {"keys": ["all"]},
}
NEEDED = WRAPS


def entry(principal: str, keys: list[str], **more: Any) -> dict[str, Any]:
    """An access policy."""
    return {"tenantId": seed.TENANT_ID, "objectId": principal, "permissions": {"keys": keys}, **more}


@dataclass
class World:
    """The cloud, and what a situation may change in it."""

    rbac: bool = False
    door: Door = field(default_factory=Door)
    vault_id: ClassVar[str] = VAULT
    key_id: ClassVar[str] = KEY

    def __post_init__(self) -> None:
        self.field = Field(_DoorClient(self.door))
        self.field.group(GROUP)
        self._put_vault([])
        if self.rbac:
            self.assign(seed.DEPLOYER.object_id, "14b46e9e-c2b7-41b4-b07b-48a6ebf60603", VAULT)
        self._first = self.key_uri = self.make_key("cmk-contoso")
        self.accounts = [self.field.account(GROUP, name) for name in ("lang-bound", "lang-new")]
        self.principals = [principal(one) for one in self.accounts]

    def send(self, method: str, url: str, body: Any = None, *, service: str = ARM) -> Reply:
        """A request by the deployer; a path is one at Resource Manager."""
        url = f"https://{ARM}{url}" if url.startswith("/") else url
        return self.door.send(method, url, body, bearer=token(audience=f"https://{service}"))

    # What a situation may do.

    def arm(self, method: str, path: str, body: Any = None, *, api: str) -> Any:
        """A request to Resource Manager; the decoded answer."""
        reply = self.send(method, f"{path}?api-version={api}", body)
        assert reply.status < 300, reply
        if operation := reply.headers.get("azure-asyncoperation"):
            self.send("GET", operation)
        return reply.body

    def policies(self, *entries: Json) -> None:
        """Replaces the access policies of the vault, but for the deployer's own."""
        self._put_vault(list(entries))

    def each(self, keys: list[str], **more: Any) -> list[dict[str, Any]]:
        """An entry with these permissions for the identity of each account."""
        return [entry(principal, keys, **more) for principal in self.principals]

    def set_model(self, *, rbac: bool) -> None:
        """Has the vault grant by role assignments, or by its access policies, which stay."""
        self.rbac = rbac
        self._put_vault(self.arm("GET", VAULT, api=VAULTS)["properties"]["accessPolicies"])

    def assign(self, principal: str, role: str, scope: str, **more: Any) -> None:
        """Makes a role assignment."""
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {
            "roleDefinitionId": definition,
            "principalId": principal,
            "principalType": "ServicePrincipal",
            **more,
        }
        self.arm("PUT", path, {"properties": properties}, api=ASSIGNMENTS)

    def assign_each(self, role: str, scope: str, **more: Any) -> None:
        """Makes a role assignment for the identity of each account."""
        for one in self.principals:
            self.assign(one, role, scope, **more)

    def deny(self, scope: str, denied: list[str], *, child_scopes: bool = True, spared: bool = False) -> None:
        """Makes a deny assignment of data actions on everybody; `spared`: but not on the two accounts."""
        properties = {
            "denyAssignmentName": "no keys",
            "permissions": [{"dataActions": denied}],
            "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}],
            "excludePrincipals": [{"id": one} for one in self.principals if spared],
            "doNotApplyToChildScopes": not child_scopes,
        }
        path = f"{scope}/providers/Microsoft.Authorization/denyAssignments/{uuid.uuid4()}"
        self.arm("PUT", path, {"properties": properties}, api=DENIALS)

    def make_key(self, name: str) -> str:
        """Makes a key through Resource Manager; its URI with the version."""
        return self.field.key(VAULT, name, keyOps=["wrapKey", "unwrapKey"])

    def bind_first(self) -> None:
        """Binds the first account, with full access, and takes that away."""
        rbac, self.rbac = self.rbac, False
        self.policies(entry(self.principals[0], NEEDED))
        self.field.bind(self.accounts[0]["id"], self._first)
        self.rbac = rbac
        self.policies()

    # The truth.

    def readable(self) -> bool:
        """Whether the data of the bound account can be read."""
        account = stored.find(self.door.cloud, self.accounts[0]["id"])
        return account is not None and data.readable(self.door.cloud, account, "judge")

    def bindable(self) -> bool:
        """Whether the service takes the key for the account that is not bound yet."""
        host, _, rest = self.key_uri.partition("/keys/")
        key, _, version = rest.partition("/")
        target = {"keyVaultUri": host, "keyName": key, "keyVersion": version}
        encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": target}
        path = f"{self.accounts[1]['id']}?api-version={ACCOUNTS}"
        reply = self.send("PATCH", path, {"properties": {"encryption": encryption}})
        if operation := reply.headers.get("azure-asyncoperation"):
            self.send("GET", operation)
        return reply.status < 300

    # What is read about it.

    @property
    def vault_json(self) -> Json:
        """Resource Manager's answer for the vault or managed HSM."""
        found: Json = self.arm("GET", self.vault_id, api=VAULTS)
        return found

    @property
    def assignments(self) -> list[Json]:
        """Role assignments at, above and below the key's vault or managed HSM."""
        path = f"{self.vault_id}/providers/Microsoft.Authorization/roleAssignments"
        found: list[Json] = self.arm("GET", path, api=ASSIGNMENTS)["value"]
        return found

    @property
    def principal(self) -> str:
        """The identity of the account that is still to be bound."""
        return self.principals[1]

    @property
    def role_assignments(self) -> list[facts.RoleAssignment]:
        """Those that count for the key, as facts."""
        return [adapters.role_assignment(one) for one in self.assignments]

    @property
    def denials(self) -> list[facts.DenyAssignment]:
        """Deny assignments at, above and below the key's vault."""
        path = f"{self.vault_id}/providers/Microsoft.Authorization/denyAssignments"
        return [adapters.deny_assignment(one) for one in self.arm("GET", path, api=DENIALS)["value"]]

    def _put_vault(self, entries: list[Any]) -> None:
        others = [one for one in entries if one["objectId"] != DEPLOYERS["objectId"]]
        granted = {"enableRbacAuthorization": self.rbac, "accessPolicies": [DEPLOYERS, *others]}
        self.field.vault(GROUP, "kv-contoso", **granted)
