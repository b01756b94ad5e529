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
key from its first moment may still be refused after this resource is there: that create has to be retried,
which an `on_error` hook of the account makes the engine do (up to 100 times, pulumi 3.259).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from provider import binding, ids
from provider.azure_calls import Azure
from provider.binder import Binder
from provider.checks import Failure, check_key_access_validation
from provider.clearance import GRANT_LISTING_SECONDS, RefusedError, refusal
from provider.difference import Difference, diff_key_access_validation
from provider.error_row import About
from provider.errors import said, translate
from provider.facts import Account
from provider.failure import ServiceError
from provider.finding import Finding, Verdict
from provider.resource import Call, State
from provider.retrying import ask
from provider.vault_rules import access_findings
from provider.waiting import Clock, Patience
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
        key, principal = ids.key_id(str(inputs.values["keyId"])), str(inputs.values["principalId"])
        id = f"{key.text}{_SEPARATOR}{principal}"
        try:
            model = await self._listed(call, key, principal)
            proven = await self._proven(call, key, principal, inputs.text("accountId"))
        except ServiceError as failure:
            raise RefusedError(translate(failure, _about(key, principal))) from failure
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
        key = ids.key_id(text)
        try:
            model, findings = await self._findings(key, ids.principal_id(principal), call.patience)
        except ServiceError as failure:
            if failure.status != 403:
                raise RefusedError(translate(failure, _about(key, principal))) from failure
            await call.inform(f"not checked: {said(failure)}")
            return State(id, olds.values, inputs.values)
        if any(finding.verdict is not Verdict.UNCHECKED for finding in findings):
            return State("")
        written = {"keyId": key.text, "principalId": principal, **inputs.values}
        return State(id, {**written, **olds.values, "accessModel": model}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        """Nothing: the access belongs to the resource that grants it."""

    async def _listed(self, call: Call, key: ids.KeyId, principal: str) -> str | None:
        """Waits until Resource Manager shows the access; gives the vault's permission model.

        None when it may not be read. Raises RefusedError when no access is shown in time.
        """
        backoff = call.patience.backoff(first=2.0)
        while True:
            try:
                model, findings = await self._findings(key, principal, call.patience)
            except ServiceError as failure:
                if failure.status != 403:
                    raise
                await call.warn(f"the access to the key {key.name} was not validated: {said(failure)}")
                return None
            missing = [finding for finding in findings if finding.verdict is not Verdict.UNCHECKED]
            if not missing:
                for finding in findings:
                    await call.inform(f"not checked: {finding.text}")
                return model
            if call.patience.elapsed >= GRANT_LISTING_SECONDS:
                raise RefusedError(
                    refusal(f"the identity {principal} cannot use the key {key.name}", findings)
                )
            await call.patience.pause(backoff.next(), f"waiting: {missing[0].text}")

    async def _findings(
        self, key: ids.KeyId, principal: str, patience: Patience
    ) -> tuple[str, list[Finding]]:
        """The vault's permission model, and what the identity lacks by it. Raises ServiceError."""
        vault = await ask(lambda: self._azure.vault(key.vault), patience)
        if vault is None:
            gone = Finding(
                "vault-exists",
                Verdict.CHANGEABLE,
                f"there is no vault {key.vault.text}",
                f"az keyvault recover --name {key.vault.name}, if it was deleted",
            )
            return "", [gone]
        roles = []
        if vault.uses_rbac:
            scope = f"{vault.id}/keys/{key.name}"
            roles = await ask(lambda: self._azure.role_grants(scope, principal), patience)
        model = "rbac" if vault.uses_rbac else "accessPolicy"
        return model, list(access_findings(vault, roles, key.name, principal))

    async def _proven(self, call: Call, key: ids.KeyId, principal: str, account_id: str | None) -> bool:
        """Whether the service was seen to use the key: by writing the binding of a bound account again."""
        if account_id is None:
            return False
        account = ids.account_id(account_id)
        try:
            live = await ask(lambda: self._azure.account(account), call.patience)
            current = self._binding_of(live, key, principal)
            if current is None:
                return False
            version = await ask(lambda: self._azure.key_version(key, current.key.version), call.patience)
        except ServiceError as failure:
            if failure.status != 403:
                raise
            await call.inform(f"not proven: {said(failure)}")
            return False
        if version is None or not version.enabled:
            await call.inform(
                f"not proven: the version {current.key.version} that {account.name} is bound to "
                f"{'is disabled' if version else 'is not in the vault'}"
            )
            return False
        await self._binder.rewrite(account, current, call.patience)
        return True

    def _binding_of(self, account: Account | None, key: ids.KeyId, principal: str) -> binding.Bound | None:
        """The account's binding, if it is this identity's to this key, and names a version."""
        current = binding.bound(account) if account else None
        if account is None or current is None or not current.key.version:
            return None
        user = account.principal_for(current.identity_client_id) or ""
        place = (current.key.vault_name, current.key.name.lower())
        same = place == (key.vault.name.lower(), key.name.lower()) and user.lower() == principal.lower()
        return current if same else None


def _about(key: ids.KeyId, principal: str) -> About:
    return About(
        vault_id=key.vault.text, vault_name=key.vault.name, key_name=key.name, principal_id=principal
    )
