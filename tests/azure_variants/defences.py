"""How to take out what the product does about each switch (docs/every-azure.md says what): a life fails then.

The patches are of the product, or, where it is the program's inputs that protect, of what is sent. A switch
that is not here needs nothing of this product. That the switch makes a difference, the facts of the local
Azure show (tests/localazure/facts).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any, NamedTuple
from unittest.mock import patch

import pulumi

from components.resources.references import VaultReference
from components.resources.vault_writes import of_vault
from core import arm_ids
from core.clouds import Cloud
from core.facts import Account
from core.refusals import NOT_TRUSTED, RefusalKind
from core.service.account import AccountBefore, bound_key
from localazure import throttling
from localazure.standin.answer import Answer
from operate import verify
from provider import account_changes
from provider.azure import Retries
from provider.errors import ROWS
from provider.failure import ServiceError
from provider.waiting import Waiter
from tests.support.providers import Session

Patches = Callable[[], list[AbstractContextManager[Any]]]
_NEVER = re.compile(r"(?!)")
_UNKNOWN_PRINCIPAL = {
    "mode": "Azure RBAC",
    "principals_visible_after": 20.0,
    "principal_type": "checked",
    "synchronous_creates": True,
}


class Defence(NamedTuple):
    """What is done about one switch: a row in which that matters, and the patches that take it out."""

    row: Mapping[str, Any]
    out: Patches

    def taken_out(self) -> ExitStack:
        """A context in which the product is without it."""
        stack = ExitStack()
        for one in self.out():
            stack.enter_context(one)
        return stack


def _no_waiting_for_access() -> list[AbstractContextManager[Any]]:
    return [_without_waiting(RefusalKind.PROPAGATING, waits) for waits in ("_WAITS", "_BINDING_WAITS")]


def _without_waiting(kind: RefusalKind, waits: str) -> AbstractContextManager[Any]:
    without = {one: how for one, how in getattr(account_changes, waits).items() if one is not kind}
    return patch.object(account_changes, waits, without)


def _no_known_words() -> list[AbstractContextManager[Any]]:
    return [
        patch("core.refusals._PROPAGATING", _NEVER),
        _without_waiting(RefusalKind.UNKNOWN, "_BINDING_WAITS"),
    ]


def _believes_what_was_accepted() -> list[AbstractContextManager[Any]]:
    async def unseen(*_: Any, **__: Any) -> None:
        """Does not look at the operation."""

    return [
        patch.object(account_changes, "_follow", unseen),
        patch.object(account_changes, "_SUCCEEDED", {"", "succeeded", "failed", "accepted"}),
        patch("provider.account_changes.mismatches", lambda *_: []),
        patch("provider.customer_managed_key.bound_outputs", lambda inputs, *_, **__: dict(inputs)),
    ]


def _does_not_wait_for_the_operation() -> list[AbstractContextManager[Any]]:
    return [
        *_believes_what_was_accepted()[:2],
        patch.object(
            account_changes, "_SETTLED", {"", "succeeded", "failed", "accepted", "updating", "creating"}
        ),
    ]


def _never_throttled() -> list[AbstractContextManager[Any]]:
    async def raise_it(_: Retries, failure: Exception) -> None:
        raise failure

    # How fast a life asks is not the same each time; of so few tokens every one asks too many.
    few = {**throttling._LIMITS, "GET": ("reads", 20, 1)}
    return [
        patch.object(Retries, "pause_or_raise", raise_it),
        patch.object(throttling, "_LIMITS", few),
    ]


def _account_without_identity() -> list[AbstractContextManager[Any]]:
    send = Session.send

    def without(self: Session, method: str, url: str, body: Any = None) -> Answer:
        is_account = method == "PUT" and "/accounts/" in url and "/providers/Microsoft.Insights" not in url
        if is_account and self.exists(url):
            body = {name: value for name, value in body.items() if name != "identity"}
        return send(self, method, url, body)

    return [patch.object(Session, "send", without)]


def _key_is_not_in_the_write() -> list[AbstractContextManager[Any]]:
    return [
        patch.object(AccountBefore, "bound_key", None),
        patch("components.resources.account.key_guard", lambda *_, **__: pulumi.ResourceHookBinding()),
    ]


def _held_names_are_not_explained() -> list[AbstractContextManager[Any]]:
    async def unasked(*_: Any) -> None:
        """Does not ask whether a name is taken."""

    return [
        patch("components.azure_failures._is_held", lambda *_: False),
        patch("provider.deployment.checks._taken_in_the_world", unasked),
    ]


def _shares_no_writes(vault: VaultReference, what: str, own: Any) -> Any:
    return [] if what == "writes" else of_vault(vault, what, own)


def _unserialised_writes() -> list[AbstractContextManager[Any]]:
    return [
        patch("components.resources.vault_writes.of_vault", _shares_no_writes),
        patch("components.azure_failures.is_busy_text", lambda _: False),
        patch.object(ServiceError, "is_parallel_write", property(lambda _: False)),
    ]


def _is_of_one_host(cloud: Cloud, url: str) -> bool:
    return url.startswith(f"{cloud.resource_manager}/")


async def _once(waiter: Waiter, look: Callable[[], Awaitable[Any]], *_: Any) -> Any:
    return await look()


def _no_patience() -> list[AbstractContextManager[Any]]:
    refused = verify.refused
    return [patch.object(verify, "refused", lambda client, _: refused(client, 0))]


DEFENCES: Mapping[str, Defence] = {
    "trusted_services_reach_vault": Defence(
        {"trusted_services_reach_vault": False},
        lambda: [patch("provider.errors.ROWS", [one for one in ROWS if one.cause != NOT_TRUSTED])],
    ),
    "cmk_with_rbac_vault": Defence(
        {"mode": "Azure RBAC", "cmk_with_rbac_vault": "refused"},
        lambda: [patch("provider.errors.RBAC_ROWS", ROWS)],
    ),
    "operation_seconds": Defence(
        {"operation_seconds": 92.0, "missing_grant": "fails_later", "grant_delay_seconds": 300.0},
        _does_not_wait_for_the_operation,
    ),
    "grant_delay_seconds": Defence({"grant_delay_seconds": 1200.0}, _no_waiting_for_access),
    **dict.fromkeys(
        ("principals_visible_after", "principal_type"),
        Defence(
            _UNKNOWN_PRINCIPAL, lambda: [patch("components.declared.waiting_hooks", lambda *_, **__: [])]
        ),
    ),
    "deleted_resources_visible_after": Defence(
        {"deleted_resources_visible_after": 30.0}, _held_names_are_not_explained
    ),
    "key_remembered_seconds": Defence({"key_remembered_seconds": 3600.0}, _no_patience),
    "read_lag_seconds": Defence(
        {"read_lag_seconds": 30.0}, lambda: [patch.object(account_changes, "READ_LAG_SECONDS", 0.0)]
    ),
    # A refresh reads the vault once for each of its three access policies, one after another, so that every
    # other of these reads is late, however many there were before. The policies are written half a minute
    # before the account is there, give or take what else is under way: the lag is longer than that.
    "lagging_reads": Defence(
        {
            "mode": "user-assigned identity",
            "refresh": True,
            "read_lag_seconds": 50.0,
            "lagging_reads": "every_other",
        },
        lambda: [patch.object(Waiter, "twice", _once)],
    ),
    "throttling": Defence({"throttling": "token_bucket"}, _never_throttled),
    "ids_casing": Defence(
        {"ids_casing": "lower"}, lambda: [patch.object(arm_ids, "_SCOPE", re.compile(arm_ids._SCOPE.pattern))]
    ),
    "location_spelling": Defence(
        {"location_spelling": "display_name"}, lambda: [patch("core.regions.normalised", str)]
    ),
    "key_vault_uri": Defence(
        {"key_vault_uri": "with_slash"},
        lambda: [patch("core.key_uris.vault_host", lambda uri: uri.removeprefix("https://"))],
    ),
    "key_version": Defence(
        {"key_version": "dropped"},
        lambda: [
            patch("provider.customer_managed_key.as_recorded", lambda _, account: account),
            patch.object(AccountBefore, "bound_key", property(lambda before: bound_key(before.live))),
        ],
    ),
    "system_identity_client_id": Defence(
        {"system_identity_client_id": "echoed"},
        lambda: [patch.object(Account, "without_own_client", lambda account, _: account)],
    ),
    "operation_hosts": Defence(
        {"operation_hosts": "regional"}, lambda: [patch.object(Cloud, "is_resource_manager", _is_of_one_host)]
    ),
    "put_without_encryption": Defence({"put_without_encryption": "unbinds"}, _key_is_not_in_the_write),
    "put_without_identity": Defence({"put_without_identity": "removes"}, _account_without_identity),
    "put_without_user_owned_storage": Defence(
        {"put_without_user_owned_storage": "removes"},
        lambda: [patch("components.resources.account.with_kept", lambda properties, *_: dict(properties))],
    ),
    "failed_operations_keep": Defence(
        {"failed_operations_keep": "none", "missing_grant": "fails_later", "grant_delay_seconds": 300.0},
        _believes_what_was_accepted,
    ),
    "missing_grant": Defence(
        {"missing_grant": "properties_invalid", "grant_delay_seconds": 1200.0}, _no_known_words
    ),
    "vault_write_seconds": Defence({"vault_write_seconds": 0.5}, _unserialised_writes),
    "arm_keys_need_data_role": Defence(
        {"mode": "Azure RBAC", "arm_keys_need_data_role": True},
        lambda: [patch("components.azure_failures.missing_data_role", lambda _: None)],
    ),
}
