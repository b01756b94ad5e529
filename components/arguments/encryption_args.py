"""The arguments for the encryption of a service's data: whose key, in which vault, used by whom."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from components.arguments import checks, names
from components.arguments.inputs import Arguments, ComponentArguments, Rule, argument, arguments, known_text
from components.arguments.key_args import RSA_HSM, MadeKeyArguments
from components.arguments.vault_args import PREMIUM, TIERS
from core import arm_ids, key_uris
from core.resource_types import camel_case
from core.roles import HSM_CRYPTO_USER
from core.service.desired import (
    ACCESS_POLICY,
    AUTOMATIC,
    BOTH,
    CUSTOMER_MANAGED,
    GRANTED,
    MICROSOFT_MANAGED,
    PINNED,
    RBAC,
    REVOKED,
    SYSTEM_ASSIGNED,
    USER_ASSIGNED,
    EncryptionChoices,
)
from core.service.problem import Fix, Problem


def _made_or_existing(noun: str, *made: str) -> Callable[[Any], Iterator[Problem]]:
    """A rule for a group whose `id` names an existing resource: it refuses the arguments of a new one."""

    def rule(group: Any) -> Iterator[Problem]:
        for one in made:
            if group.id is not None and one in group.given:
                found = f"is for a {noun} made here, but id names one that exists; remove one of them"
                yield Problem(camel_case(one), found)

    return rule


def _pinned_or_automatic(key: "ServiceKeyArgs") -> Iterator[Problem]:
    if key.version == AUTOMATIC and key.pin is not None:
        yield Problem(
            "pin", f"names a version to stay on, but found version: {AUTOMATIC}; remove one of them"
        )


@dataclass(frozen=True, kw_only=True)
class ServiceVaultArgs(Arguments):
    """The vault of a service: made here, or one that exists."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_made_or_existing("vault", "name", "sku"),)

    name: str = argument("", check=names.VAULT.checked)
    """Optional. Name of the vault made here, globally unique. Default: `kv-<name>`."""
    sku: str = argument(TIERS[0], choices=TIERS)
    """Optional. Tier of the vault made here: `standard` (default), or `premium`, which has keys that hardware
    protects (`key.type: RSA-HSM`)."""
    id: pulumi.Input[str] | None = argument(None, check=checks.resource_id(arm_ids.VAULT))
    """Optional. ARM id of an existing vault, in any subscription of the tenant. No vault is made then."""
    key_operators: Sequence[str] = argument((), check=checks.principal)
    """Optional. Object ids that may create new versions of the key, which a higher `key.generation` does;
    `deployer` is the identity that runs Pulumi. With `accessModel: rbac` they get the role Key Vault Crypto
    Officer at the vault, before the key is made. An operator who already has an access policy or this role,
    from elsewhere, is refused: if several programs share a vault, only the one that owns it lists its
    operators."""


@dataclass(frozen=True, kw_only=True)
class ServiceKeyArgs(MadeKeyArguments):
    """The key of a service: made here, or one that exists."""

    _RULES: ClassVar[tuple[Rule, ...]] = (
        _made_or_existing("key", "name", *arguments(MadeKeyArguments)),
        _pinned_or_automatic,
    )

    name: str = argument("", check=names.KEY.checked)
    """Optional. Name of the key made here. Default: `cmk-<name>`."""
    id: pulumi.Input[str] | None = argument(None, check=arm_ids.key_id)
    """Optional. ARM id of an existing RSA key, without a version, in a vault or a managed HSM:
    `.../managedHSMs/HSM/keys/KEY`. Neither vault nor key is made then."""
    generation: int | None = argument(None, minimum=0)
    """Optional. A higher number creates a new version of the key and binds the account to it. A lower one is
    refused. The update must reach the vault: with `network.access: closed` none does."""
    pin: str | None = argument(None, check=key_uris.version)
    """Optional. Key version (32 hexadecimal digits) to stay on. Default: the newest that is enabled."""
    version: str = argument(PINNED, choices=(PINNED, AUTOMATIC))
    """Optional. How the account follows the key. `pinned` (default): it names one version, which evidence
    shows, and an update moves it to another. `automatic`, only with kind AIServices: it names none, and Azure
    moves it to the newest version by itself."""


