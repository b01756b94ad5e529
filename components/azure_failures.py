"""Explains failures of azure-native whose text does not say the way out, and tries some of them again.

- A read did not show what was just written, or still showed what was deleted. azure-native reads before it
  creates a resource, and fails where a read lags behind. Resource Manager documents that reads may
  (learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found).
- A soft-deleted resource holds a name, and is not listed yet.
- A key may be read through Resource Manager only with a role on the vault's data.
- Azure refuses something until a setting, or somebody else, corrects it.
- azure-native makes a key by a version of the API that has ended (core/api_versions.py).
- Access was granted just before, and may not count yet. Whether a role assignment has reached a vault, nobody
  but the identity itself can tell (reported cure: "5~10 min delay",
  hashicorp/terraform-provider-azurerm#32855).

Owns: these explanations, and how long a refusal is taken for access that does not count yet. Does not own:
what kind of refusal an error is (core/refusals.py).
"""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pulumi

from components.sdk.hooks import error_hooks
from core.api_versions import AZURE_NATIVE_VAULTS
from core.commands import set_policy, take_over
from core.key_uris import vault_name
from core.refusals import (
    KEY_REFUSED,
    NEEDS_DATA_ROLE,
    NO_POLICY,
    NOT_TRUSTED,
    OPENING,
    OR_OPEN,
    POLICIES_ONLY,
    TO_POLICIES,
    UNKNOWN_REFUSAL_SECONDS,
    RefusalKind,
    is_busy_text,
    is_failed_operation,
    kind_of_text,
    plugin_refusal,
)
from core.resource_types import ACCESS_POLICY, ACCOUNT, KEY, ROLE_ASSIGNMENT, parse_urn
from core.rights import NEEDED
from core.roles import CRYPTO_OFFICER
from core.service.account import bound_key
from core.service.existing_resources import leave_operator_out

_SEEN = re.compile(r"cannot create already existing (?:sub)?resource ['\"](?P<id>[^'\"]+)['\"]")
_OF_OPERATOR = re.compile(r"-operator-(?P<operator>deployer|[0-9a-fA-F-]{36})-access")
_KEPT_OUT = re.compile(r"is not (?:from )?a trusted service.*\bVault: (?P<vault>[\w-]+)", re.DOTALL)
_NO_ACCESS = re.compile(f"{NO_POLICY}|{KEY_REFUSED}|ForbiddenByRbac")
_UNSEEN = frozenset({"ResourceNotFound", "ParentResourceNotFound"})

WAIT_SECONDS = 1800.0
_A_MONTH = timedelta(days=30)
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0
_BUSY_TRIES = 9
"""How often a write is tried again that Azure refuses because of another change: for five minutes. A change
of an account was observed to take a minute and a half."""

_UNUSABLE_KEY = (
    "the service cannot use the account's key, so Azure refuses every write of the account: its "
    "identity has no access, or none that counts yet, or the version that the account is bound to has "
    "expired or is disabled, or its allowedFqdnList lacks the vault's host. Nothing is lost. Run `pulumi "
    "refresh`, and then run the same command again in ten minutes"
)


def made_usable(version: str) -> str:
    """The way out where the version that an account is bound to, a URI, wraps nothing."""
    month = (datetime.now(UTC) + _A_MONTH).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"Make the version usable for a month with `az keyvault key set-attributes --id {version} --enabled "
        f"true --expires {month}`, run the same command again, and raise `generation` for a new version "
        "after it"
    )


def missing_data_role(error: str) -> str | None:
    """The fix if azure-native may not read a key: for a vault under Azure RBAC, Resource Manager may demand a
    role on the vault's data, and says so with 400 (pulumi-azure-native#890). None for another error."""
    if NEEDS_DATA_ROLE not in error:
        return None
    return (
        f"fix: give the deploying principal the role {CRYPTO_OFFICER.name!r} on the vault or its resource "
        "group, or set vault.keyOperators: [deployer], which does so before the key is made; it is needed "
        "even to read a key through Resource Manager"
    )


