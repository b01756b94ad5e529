"""What Azure refuses to azure-native: the cause and the setting that mends it, and what is tried again.

azure-native reports Azure's own error, which names no setting, and tries nothing again. Owns: the words, and
how long a refusal is taken for access that does not count yet. Whether a role assignment has reached a
vault, nobody but the identity itself can tell (reported cure: "5~10 min delay",
hashicorp/terraform-provider-azurerm#32855). Does not own: what kind of refusal an error is
(core/refusals.py).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

import pulumi

from components.hooks import error_hooks
from core.refusals import UNKNOWN_REFUSAL_SECONDS, Kind, kind_of_text
from core.roles import CRYPTO_OFFICER

WAIT_SECONDS = 1800.0
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0

_EXPLAINED = {
    "RequestDisallowedByPolicy": (
        "Azure Policy denies its account. If the policy requires a customer-managed key: an account that "
        "uses its own identity is created without one, because the identity must exist before it can be "
        "granted access. Set identity: userAssigned, which binds the key in the create, or have the resource "
        "group exempted while the account is created. What exists so far is kept and used"
    ),
    # "You can agree to Responsible AI terms by creating a resource through the Azure Portal"
    # (hashicorp/terraform-provider-azurerm#23580, Azure/azure-sdk-for-python#28233).
    "ResourceKindRequireAcceptTerms": (
        "nobody has accepted the terms of the Language service in this subscription yet, and no API can. "
        "Somebody with the role Cognitive Services Contributor at the subscription creates one Language "
        "resource in the Azure portal and ticks the notice on responsible use; it may be deleted afterwards. "
        "Then run the same command again"
    ),
    "ForbiddenByRbac": (
        "in its vault, which uses Azure RBAC, the identity that runs Pulumi needs a role on the vault's data "
        "even to make or read a key through Resource Manager. Set vault.keyOperators: [deployer], which "
        f"assigns {CRYPTO_OFFICER.name} at the vault before the key is made, or have that role assigned "
        "at the resource group; then run the same command again"
    ),
    "overlapping namespaces": (
        "its network is linked to a private DNS zone of the same name already; Azure allows only one. Set "
        "network.privateDnsZoneIds to the ids of the zones that the network has: az network private-dns zone "
        "list --query '[].id'"
    ),
    "RoleAssignmentExists": (
        "somebody has assigned this role to the identity already, outside this stack. Remove that "
        "assignment, or leave the identity out of the settings"
    ),
}


def explanation(service: str, errors: Sequence[str]) -> str | None:
    """What to do about the errors of a resource; None for an error that speaks for itself."""
    for pattern, words in _EXPLAINED.items():
        if any(re.search(pattern, error, re.IGNORECASE) for error in errors):
            return f"service {service!r}: {words}"
    return None


def refusal_hook(service: str, what: str, *, access_may_come: bool = False) -> list[pulumi.ErrorHook]:
    """A hook for `what` of a service: it explains what Azure refuses. `access_may_come`: the access that the
    resource needs was granted just before, so that it is tried again while it may not count yet, for half an
    hour, and for some minutes where Azure refuses it in unknown words."""
    begun: list[float] = []

    async def answer(failed: pulumi.ErrorHookArgs) -> bool:
        error = failed.errors[0] if failed.errors else ""
        begun.append(time.monotonic())
        if access_may_come and begun[-1] - begun[0] < _patience(error):
            pulumi.log.info(f"service {service!r}: waiting for the access to the key to count: {error}")
            await asyncio.sleep(min(_FIRST_PAUSE * 2 ** (len(begun) - 1), _LONGEST_PAUSE))
            return True
        if words := explanation(service, failed.errors):
            pulumi.log.error(words)
        return False

    return error_hooks(f"{service}-{what}-refused", answer)


def _patience(error: str) -> float:
    """Seconds for which an error may mean that access does not count yet."""
    kind = kind_of_text(error)
    if kind is Kind.UNKNOWN:
        return 0.0 if explanation("", [error]) else UNKNOWN_REFUSAL_SECONDS
    return WAIT_SECONDS if kind is Kind.PROPAGATING else 0.0
