"""What the product does about each switch, and how to take that out: then a life fails.

`out` are patches of the product, or, where it is the program's inputs that protect, of what is sent. A switch
without an `out` needs nothing of this product; `does` says why. That the switch makes a difference, the facts
of the local Azure show (tests/localazure/facts).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pulumi

from components.account_write import AccountBefore, bound_key
from core import arm_ids
from core.clouds import Cloud
from core.facts import Account
from core.refusals import NOT_TRUSTED, RefusalKind
from localazure import throttling
from localazure.standin.azure import Answer
from operate import verify
from provider import customer_managed_key as binding_resource
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
_LATE = {"read_lag_seconds": 30.0}


@dataclass(frozen=True)
class Defence:
    """One switch: in words what the product does, a row in which that matters, and the patches."""

    switch: str
    does: str
    row: Mapping[str, Any] = field(default_factory=dict)
    out: Patches | None = None

    def taken_out(self) -> ExitStack:
        """A context in which the product is without it."""
        stack = ExitStack()
        for one in self.out() if self.out else ():
            stack.enter_context(one)
        return stack


def _no_waiting_for_access() -> list[AbstractContextManager[Any]]:
    return [_without_waiting(RefusalKind.PROPAGATING, waits) for waits in ("_WAITS", "_BINDING_WAITS")]


def _without_waiting(kind: RefusalKind, waits: str) -> AbstractContextManager[Any]:
    without = {one: how for one, how in getattr(binding_resource, waits).items() if one is not kind}
    return patch.object(binding_resource, waits, without)


def _no_known_words() -> list[AbstractContextManager[Any]]:
    return [
        patch("core.refusals._PROPAGATING", _NEVER),
        _without_waiting(RefusalKind.UNKNOWN, "_BINDING_WAITS"),
    ]


def _believes_what_was_accepted() -> list[AbstractContextManager[Any]]:
    async def unseen(*_: Any, **__: Any) -> None:
        """Does not look at the operation."""

    return [
        patch.object(binding_resource.CustomerManagedKeyHandler, "_follow", unseen),
        patch.object(binding_resource, "_SUCCEEDED", {"", "succeeded", "failed", "accepted"}),
        patch("provider.customer_managed_key.mismatches", lambda *_: []),
        patch("provider.customer_managed_key.bound_outputs", _outputs_as_asked),
    ]


def _outputs_as_asked(inputs: Mapping[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
    return dict(inputs)


def _does_not_wait_for_the_operation() -> list[AbstractContextManager[Any]]:
    return [
        *_believes_what_was_accepted()[:2],
        patch.object(
            binding_resource, "_SETTLED", {"", "succeeded", "failed", "accepted", "updating", "creating"}
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


def _sends(change: Callable[[Session, str, str, Any], Any]) -> list[AbstractContextManager[Any]]:
    """azure-native's requests with another body."""
    send = Session.send

    def other(self: Session, method: str, url: str, body: Any = None) -> Answer:
        return send(self, method, url, change(self, method, url, body))

    return [patch.object(Session, "send", other)]


def _account_without_identity() -> list[AbstractContextManager[Any]]:
    def change(session: Session, method: str, url: str, body: Any) -> Any:
        is_account = method == "PUT" and "/accounts/" in url and "/providers/Microsoft.Insights" not in url
        if is_account and session.exists(url):
            return {name: value for name, value in body.items() if name != "identity"}
        return body

    return _sends(change)


def _key_is_not_in_the_write() -> list[AbstractContextManager[Any]]:
    return [
        patch.object(AccountBefore, "bound_key", None),
        patch("components.account.key_guard", lambda *_, **__: pulumi.ResourceHookBinding()),
    ]


def _held_names_are_not_explained() -> list[AbstractContextManager[Any]]:
    async def unasked(*_: Any) -> None:
        """Does not ask whether a name is taken."""

    return [
        patch("components.azure_failures._HELD", _NEVER),
        patch("provider.deployment.checks._taken_in_the_world", unasked),
    ]


