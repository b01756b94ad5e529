"""An account and its key, in a vault or in a managed HSM, in the local Azure of this process."""

from __future__ import annotations

from typing import Any

from azure.keyvault.administration import KeyVaultAccessControlClient
from azure.keyvault.keys import KeyClient

from core.login import login
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER, HSM_CRYPTO_USER, Role
from localazure import seed
from provider.azure import Azure
from provider.azure_client import AzureClient
from provider.credential import credential
from tests.operate.adopt.field import WRAPS, Field, group, principal
from tests.operate.evidence.door_azure import _DoorClient
from tests.support.in_process import ENVIRON, Credential, Transport, Wire

GROUP = group("language")
KEYS = "contoso-keys"
_MANAGES = ["get", "list", "create", "import", "update", "rotate", "delete"]
OPERATIONS = ["wrapKey", "unwrapKey"]


class World:
    """An account with access to `language-key`, of the vault `contoso-keys` or of the HSM of that name."""

    def __init__(self, *, hsm: bool = False) -> None:
        self.wire = Wire()
        self.cloud = self.wire.door.cloud
        self.field = Field(_DoorClient(self.wire.door))
        self.field.group(GROUP)
        account = self.field.account(GROUP, "contoso-language")
        self.account_id, self.principal = str(account["id"]), principal(account)
        uri = f"https://{KEYS}.{'managedhsm' if hsm else 'vault'}.azure.net"
        way: dict[str, Any] = {"credential": Credential(), "transport": Transport(self.wire)}
        self.keys, self.roles = KeyClient(uri, **way), KeyVaultAccessControlClient(uri, **way)
        if hsm:
            self.vault_id = self.field.hsm(GROUP, KEYS)
            self.assign("/keys", seed.DEPLOYER.object_id, HSM_CRYPTO_USER)
        else:
            entry = {"objectId": seed.DEPLOYER.object_id, "tenantId": seed.TENANT_ID}
            policies = [{**entry, "permissions": {"keys": _MANAGES}}]
            self.vault_id = self.field.vault(GROUP, KEYS, accessPolicies=policies)
        self.key_id = f"{self.vault_id}/keys/language-key"
        self.keys.create_rsa_key("language-key", size=2048, hardware_protected=hsm, key_operations=OPERATIONS)
        if hsm:
            self.assign("/keys/language-key", self.principal)
        else:
            self.field.policy(self.vault_id, self.principal, WRAPS)

    def azure(self, **settings: str) -> Azure:
        """The provider's, on the real clients and a login of its own; `settings` are of the login."""
        found = login(settings, ENVIRON)
        own = credential(found, transport=Transport(self.wire))
        return Azure(AzureClient(found, credential=own, transport=Transport(self.wire)))

    def assign(self, scope: str, who: str, role: Role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER) -> None:
        """Gives somebody a role of the HSM."""
        of_hsm = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions"
        self.roles.create_role_assignment(scope, f"{of_hsm}/{role.id}", who)

    @property
    def uris(self) -> list[str]:
        """The versions of the key by their URIs, oldest first; nobody is asked for them."""
        ((_, key),) = self.cloud.store.scan("vault.key", "")
        host = self.keys.vault_url.rstrip("/")
        return [f"{host}/keys/language-key/{one['version']}" for one in key["versions"]]

    def binding(self, uri: str = "") -> dict[str, Any]:
        """The inputs of a binding, by default to the first version."""
        return {
            "accountId": self.account_id,
            "keyUriWithVersion": uri or self.uris[0],
            "vaultId": self.vault_id,
        }

    def bind(self, uri: str) -> None:
        """Binds the account past the provider."""
        self.field.bind(self.account_id, uri, slash=False)

    def unbind(self) -> None:
        body = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
        self.field.send("PATCH", self.account_id, "2024-10-01", body)
        self.field.settled(self.account_id)

    def history(self) -> list[dict[str, Any]]:
        """The states of the account's encryption, oldest first."""
        return self.cloud.store.events("encryption", self.account_id)

    @property
    def bound_key(self) -> str | None:
        """The key that the account is on; None on Microsoft's."""
        now = self.history()[-1]
        return now["keyUri"] if now["keySource"] == "Microsoft.KeyVault" else None
