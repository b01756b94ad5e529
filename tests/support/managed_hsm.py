"""A managed HSM with a key, as its administrators make both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core import arm_ids
from core.roles import HSM_CRYPTO_USER
from localazure import seed
from tests.support.front import Door, token

Send = Callable[[str, str, Any], Any]
"""Method, path and body of a request to the HSM by the deployer; gives the decoded answer."""
ROLES = f"/providers/{arm_ids.ROLE_ASSIGNMENT}"


VERSION = "2026-02-01"


def make_hsm(door: Door, id: str, *, key: str = "cmk") -> Send:
    """One in a cloud of this process; its group is there."""
    assert door.send("PUT", f"{id}?api-version={VERSION}", _resource()).status == 200
    bearer = token(audience="https://managedhsm.azure.net")

    def send(method: str, path: str, body: Any = None) -> Any:
        url = f"https://{arm_ids.name_of(id)}.managedhsm.azure.net{path}?api-version=7.4"
        reply = door.send(method, url, body, bearer=bearer)
        assert reply.status < 300, reply
        return reply.body

    _fill(send, key)
    return send


def _resource() -> dict[str, Any]:
    """An HSM whose administrator the deployer is."""
    properties = {
        "tenantId": seed.TENANT_ID,
        "initialAdminObjectIds": [seed.DEPLOYER.object_id],
        "enablePurgeProtection": True,
    }
    return {
        "location": "westeurope",
        "sku": {"family": "B", "name": "Standard_B1"},
        "properties": properties,
    }


def _fill(send: Send, key: str) -> None:
    """A key, and for the deployer the role to use and rotate it."""
    user = {"principalId": seed.DEPLOYER.object_id, "roleDefinitionId": HSM_CRYPTO_USER.id}
    send("PUT", f"/keys{ROLES}/maker", {"properties": user})
    made = {"kty": "RSA-HSM", "key_size": 2048, "key_ops": ["wrapKey", "unwrapKey"]}
    send("POST", f"/keys/{key}/create", made)