def _unserialised_writes() -> list[AbstractContextManager[Any]]:
    return [
        patch("components.vault_writes._last_writes", lambda _: []),
        patch.object(ServiceError, "is_parallel_write", property(lambda _: False)),
    ]


def _one_arm_host() -> list[AbstractContextManager[Any]]:
    def strict(cloud: Cloud, url: str) -> bool:
        return url.startswith(f"{cloud.resource_manager}/")

    return [patch.object(Cloud, "is_resource_manager", strict)]


async def _once(waiter: Waiter, look: Callable[[], Awaitable[Any]], *_: Any) -> Any:
    return await look()


def _no_patience() -> list[AbstractContextManager[Any]]:
    refused = verify.refused
    return [patch.object(verify, "refused", lambda client, _: refused(client, 0))]


DEFENCES = (
    Defence(
        "trusted_services_reach_vault",
        "The refusal is explained, with the networks that let the service in.",
        {"trusted_services_reach_vault": False},
        lambda: [patch("provider.errors.ROWS", [one for one in ROWS if one.cause != NOT_TRUSTED])],
    ),
    Defence(
        "cmk_with_rbac_vault",
        "The refusal is explained, with the way to a vault with access policies.",
        {"mode": "Azure RBAC", "cmk_with_rbac_vault": "refused"},
        lambda: [patch("provider.errors.RBAC_ROWS", ROWS)],
    ),
    Defence(
        "operation_seconds",
        "The binding follows each operation to its end, and waits for a settled account before it compares.",
        {"operation_seconds": 92.0, "missing_grant": "fails_later", "grant_delay_seconds": 300.0},
        _does_not_wait_for_the_operation,
    ),
    Defence(
        "group_retry_seconds",
        "Nothing: azure-native obeys it.",
    ),
    Defence(
        "grant_delay_seconds",
        "While a refusal may mean that access does not count yet, the binding is tried again, for 30 "
        "minutes; so is an account that is bound in its create.",
        {"grant_delay_seconds": 1200.0},
        _no_waiting_for_access,
    ),
    Defence(
        "principals_visible_after",
        "A role assignment is tried again while its principal is not found.",
        _UNKNOWN_PRINCIPAL,
        lambda: [patch("components.declared.waiting_hooks", lambda *_, **__: [])],
    ),
    Defence(
        "principal_type",
        "Each role assignment names the type, and is tried again where that is not believed.",
        _UNKNOWN_PRINCIPAL,
        lambda: [patch("components.declared.waiting_hooks", lambda *_, **__: [])],
    ),
    Defence(
        "deleted_keys_visible_after",
        "Nothing: the key is never deleted by itself; it goes, and comes back, with its vault.",
    ),
    Defence(
        "deleted_resources_visible_after",
        "A name that a soft-deleted resource holds unseen is explained, with what to do.",
        {"deleted_resources_visible_after": 30.0},
        _held_names_are_not_explained,
    ),
    Defence(
        "key_remembered_seconds",
        "`verify --revoked` reads the data until it is refused, and says so when it is not in time.",
        {"key_remembered_seconds": 3600.0},
        _no_patience,
    ),
    Defence(
        "read_lag_seconds",
        "The binding reads back for a minute before it believes that somebody else changed the account.",
        _LATE,
        lambda: [patch.object(binding_resource, "READ_LAG_SECONDS", 0.0)],
    ),
    Defence(
        "lagging_reads",
        "If a read does not show a resource, a second read has to confirm that it is gone.",
        {**_LATE, "mode": "user-assigned identity", "refresh": True, "lagging_reads": "every_other"},
        lambda: [patch.object(Waiter, "twice", _once)],
    ),
    Defence(
        "throttling",
        "azure-cmk waits as long as Azure says, and asks again; azure-native does so, too.",
        {"throttling": "token_bucket"},
        _never_throttled,
    ),
    Defence(
        "ids_casing",
        "Ids compare without regard to case, and a state keeps its own spelling.",
        {"ids_casing": "lower"},
        lambda: [patch.object(arm_ids, "_SCOPE", re.compile(arm_ids._SCOPE.pattern))],
    ),
    Defence(
        "location_spelling",
        "Regions compare without regard to case and spaces.",
        {"location_spelling": "display_name"},
        lambda: [patch("core.regions.normalised", str)],
    ),
    Defence(
        "empty_tags",
        "Nothing: it reads no tags but those that it declares.",
    ),
    Defence(
        "defaults_added",
        "Nothing: azure-native compares inputs, and no refresh takes a default over.",
    ),
    Defence(
        "key_vault_uri",
        "Keys compare by the vault's host, so that a slash is no difference.",
        {"key_vault_uri": "with_slash"},
        lambda: [patch("core.key_uris.vault_host", lambda uri: uri.removeprefix("https://"))],
    ),
    Defence(
        "key_version",
        "A version that Azure does not show is the one that was written last.",
        {"key_version": "dropped"},
        lambda: [
            patch("provider.customer_managed_key.as_recorded", lambda _, account: account),
            patch.object(AccountBefore, "bound_key", property(lambda before: bound_key(before.live))),
        ],
    ),
    Defence(
        "system_identity_client_id",
        "The client id of the account's own identity counts as none; Azure is asked for that id.",
        {"system_identity_client_id": "echoed"},
        lambda: [patch.object(Account, "without_own_client", lambda account, _: account)],
    ),
    Defence(
        "operation_hosts",
        "A token goes to Resource Manager's regional hosts, too.",
        {"operation_hosts": "regional"},
        _one_arm_host,
    ),
    Defence(
        "synchronous_creates",
        "Nothing: azure-native takes both.",
    ),
    Defence(
        "put_without_encryption",
        "Every write of a bound account names its key; a write that would not is refused before it is sent.",
        {"put_without_encryption": "unbinds"},
        _key_is_not_in_the_write,
    ),
    Defence(
        "put_without_identity",
        "Every write of an account names its identity.",
        {"put_without_identity": "removes"},
        _account_without_identity,
    ),
    Defence(
        "put_without_user_owned_storage",
        "Every write of an account repeats its linked storage.",
        {"put_without_user_owned_storage": "removes"},
        lambda: [patch("components.account.with_kept", lambda properties, *_: dict(properties))],
    ),
    Defence(
        "failed_operations_keep",
        "A binding counts when the account, read back, has it.",
        {"failed_operations_keep": "none", "missing_grant": "fails_later", "grant_delay_seconds": 300.0},
        _believes_what_was_accepted,
    ),
    Defence(
        "missing_grant",
        "All known wordings are recognised; after an unknown one, the binding is tried again for 5 minutes.",
        {"missing_grant": "properties_invalid", "grant_delay_seconds": 1200.0},
        _no_known_words,
    ),
    Defence(
        "vault_write_seconds",
        "A program writes to a vault in turn; the provider repeats a write that was refused during another.",
        {"vault_write_seconds": 0.5},
        _unserialised_writes,
    ),
    Defence(
        "arm_keys_need_data_role",
        "The refusal is explained, with the role that is missing.",
        {"mode": "Azure RBAC", "arm_keys_need_data_role": True},
        lambda: [
            patch("components.azure_failures.missing_data_role", lambda _: None),
            patch("components.invokes.missing_data_role", lambda _: None),
        ],
    ),
    Defence(
        "diagnostic_settings",
        "Nothing: azure-native compares inputs, and the program's are complete.",
    ),
    Defence(
        "alert_queries",
        "Nothing: a service makes no alert. Those of docs/examples/composed name no column that may be "
        "missing.",
    ),
)
