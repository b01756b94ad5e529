"""Accounts as the cloud tells of them, for plans that are made without one."""

from dataclasses import replace
from typing import Any

from core import rights
from core.arm_ids import of_local_scope
from core.facts import RoleAssignment
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER, HSM_CRYPTO_SERVICE_ENCRYPTION_USER, Role
from operate.adopt.existing import Existing
from operate.adopt.obstacles import obstacles
from operate.evidence.model import NotChecked, Service
from tests.operate.evidence import made
from tests.operate.evidence.made import NOW, OWN, vault

HSM = f"{made.GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm-contoso"
KEY_ID = f"{vault().id}/keys/cmk"
ROLE = CRYPTO_SERVICE_ENCRYPTION_USER.id


def body(**properties: Any) -> dict[str, Any]:
    encryption = {"keyVaultProperties": {"keyVaultUri": "https://kv-contoso.vault.azure.net"}}
    return {
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": "lang-contoso", "encryption": encryption, **properties},
    }


def vault_body(keys: list[str], **permissions: list[str]) -> dict[str, Any]:
    entry = {"objectId": OWN.upper(), "permissions": {"keys": keys, **permissions}}
    return {"properties": {"accessPolicies": [entry]}}


def found(service: Service | None = None, **changes: Any) -> Existing:
    """An account bound by access policy, exactly as this project would have it."""
    given = made.service() if service is None else service
    whole = Existing(given, NOW, body(), vault_body(list(rights.NEEDED)))
    return replace(whole, **changes)


def by_role(scope: str, name: str, role: str = ROLE) -> Existing:
    """An account bound under Azure RBAC by one role assignment."""
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    can = RoleAssignment(scope, OWN, role, CRYPTO_SERVICE_ENCRYPTION_USER, id=id)
    # Nothing about the log is known, as of most accounts that are made by hand.
    unlogged = NotChecked("no diagnostic setting")
    service = made.service(vault=vault(uses_rbac=True), assignments=(can,), use=unlogged, audit=())
    return found(service)


def in_hsm(scope: str = "/keys/cmk", role: Role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER) -> Existing:
    """An account bound to a key in a managed HSM, with one of the HSM's own roles at a scope."""
    bound = replace(made.BOUND, key_vault_uri="https://hsm-contoso.managedhsm.azure.net/")
    can = RoleAssignment(of_local_scope(HSM, scope), OWN, role.id, role)
    service = made.service(
        account=made.account(encryption=bound),
        vault=vault(id=HSM, name="hsm-contoso", uses_rbac=True, policies=()),
        key=made.key(id=f"{HSM}/keys/cmk", type="RSA-HSM"),
        assignments=(can,),
        use=NotChecked("no diagnostic setting"),
        audit=(),
    )
    return found(service, vault_body={})


def texts(*pairs: tuple[str, Existing], follows_key: bool = False) -> str:
    found = obstacles(pairs, follows_key=follows_key)
    return "\n".join(str(obstacle) for obstacle in found)
