"""The functions that a program may call, also in a preview; provider/schema.json describes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TypeVar

from core import arm_ids, key_uris, regions
from core.api_versions import VAULTS
from core.arm_ids import MalformedError
from core.facts import Deleted
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider import binding
from provider.azure import Azure
from provider.checks import Failure, malformed, principal_id, unexpected
from provider.deployment import checks
from provider.deployment.model import Report, Unchecked
from provider.deployment.questions import Questions
from provider.error_table import ErrorContext
from provider.errors import service_message, translate
from provider.failure import ServiceError
from provider.hsm_role_assignment import key_of_an_hsm
from provider.key_access import access_context
from provider.resource import Call
from provider.retrying import with_retries
from provider.wire import UNKNOWN, Properties, Value

T = TypeVar("T")


class FunctionError(Exception):
    """Azure did not answer the question; the message says why."""


class Functions:
    """All functions. `subscription_id` is the login's, asked for only when the caller names none; `method`
    says in words how it logs in."""

    def __init__(self, azure: Azure, subscription_id: Callable[[], str], method: str) -> None:
        self._azure = azure
        self._subscription_id = subscription_id
        self._method = method

    def check_binding(self, args: Properties) -> list[Failure]:
        return unexpected(args, {"accountId"}) + malformed(
            args, "accountId", arm_ids.account_id, required=True
        )

    async def get_binding(self, call: Call, args: Properties) -> dict[str, Value]:
        """`{"binding": {...}}` of an account; `{"binding": null}` when it is absent or not bound."""
        if args.is_unknown("accountId"):
            return {"binding": UNKNOWN}
        account_id = arm_ids.account_id(str(args.values["accountId"]))
        try:
            account = await with_retries(lambda: self._azure.account(account_id), call.waiter)
        except ServiceError as failure:
            raise FunctionError(translate(failure, ErrorContext(account_id=account_id.text))) from failure
        if account is None or account.encryption.key is None:
            return {"binding": None}
        outputs = binding.outputs({"accountId": account_id.text}, account, bound_at=None, operation_id=None)
        return {"binding": {name: value for name, value in outputs.items() if value is not None}}

    def check_managed_hsm_key(self, args: Properties) -> list[Failure]:
        failures = unexpected(args, {"keyId", "principalId"})
        failures += malformed(args, "keyId", key_of_an_hsm, required=True)
        return failures + malformed(args, "principalId", principal_id)

    async def get_managed_hsm_key(self, call: Call, args: Properties) -> dict[str, Value]:
        """A managed HSM in Resource Manager's words, the newest version of a key in it, and the grant of an
        identity at the key. What could not be read is in `unread`, and absent then."""
        if args.is_unknown("keyId") or args.is_unknown("principalId"):
            return dict.fromkeys(("hsm", "version", "assignmentId"), UNKNOWN)
        key, principal = arm_ids.key_id(str(args.values["keyId"])), args.text("principalId")
        unread: dict[str, Value] = {}

        async def ask(what: str, question: Callable[[], Awaitable[T]]) -> T | None:
            try:
                return await with_retries(question, call.waiter)
            except ServiceError as failure:
                if failure.is_absent:
                    return None
                if not (failure.is_forbidden or failure.is_unreachable):
                    raise FunctionError(translate(failure, access_context(key, principal or ""))) from failure
                unread[what] = service_message(failure)
                return None

        hsm = await ask("hsm", lambda: self._azure.ask("GET", key.parent.text, VAULTS))
        found: dict[str, Value] = {"hsm": hsm, "version": None, "assignmentId": None, "unread": unread}
        if hsm is None:
            return found
        version = await ask("version", lambda: self._azure.key_version(key, None))
        found["version"] = version and version.version
        if principal:
            listed = await ask("assignmentId", lambda: self._azure.own_role_assignments(key.text, principal))
            role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
            own = (
                one.id for one in listed or () if one.role_id == role and arm_ids.same(one.scope, key.text)
            )
            found["assignmentId"] = next(own, None)
        return found

    def check_key_version(self, args: Properties) -> list[Failure]:
        failures = unexpected(args, {"keyId", "version"})
        failures += malformed(args, "keyId", arm_ids.key_id, required=True)
        return failures + malformed(args, "version", key_uris.version, required=True)

    async def get_key_version(self, call: Call, args: Properties) -> dict[str, Value]:
        """A version of a key, by the names of azure-native's function for a key; nothing where there is none,
        or where it could not be read."""
        if args.has_unknowns:
            return dict.fromkeys(("keyUriWithVersion", "attributes", "answeredAt"), UNKNOWN)
        key, version = arm_ids.key_id(str(args.values["keyId"])), str(args.values["version"])
        try:
            found = await with_retries(lambda: self._azure.key_version(key, version), call.waiter)
        except ServiceError as failure:
            if failure.is_forbidden or failure.is_unreachable:
                return {}
            raise FunctionError(translate(failure)) from failure
        if found is None:
            return {}
        attributes: dict[str, Value] = {
            "enabled": found.enabled,
            "expires": found.expires,
            "notBefore": found.not_before,
        }
        return {
            "answeredAt": self._azure.answered_at or None,
            "keyUriWithVersion": found.uri,
            "attributes": {name: value for name, value in attributes.items() if value is not None},
        }

    def check_client_config(self, args: Properties) -> list[Failure]:
        return unexpected(args, set())

    async def get_client_config(self, call: Call, args: Properties) -> dict[str, Value]:
        """Who this provider is logged in as, and how; the names are those of azure-native's function, which
        has no method."""
        try:
            principal = await with_retries(self._azure.principal, call.waiter)
        except ServiceError as failure:
            raise FunctionError(translate(failure)) from failure
        return {
            "objectId": principal.object_id,
            "tenantId": principal.tenant_id,
            "clientId": principal.client_id,
            "subscriptionId": self._subscription_id(),
            "method": self._method,
        }

    def check_deleted(self, args: Properties) -> list[Failure]:
        names = {"vaultName", "accountName", "resourceGroupName", "location", "subscriptionId"}
        failures = unexpected(args, names)
        if not failures and not (args.values.get("subscriptionId") or self._subscription_id()):
            failures.append(
                Failure(
                    "subscriptionId",
                    "no subscription is known; give subscriptionId or set ARM_SUBSCRIPTION_ID",
                )
            )
        return failures

    def check_check_deployment(self, args: Properties) -> list[Failure]:
        failures = unexpected(args, {"resources", "checks"})
        chosen = args.known("checks") or []
        failures += [
            Failure("checks", f"{name!r} is no check; expected one of {', '.join(checks.CHECKS)}")
            for name in chosen
            if name not in checks.CHECKS
        ]
        for number, given in enumerate(args.known("resources") or []):
            if _is_unknown(given):
                continue
            try:
                checks.planned(given)
            except MalformedError as error:
                failures.append(Failure(f"resources[{number}]", str(error)))
        if not args.is_unknown("resources") and not args.values.get("resources"):
            failures.append(Failure("resources", "missing required input 'resources'"))
        return failures

    async def check_deployment(self, call: Call, args: Properties) -> dict[str, Value]:
        """What Azure would refuse of resources that are about to be made, and what policies change of them:
        `{"findings": [...], "unchecked": [...], "changes": [...], "notes": [...]}`. Nothing is written."""
        if args.has_unknowns:
            return dict.fromkeys(("findings", "unchecked", "changes", "notes"), UNKNOWN)
        given = args.values["resources"]
        plan = [checks.planned(one) for one in given if not _is_unknown(one)]
        try:
            report = await checks.run(
                plan, Questions(self._azure, call.waiter), args.values.get("checks") or ()
            )
        except ServiceError as failure:
            raise FunctionError(translate(failure)) from failure
        if len(plan) < len(given):
            report += Report(
                unchecked=(
                    Unchecked(
                        "", "resources with values that are not known yet", "something else makes them"
                    ),
                )
            )
        return {
            "findings": [asdict(finding) for finding in report.findings],
            "unchecked": [asdict(question) for question in report.unchecked],
            "changes": [asdict(change) for change in report.changes],
            "notes": [asdict(note) for note in report.notes],
        }

    async def get_deleted(self, call: Call, args: Properties) -> dict[str, Value]:
        """The soft-deleted vault and account that hold a name: `{"vault": {...} | null, "account": ...}`.

        Asked for no name, `{"vaults": [...], "accounts": [...]}`: all that hold one, for programs of many
        services.
        """
        everything = not args.values.get("vaultName") and not args.values.get("accountName")
        if args.has_unknowns:
            keys = ("vaults", "accounts") if everything else ("vault", "account")
            return dict.fromkeys(keys, UNKNOWN)
        subscription = args.text("subscriptionId") or self._subscription_id()
        try:
            if everything:
                held, gone = await asyncio.gather(
                    with_retries(lambda: self._azure.deleted_vaults(subscription), call.waiter),
                    with_retries(lambda: self._azure.deleted_accounts(subscription), call.waiter),
                )
                return {"vaults": _deleted_resources(held, args), "accounts": _deleted_resources(gone, args)}
            vaults = await self._named(
                args.text("vaultName"), call, lambda: self._azure.deleted_vaults(subscription)
            )
            accounts = await self._named(
                args.text("accountName"), call, lambda: self._azure.deleted_accounts(subscription)
            )
        except ServiceError as failure:
            raise FunctionError(translate(failure)) from failure
        return {"vault": _first_deleted(vaults, args), "account": _first_deleted(accounts, args)}

    async def _named(
        self, name: str | None, call: Call, listing: Callable[[], Awaitable[list[Deleted]]]
    ) -> list[Deleted]:
        if not name:
            return []
        return [
            found for found in await with_retries(listing, call.waiter) if found.name.lower() == name.lower()
        ]


def _is_unknown(value: Value) -> bool:
    """Whether a value, or anything in it, is not known yet."""
    return UNKNOWN in json.dumps(value)


def _first_deleted(found: list[Deleted], args: Properties) -> Value:
    return next(iter(_deleted_resources(found, args)), None)


def _deleted_resources(found: list[Deleted], args: Properties) -> list[Value]:
    resources: list[Value] = []
    location, group = args.text("location"), args.text("resourceGroupName")
    for deleted in found:
        if location and not regions.same(deleted.location, location):
            continue
        places = {
            arm_ids.segments(id).get("resourcegroups") for id in (deleted.id, deleted.resource_id or "")
        }
        if group and group.lower() not in places:
            continue
        values = {
            "id": deleted.id,
            "name": deleted.name,
            "location": deleted.location,
            "deletionDate": deleted.deletion_date,
            "scheduledPurgeDate": deleted.scheduled_purge_date,
            "resourceId": deleted.resource_id,
            "principalId": deleted.principal_id,
            "kind": deleted.kind,
            "sku": deleted.sku,
        }
        resources.append({name: value for name, value in values.items() if value is not None})
    return resources
