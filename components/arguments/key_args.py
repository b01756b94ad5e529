"""The arguments of a key that is made: what it is, and when its vault rotates it."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import pulumi

from components.arguments import checks, names
from components.arguments.checks import Tags
from components.arguments.inputs import Arguments, ComponentArguments, Rule, argument
from core import arm_ids, demands, kinds
from core.service.problem import Problem

RSA, RSA_HSM = demands.KEY_TYPES
EXPIRES_AFTER_DAYS = 730
ROTATES_AFTER_DAYS = 540
# A `pulumi up` must bind the new version before the old one expires (demands.EXPIRED).
DAYS_TO_REBIND = 30
# Azure makes no new version sooner (azure/key-vault/keys/how-to-configure-key-rotation). It takes an expiry
# of 28 days, which leaves no room for both.
LEAST_ROTATION_DAYS, MOST_ROTATION_DAYS = 7, 3620
LEAST_EXPIRY_DAYS, MOST_EXPIRY_DAYS = LEAST_ROTATION_DAYS + DAYS_TO_REBIND, 3650


def _rotation_before_expiry(key: "MadeKeyArguments") -> Iterator[Problem]:
    expires, rotates = key.expires_after_days, key.rotates_after_days
    if rotates > expires - DAYS_TO_REBIND:
        yield Problem(
            "rotatesAfterDays",
            f"found {rotates}, with expiry after {expires} days; expected at most "
            f"{expires - DAYS_TO_REBIND}: {demands.EXPIRED}, and it takes a `pulumi up` to bind the next one",
        )


@dataclass(frozen=True, kw_only=True)
class MadeKeyArguments(Arguments):
    """The properties of a key made here, and when the vault rotates it: early enough for a new version to be
    bound before the old one expires."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_rotation_before_expiry,)

    type: str = argument(RSA, choices=demands.KEY_TYPES)
    """Optional. `RSA` (default), which software protects, or `RSA-HSM`, which hardware protects, in a vault
    of tier `premium`. A key keeps the type that it was made with."""
    size: int = argument(demands.KEY_SIZE, choices=kinds.KEY_SIZES)
    """Optional. Bits of the key: 2048 by default; for accounts of kind AIServices also 3072 or 4096. A key
    keeps the size that it was made with."""
    expires_after_days: int = argument(
        EXPIRES_AFTER_DAYS, minimum=LEAST_EXPIRY_DAYS, maximum=MOST_EXPIRY_DAYS
    )
    """Optional. Days until a version made by rotation expires; 730 by default. Applied when the key is
    made."""
    rotates_after_days: int = argument(
        ROTATES_AFTER_DAYS, minimum=LEAST_ROTATION_DAYS, maximum=MOST_ROTATION_DAYS
    )
    """Optional. Days after which the vault creates a new version automatically; 540 by default. `pulumi up`
    binds it. Applied when the key is made."""


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyArgs(MadeKeyArguments, ComponentArguments):
    """Inputs of EncryptionKey."""

    vault_id: pulumi.Input[str] = argument(check=checks.resource_id(arm_ids.VAULT))
    """Required. ARM id of the vault the key is in."""
    key_name: str = argument("", check=names.KEY.checked)
    """Optional. Unique in its vault; default `cmk-<name>`."""
    tags: Tags | None = None
    """Optional. Tags of the key."""

    def completed(self) -> Self:
        """The arguments with the key's name."""
        return dataclasses.replace(
            self, key_name=self.key_name or names.derived("key", self, argument="keyName")
        )