def explanation(
    name: str,
    type: str,
    error: str,
    stack: str = "STACK",
    version: str = "",
    *,
    untried_rbac: bool = False,
    grantee: str = "",
    owns_vault: bool = False,
) -> str | None:
    """The way out of an error of azure-native; None for an error that is not known here. `version` is the URI
    of the key version that an account is written with, or ""; `untried_rbac`: its vault is under Azure RBAC,
    and it has used no key there yet. `grantee` is the object id of the identity that an access policy is to
    let use the key, or "". `owns_vault`: the service makes the vault."""
    refusal = plugin_refusal(error)
    code = refusal.code if refusal else ""
    if code in _UNSEEN:
        return (
            f"{name}: Azure does not show yet what this update wrote or uses, because its reads may lag "
            "behind for a minute. Nothing is lost; run the same command again"
        )
    found = _SEEN.search(error)
    of_operator = _OF_OPERATOR.search(name)
    if of_operator and (found or code == "RoleAssignmentExists"):
        existing_id = found["id"] if found and owns_vault else ""
        return f"{name}: {leave_operator_out(of_operator['operator'], existing_id)}"
    if found:
        return unrecorded(name, found["id"], type, stack)
    if _is_held(code, error):
        return (
            f"{name}: a soft-deleted resource holds the name, which Azure lists late after a delete. Run the "
            "same command again in a minute, which says how to bring it back; or give another name"
        )
    if fix := missing_data_role(error):
        return f"{name}: {fix}"
    if type == KEY and "NoRegisteredProviderFound" in error:
        return (
            f"{name}: this release of azure-native makes keys by API version {AZURE_NATIVE_VAULTS}, which "
            "Azure refuses. Run `pip install --upgrade pulumi-azure-native` for a later one, and then the "
            "same command again"
        )
    if type == ACCOUNT and (words := _of_account(error, version, grantee, untried_rbac=untried_rbac)):
        return f"{name}: {words}"
    return None


def _is_held(code: str, error: str) -> bool:
    """Whether a soft-deleted resource holds the name."""
    return code == "FlagMustBeSetForRestore" or "already exists in deleted state" in error


def _of_account(error: str, version: str, grantee: str, *, untried_rbac: bool) -> str | None:
    """What to do about an error of an account's write; None if it is not known."""
    if kept_out := _KEPT_OUT.search(error):
        return (
            f"{NOT_TRUSTED}. List the service's addresses in network.allowedIpRanges{OR_OPEN}; for a "
            f"vault that is not made here, run `az keyvault update --name {kept_out['vault']} {OPENING}`"
        )
    if untried_rbac and _NO_ACCESS.search(error):
        way_out = TO_POLICIES.format(vault_name=vault_name(version) or "VAULT", subscription="")
        return f"{POLICIES_ONLY}. To get on, {way_out}"
    if grantee and version and re.search(NO_POLICY, error):
        give = set_policy(vault_name(version) or "VAULT", grantee, NEEDED)
        return f"the vault gives the account's identity no access. Run `{give}`, then the same command again"
    if KEY_REFUSED in error:
        return (
            f"{_UNUSABLE_KEY}. If Azure refuses that, too: {made_usable(version)}"
            if version
            else _UNUSABLE_KEY
        )
    return None


def unrecorded(name: str, id: str, type: str, stack: str) -> str:
    """The way out if a resource exists that this stack does not record. It never deletes an access to a key:
    a bound account would lose it, and Azure deletes the data of some kinds then."""
    vault, _, object_id = id.partition("/accessPolicy/")
    if type == ACCESS_POLICY:
        other = f"run `{set_policy(vault, object_id, NEEDED)}` and then the same command again"
    elif type == ROLE_ASSIGNMENT and not name.endswith("-access"):
        other = f"run `az role assignment delete --ids {id}` first"
    else:
        other = ""
    return (
        f"{name}: {id} exists, and this stack does not record it. With --replace, leave that out. If it was "
        "just deleted, reads may lag behind for a minute: run the same command again; "
        f"{take_over(stack)}{other and f'. Where that takes nothing over, {other}'}"
    )


