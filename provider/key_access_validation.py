"""The resource `KeyAccessValidation`: access to a key that is in effect. It stands for no resource of Azure.

Put it between a grant (access policy or role assignment) and whatever needs the key: its creation ends when
the identity can use the key, as far as this can be known by anybody who is not that identity. What it knows:

- The access that Resource Manager shows: the vault's access policies, or the role assignments that apply to
  the key. It waits until they give get, wrapKey and unwrapKey.
- Where `accountId` names an account that lives on this key with this identity: whether the service can use
  the key. The account's binding is written again, unchanged, until the service takes it. That is proof.

What it cannot know: whether a grant has reached the data plane of the vault when no account uses it yet.
Resource Manager shows a role assignment at once; Azure documents up to 10 minutes until it counts everywhere
(learn.microsoft.com/azure/role-based-access-control/troubleshooting, "Symptom - Role assignment changes are
not being detected"), and only the identity itself could try. So the create of an account that is bound to the
key from its first moment may still be refused after this resource is there: that create has to be retried.
An `on_error` hook of the account makes the engine do that (up to 100 times, pulumi 3.259), and
`core.refusals.kind_of_text` says which answers may pass; tests/provider/programs/user_assigned.py shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from core import arm_ids, facts
from core.arm_ids import ArmId
from core.facts import Account
from provider.azure_calls import Azure
from provider.binder import Binder
from provider.checks import Failure, check_key_access_validation
from provider.difference import Difference, diff_key_access_validation
from provider.error_table import ErrorContext
from provider.errors import service_message, translate
from provider.failure import ServiceError
from provider.finding import Finding, Severity
from provider.preflight import GRANT_LISTING_SECONDS, RefusedError, blocking, refusal
from provider.resource import Call, State
from provider.retrying import with_retries
from provider.rules import access_findings
from provider.waiting import Clock, Waiter
from provider.wire import UNKNOWN, Properties

_SEPARATOR = "|"


class KeyAccessValidation:
    """Implements `resource.Resource`; its id is `KEY_ID|PRINCIPAL_ID`."""

    derived: Mapping[str, tuple[str, ...]] = {}

    def __init__(self, azure: Azure, clock: Clock, binder: Binder) -> None:
        self._azure = azure
        self._clock = clock
        self._binder = binder

    def check(self, news: Properties) -> list[Failure]:
        return check_key_access_validation(news)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        return diff_key_access_validation(old_inputs, news)

    async def preview_create(self, call: Call, inputs: Properties) -> State:
        """Neither waits nor reads: the access is usually made by the same update."""
        return State(
            "", {**inputs.values, **dict.fromkeys(("accessModel", "validatedAt", "proven"), UNKNOWN)}
        )

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return State(id, (await self.preview_create(call, news)).outputs)

    async def create(self, call: Call, inputs: Properties) -> State:
        key, principal = arm_ids.key_id(str(inputs.values["keyId"])), str(inputs.values["principalId"])
        id = f"{key.text}{_SEPARATOR}{principal}"
        try:
            model = await self._listed(call, key, principal)
            proven = await self._proven(call, key, principal, inputs.text("accountId"))
        except ServiceError as failure:
            raise RefusedError(translate(failure, _context(key, principal))) from failure
        moment = datetime.fromtimestamp(self._clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return State(id, {**inputs.values, "accessModel": model, "validatedAt": moment, "proven": proven})

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return await self.create(call, news)

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Gone when the access is: the next update then gives it back and validates it again.

        What may not be read is taken to be as it was. An import comes with the id alone.
        """
        text, _, principal = id.partition(_SEPARATOR)
        key = arm_ids.key_id(text)
        try:
            model, findings = await self._findings(key, principal, call.waiter)
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise RefusedError(translate(failure, _context(key, principal))) from failure
            await call.inform(f"not checked: {service_message(failure)}")
            return State(id, olds.values, inputs.values)
        if blocking(findings):
            return State("")
        written = {"keyId": key.text, "principalId": principal, **inputs.values}
        return State(id, {**written, **olds.values, "accessModel": model}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        """Nothing: the access belongs to the resource that grants it."""

    async def _listed(self, call: Call, key: ArmId, principal: str) -> str | None:
        """Waits until Resource Manager shows the access; gives the vault's permission model.

        None when it may not be read. Raises RefusedError when no access is shown in time.
        """
        backoff = call.waiter.backoff(first=2.0)
        while True:
            try:
                model, findings = await self._findings(key, principal, call.waiter)
            except ServiceError as failure:
                if not failure.is_forbidden:
                    raise
                await call.warn(
                    f"the access to the key {key.name} was not validated: {service_message(failure)}"
                )
                return None
            missing = blocking(findings)
            if not missing:
                for finding in findings:
                    await call.inform(f"not checked: {finding.text}")
                return model
            if call.waiter.elapsed >= GRANT_LISTING_SECONDS:
                raise RefusedError(
                    refusal(f"the identity {principal} cannot use the key {key.name}", findings)
                )
            await call.waiter.pause(backoff.next(), f"waiting: {missing[0].text}")

    async def _findings(self, key: ArmId, principal: str, waiter: Waiter) -> tuple[str, list[Finding]]:
        """The vault's permission model, and what the identity lacks by it. Raises ServiceError."""
        vault = await with_retries(lambda: self._azure.vault(key.parent), waiter)
        if vault is None:
            gone = Finding(
                "vault-exists",
                Severity.CHANGEABLE,
                f"there is no vault {key.parent.text}",
                f"az keyvault recover --name {key.parent.name}, if it was deleted",
            )
            return "", [gone]
        roles = []
        if vault.uses_rbac:
            scope = facts.key_id(vault.id, key.name)
            roles = await with_retries(lambda: self._azure.role_assignments(scope, principal), waiter)
        model = "rbac" if vault.uses_rbac else "accessPolicy"
        return model, list(access_findings(vault, roles, key.name, principal))

    async def _proven(self, call: Call, key: ArmId, principal: str, account_id: str | None) -> bool:
        """Whether the service was seen to use the key: by writing the binding of a bound account again."""
        if account_id is None:
            return False
        account = arm_ids.account_id(account_id)
        try:
            live = await with_retries(lambda: self._azure.account(account), call.waiter)
            if live is None or not _lives_on(live, key, principal):
                return False
            current = live.encryption
            version = await with_retries(
                lambda: self._azure.key_version(key, current.key_version), call.waiter
            )
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            await call.inform(f"not proven: {service_message(failure)}")
            return False
        if version is None or not version.enabled:
            await call.inform(
                f"not proven: the version {current.key_version} that {account.name} is bound to "
                f"{'is disabled' if version else 'is not in the vault'}"
            )
            return False
        await self._binder.rewrite(account, current, call.waiter)
        return True


def _lives_on(account: Account, key: ArmId, principal: str) -> bool:
    """Whether the account is bound to a version of the key by the identity."""
    bound = account.encryption.key
    return (
        bound is not None
        and bool(bound.version)
        and (bound.vault_name, bound.name.lower()) == (key.parent.name.lower(), key.name.lower())
        and (account.key_user or "").lower() == principal.lower()
    )


def _context(key: ArmId, principal: str) -> ErrorContext:
    return ErrorContext(
        vault_id=key.parent.text, vault_name=key.parent.name, key_name=key.name, principal_id=principal
    )
