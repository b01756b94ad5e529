"""Two accounts beside a managed HSM, whose own roles grant its key."""

import uuid
from dataclasses import dataclass
from typing import Any

from core import adapters, facts
from core.arm_ids import of_local_scope
from localazure import seed
from tests.consistency.world import GROUP, Json, World
from tests.support.front import Reply

HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/kv-contoso"
HSM_KEY = f"{HSM}/keys/cmk-contoso"
ENDPOINT = "https://kv-contoso.managedhsm.azure.net"
ENCRYPTION_USER = "33413926-3206-4cdd-b39a-83574fe37a17"
CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"


@dataclass
class HsmWorld(World):
    """Beside a vault of the same name, with a key of the same name, that gives both accounts everything."""

    vault_id = HSM
    key_id = HSM_KEY

    def __post_init__(self) -> None:
        super().__post_init__()
        self.policies(*self.each(["all"]))
        self.field.hsm(GROUP, "kv-contoso")
        self.grant(seed.DEPLOYER.object_id, CRYPTO_USER, "/keys")
        self._first = self.key_uri = self.make_hsm_key("cmk-contoso")

    # What a situation may do.

    def hsm(self, method: str, path: str, body: Any = None) -> Reply:
        """A request to the HSM itself, by the deployer."""
        reply = self.send(method, f"{ENDPOINT}{path}?api-version=7.6", body, service="managedhsm.azure.net")
        assert reply.status < 300, reply
        return reply

    def make_hsm_key(self, name: str, **more: Any) -> str:
        """Makes a key in the HSM; its URI with the version."""
        body = {"kty": "RSA-HSM", "key_size": 2048, "key_ops": ["wrapKey", "unwrapKey"], **more}
        return str(self.hsm("POST", f"/keys/{name}/create", body).body["key"]["kid"])

    def grant(self, principal: str, role: str, scope: str) -> None:
        """Gives a role in the HSM."""
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.hsm("PUT", path, {"properties": {"principalId": principal, "roleDefinitionId": role}})

    def grant_each(self, role: str, scope: str) -> None:
        """Gives a role in the HSM to the identity of each account."""
        for principal in self.principals:
            self.grant(principal, role, scope)

    def bind_first(self) -> None:
        """Binds the first account, with full access, and takes that away."""
        self.grant(self.principals[0], ENCRYPTION_USER, "/keys/cmk-contoso")
        self.field.bind(self.accounts[0]["id"], self._first)
        for found in self._local:
            if found["properties"]["principalId"] == self.principals[0]:
                self.hsm("DELETE", found["id"])

    # What is read about it.

    @property
    def local_assignments(self) -> list[Json]:
        """The HSM's own role assignments, their scopes as ids of Resource Manager."""
        scopes = [of_local_scope(HSM, one["properties"]["scope"]) for one in self._local]
        return [
            {**one, "properties": {**one["properties"], "scope": scope}}
            for one, scope in zip(self._local, scopes, strict=True)
        ]

    @property
    def role_assignments(self) -> list[facts.RoleAssignment]:
        """The HSM's own, as facts."""
        return [adapters.role_assignment(one) for one in self.local_assignments]

    @property
    def _local(self) -> list[Json]:
        path = "/providers/Microsoft.Authorization/roleAssignments"
        found: list[Json] = self.hsm("GET", path).body["value"]
        return found
