"""An Azure in memory that answers every question of the provider; failures are laid before their calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Final

from core.arm_ids import ArmId
from core.facts import (
    Account,
    Deleted,
    Encryption,
    KeyVersion,
    PolicyEntry,
    RoleAssignment,
    Upgrade,
    UserAssignedIdentity,
    Vault,
)
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.azure import Azure
from provider.azure_client import Principal
from provider.failure import Accepted, Progress, ServiceError
from provider.waiting import Clock

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
PRINCIPAL = "33333333-3333-3333-3333-333333333333"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language/providers"
ACCOUNT_ID = f"{GROUP}/Microsoft.CognitiveServices/accounts/language"
VAULT_ID = f"{GROUP}/Microsoft.KeyVault/vaults/language-vault"
KEY_ID = f"{VAULT_ID}/keys/language-key"
HSM_ID = VAULT_ID.replace("/vaults/", "/managedHSMs/")
HSM_KEY = f"{HSM_ID}/keys/language-key"
CLIENT = "44444444-4444-4444-4444-444444444444"
USER = UserAssignedIdentity("/id", CLIENT, PRINCIPAL)
VAULT_URI = "https://language-vault.vault.azure.net"
V1, V2, V3 = ("1" * 32, "2" * 32, "3" * 32)

NOT_YET = ServiceError(400, "BadRequest", "KeyVaultProperties is invalid", "changing", "", "corr")
"""What the service may answer while access that was given does not count yet."""


def key_uri(version: str = V1, vault_uri: str = VAULT_URI, name: str = "language-key") -> str:
    return f"{vault_uri}/keys/{name}/{version}"


BINDING = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
"""The inputs of a binding."""


def an_account(**changes: object) -> Account:
    account = Account(
        id=ACCOUNT_ID,
        kind="TextAnalytics",
        location="westeurope",
        provisioning_state="Succeeded",
        principal_id=PRINCIPAL,
        tenant_id=TENANT,
        sku="S",
        capabilities=("VirtualNetworks", "CustomerManagedKey"),
    )
    return replace(account, **changes)  # type: ignore[arg-type]


def a_vault(**changes: object) -> Vault:
    vault = Vault(
        id=VAULT_ID,
        uri=f"{VAULT_URI}/",
        location="West Europe",
        tenant_id=TENANT,
        soft_delete=True,
        purge_protection=True,
        policies=(PolicyEntry(PRINCIPAL, ("get", "wrapkey", "unwrapkey"), TENANT),),
    )
    return replace(vault, **changes)  # type: ignore[arg-type]


def a_version(version: str = V1, **changes: object) -> KeyVersion:
    key = KeyVersion(
        version=version,
        type="RSA",
        size=2048,
        operations=("wrapKey", "unwrapKey"),
        created=1_700_000_000 + int(version[0]),
        uri=key_uri(version),
    )
    return replace(key, **changes)  # type: ignore[arg-type]


def bound_to(version: str = V1, **changes: object) -> Encryption:
    return replace(
        Encryption("Microsoft.KeyVault", f"{VAULT_URI}/", "language-key", version),
        **changes,  # type: ignore[arg-type]
    )


class FakeAzure(Azure):
    """Answers without a client. What is given is there, in the place of the account or vault of its id.

    `failures[name]` are raised by the next calls of that name, one each; `lost` ones are raised after the
    call had its effect, as when the connection drops on the way back. `meanwhile[name]` happens at each call
    of that name, and `afterwards[name]` once it had its effect; both may be asynchronous. `stale` are the
    accounts that the next reads show, each as a front end that is behind. `calls` is every call made.
    """

    answered_at = 0.0
    echoes = True
    """Whether the answer to a PATCH shows the version of the key."""
    is_closed = False

    def __init__(self, *given: Account | Vault) -> None:
        self.accounts: dict[str, Account] = {}
        self.vaults: dict[str, Vault] = {}
        self.put(an_account(), a_vault(), *given)
        self.versions: list[KeyVersion] = [a_version()]
        self.roles: list[RoleAssignment] = []
        self.deleted: dict[str, list[Deleted]] = {"accounts": [], "vaults": []}
        self.failures: defaultdict[str, list[ServiceError]] = defaultdict(list)
        self.lost: defaultdict[str, list[ServiceError]] = defaultdict(list)
        self.stale: list[Account | None] = []
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.afterwards: dict[str, Callable[[], object]] = {}
        self.progress_script: list[Progress] = []
        self.answers: dict[str, Mapping[str, Any]] = {}
        self.calls: list[str] = []
        self.patches: list[Encryption] = []
        self.modes: list[str] = []
        self.upgrade_shown = Upgrade()

    def close(self) -> None:
        self.is_closed = True

    def put(self, *given: Account | Vault) -> None:
        for one in given:
            if isinstance(one, Account):
                self.accounts[one.id.lower()] = one
            else:
                self.vaults[one.id.lower()] = one

    def until(self, clock: Clock, seconds: float, failure: ServiceError, *names: str) -> list[float]:
        """Each call of these names fails before that moment. Gives the moments at which they are made."""
        moments: list[float] = []

        def fail() -> None:
            moments.append(clock.now())
            if moments[-1] < seconds:
                raise failure

        self.meanwhile.update(dict.fromkeys(names, fail))
        return moments

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return partial(self._called, name, found) if name in CALLS else found

    async def _called(self, name: str, act: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        named = " ".join(given[:2]) if name == "ask" else name
        self.calls.append(named)
        await _happens(self.meanwhile, named)
        if self.failures[named]:
            failure = self.failures[named].pop(0)
            if name == "account" and failure.is_absent:
                return None
            raise failure
        answer = await act(*given)
        if self.lost[named]:
            raise self.lost[named].pop(0)
        await _happens(self.afterwards, named)
        return answer

    async def account(self, account: ArmId) -> Account | None:
        return self.stale.pop(0) if self.stale else self.accounts.get(account.normalised)

    async def bind(self, account: ArmId, encryption: Encryption) -> Accepted:
        self.patches.append(encryption)
        self.accounts[account.normalised] = replace(self.accounts[account.normalised], encryption=encryption)
        url = "https://management.azure.com/operations/op-1?t=1&c=signed"
        return Accepted(url, key_version=encryption.key_version if self.echoes else "")

    async def upgrade(self, account: ArmId) -> Upgrade | None:
        return self.upgrade_shown if account.normalised in self.accounts else None

    async def set_upgrade(self, account: ArmId, mode: str) -> Accepted:
        self.modes.append(mode)
        self.upgrade_shown = Upgrade(mode)
        return Accepted("https://management.azure.com/operations/op-2")

    async def progress(self, operation_url: str) -> Progress:
        return self.progress_script.pop(0) if self.progress_script else Progress("Succeeded")

    async def vault(self, vault: ArmId) -> Vault | None:
        return self.vaults.get(vault.text.lower())

    async def key_version(self, key: ArmId, version: str | None) -> KeyVersion | None:
        if not version:
            return max(self.versions, key=lambda v: v.created or 0) if self.versions else None
        return next((v for v in self.versions if v.version == version), None)

    async def key_versions(self, key: ArmId) -> list[KeyVersion]:
        return list(self.versions)

    async def role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        return list(self.roles)

    async def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        return [one for one in self.roles if one.principal_id == principal_id]

    async def remove_policy(self, vault: ArmId, entry: PolicyEntry) -> None:
        found = self.vaults[vault.normalised]
        kept = tuple(one for one in found.policies if one != entry)
        self.vaults[vault.normalised] = replace(found, policies=kept)

    async def delete_role_assignment(self, assignment_id: str) -> None:
        self.roles = [one for one in self.roles if one.id != assignment_id]

    async def assign_hsm_role(self, scope: str, principal_id: str) -> RoleAssignment:
        role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER
        id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{len(self.roles)}"
        self.roles.append(RoleAssignment(scope, principal_id, role.id, role, id=id))
        return self.roles[-1]

    async def principal(self) -> Principal:
        return Principal("deployer", TENANT, "client")

    async def live_key_versions(self, vault_uri: str, name: str) -> list[KeyVersion]:
        return list(self.versions)

    async def rotate(self, vault_uri: str, name: str) -> KeyVersion:
        self.versions.append(a_version(str(len(self.versions) + 1) * 32))
        return self.versions[-1]

    async def deleted_accounts(self, subscription: str) -> list[Deleted]:
        return self.deleted["accounts"]

    async def deleted_vaults(self, subscription: str) -> list[Deleted]:
        return self.deleted["vaults"]

    async def ask(
        self, method: str, path: str, api_version: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        if path not in self.answers:
            raise ServiceError(404, "NotFound", path)
        return self.answers[path]

    async def listed(self, path: str, api_version: str) -> list[Mapping[str, Any]]:
        page = await self.ask("GET", path, api_version)
        more = await self.listed(page["nextLink"], api_version) if "nextLink" in page else []
        return [*page["value"], *more]


CALLS: Final = {name for name, found in vars(FakeAzure).items() if iscoroutinefunction(found)} - {
    "_called",
    "listed",
}


async def _happens(hooks: Mapping[str, Callable[[], object]], name: str) -> None:
    happened = hooks[name]() if name in hooks else None
    if isawaitable(happened):
        await happened