def explaining_hooks(owner: str, *, owns_vault: bool = False) -> list[pulumi.ErrorHook]:
    """Hooks that report the explanation, for the resources of the component `owner`: the engine knows hooks
    by their names, and a package makes components in runs of its own. What Azure refuses because of another
    change is tried again for some minutes. `owns_vault`: as for `explanation`."""
    return error_hooks(f"{owner} explanations", partial(_answer, owns_vault=owns_vault))


def waiting_hooks(
    service: str, what: str, *, hopeless: str = "", states_key: bool = True, **situation: Any
) -> list[pulumi.ErrorHook]:
    """Hooks that report the explanation for `what` of a service, whose access was granted just before. The
    write is tried again while that may not count yet: for half an hour, or for some minutes where Azure
    refuses it in unknown words. `hopeless` is a cause that was read and that no wait removes, and without
    `states_key` the write is of an account on Microsoft-managed keys, which waits for no access. `situation`:
    `untried_rbac` and `grantee`, as for `explanation`."""
    begun: list[float] = []

    async def answer(failed: pulumi.ErrorHookArgs) -> bool:
        error = failed.errors[0] if failed.errors else ""
        if _is_there(failed):
            # Azure would refuse a second create, which leaves it out of the state.
            if kind_of_text(error) is RefusalKind.PROPAGATING:
                pulumi.log.error(
                    f"service {service!r}: Azure took the resource, but its access to the key does not count "
                    "yet. The state has what Azure kept. Run the same command again in ten minutes: "
                    "access may take that long to count"
                )
            return _report(failed, **situation)
        patience = _patience(error) if states_key else 0.0
        if patience and hopeless:
            pulumi.log.error(f"{failed.name}: {hopeless}")
            return False
        begun.append(time.monotonic())
        left = patience - (begun[-1] - begun[0])
        if left > 0:
            pulumi.log.info(
                f"service {service!r}: waiting for the access to the key to count, until {_in(left)} at the "
                f"latest: {error}"
            )
            await asyncio.sleep(_pause(len(begun)))
            return True
        return await _answer(failed, **situation)

    return error_hooks(f"{service}-{what}-refused", answer)


async def _answer(failed: pulumi.ErrorHookArgs, **situation: Any) -> bool:
    """Waits while Azure makes another change of the same resource, which ends by itself; reports any other
    refusal. The engine tells every error of the resource, the newest first."""
    tries = len(failed.errors)
    if not is_busy_text(failed.errors[0] if tries else "") or _is_there(failed) or tries > _BUSY_TRIES:
        return _report(failed, **situation)
    left = sum(map(_pause, range(tries, _BUSY_TRIES + 1)))
    pulumi.log.info(
        f"{failed.name}: waiting for another change in Azure to end, until {_in(left)} at the latest: "
        f"{failed.errors[0]}"
    )
    await asyncio.sleep(_pause(tries))
    return True


def _is_there(failed: pulumi.ErrorHookArgs) -> bool:
    """Whether Azure has made the resource all the same."""
    return failed.failed_operation == "create" and is_failed_operation((failed.errors or [""])[0])


def _pause(tries: int) -> float:
    """Seconds before the next try, after so many."""
    return min(_FIRST_PAUSE * 2.0 ** (tries - 1), _LONGEST_PAUSE)


def _in(seconds: float) -> str:
    """The time in so many seconds, as messages write it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%H:%M UTC")


def _report(failed: pulumi.ErrorHookArgs, **situation: Any) -> bool:
    stack, bound = parse_urn(failed.urn).stack, bound_key(failed.new_inputs)
    version = bound.uri if bound else ""
    for error in failed.errors:
        if words := explanation(failed.name, failed.type, error, stack, version, **situation):
            pulumi.log.error(words)
    return False  # azure-native has written it already, and would refuse a second write


def _patience(error: str) -> float:
    """Seconds for which an error may mean that access does not count yet."""
    kind = kind_of_text(error)
    if kind is RefusalKind.UNKNOWN:
        return 0.0 if explanation("", ACCOUNT, error) else UNKNOWN_REFUSAL_SECONDS
    return WAIT_SECONDS if kind is RefusalKind.PROPAGATING else 0.0