def _without_customer_key(service: "EncryptionArguments") -> Iterator[Problem]:
    for path, given in (("vault", service.vault.given), ("key", service.key.given)):
        if given and not service.has_key:
            yield Problem(
                path,
                "is for a customer-managed key, but found encryption: microsoftManaged; remove one of them "
                "or, for an account that is to leave its key, keep both and set unbindAccount to its name",
            )


def _hardware_key(service: "EncryptionArguments") -> Iterator[Problem]:
    if service.makes_vault and service.key.type == RSA_HSM and service.vault.sku != PREMIUM:
        yield Problem(
            "vault.sku",
            f"found {service.vault.sku!r}, but key.type is {RSA_HSM}, which only a vault of tier {PREMIUM} "
            f"has; set vault.sku: {PREMIUM}",
            Fix(PREMIUM),
        )


def _vault_of_key(service: "EncryptionArguments") -> Iterator[Problem]:
    key_id, vault_id = known_text(service.key.id), known_text(service.vault.id)
    for one in ("name", "sku"):
        if service.key.id is not None and one in service.vault.given:
            found = "is for a vault made here, but key.id names a key in one that exists"
            yield Problem(f"vault.{one}", found)
    if key_id and vault_id and not arm_ids.same(arm_ids.key_id(key_id).parent.text, vault_id):
        yield Problem("key.id", f"is not a key of the vault {vault_id!r}; remove vault.id, key.id is enough")


def _managed_hsm(service: "EncryptionArguments") -> Iterator[Problem]:
    if not service.in_managed_hsm:
        return
    if "access_model" in service.given:
        yield Problem(
            "accessModel",
            "is for a vault, but key.id names a key of a managed HSM, which has roles of its own; remove it",
            Fix(),
        )
    if service.vault.key_operators:
        yield Problem(
            "vault.keyOperators",
            "is for a vault, but key.id names a key of a managed HSM; remove it, and have an administrator "
            f"of the HSM give them the role {HSM_CRYPTO_USER.name!r} (`az keyvault role assignment create`)",
        )


@dataclass(frozen=True, kw_only=True)
class EncryptionArguments(EncryptionChoices, ComponentArguments):
    """How the data of a service is encrypted."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_without_customer_key, _vault_of_key, _hardware_key, _managed_hsm)

    encryption: str = argument(CUSTOMER_MANAGED, choices=(CUSTOMER_MANAGED, MICROSOFT_MANAGED))
    """Optional. Who manages the key that encrypts the data at rest: `customerManaged` (default) or
    `microsoftManaged`. A customer-managed key can be added later."""
    identity: str = argument(SYSTEM_ASSIGNED, choices=(SYSTEM_ASSIGNED, USER_ASSIGNED, BOTH))
    """Optional. Which identity uses the key. `systemAssigned` (default): the account's own, bound in two
    phases; `userAssigned` or `systemAndUserAssigned`: an identity made before the account, which is then
    created with its key."""
    access_model: str = argument(ACCESS_POLICY, choices=(ACCESS_POLICY, RBAC))
    """Optional. How the vault grants the use of its keys: `accessPolicy` (default), which Language's own page
    asks for, or `rbac`, Azure RBAC, which Foundry's page recommends; that the service takes a key of such a
    vault, nobody has observed here. For an existing vault, give the model that it uses."""
    access: str = argument(GRANTED, choices=(GRANTED, REVOKED))
    """Optional. Whether the account may use the key; `granted` by default. `revoked` removes the grant:
    requests for the account's data then answer 403, while vault, key, account and binding stay; `granted`
    restores it. For some kinds Azure then deletes data (docs/coverage.md): they need
    `revokeAccount`, too."""
    revoke_account: str | None = argument(None, check=names.ACCOUNT.checked)
    """Optional. Name of the account of which `access: revoked` may delete data that `access: granted` does
    not bring back; needed for some kinds (docs/coverage.md)."""
    unbind_account: str | None = argument(None, check=names.ACCOUNT.checked)
    """Optional. Name of the account that `encryption: microsoftManaged` may unbind from the customer-managed
    key; it needs `access: granted`. No data is lost; vault, key and access stay as long as this is set, and
    so do their settings. If the account is protected, run `pulumi up` with this change alone first."""
    vault: ServiceVaultArgs = ServiceVaultArgs()
    """Optional. The vault: made here, or one that exists."""
    key: ServiceKeyArgs = ServiceKeyArgs()
    """Optional. The key: made here, or one that exists."""
