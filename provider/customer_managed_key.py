"""The resource `CustomerManagedKey`: one account's binding to a key, through its life.

Owns the account's `properties.encryption` and nothing else of it.
"""

from __future__ import annotations

import shlex
from typing import ClassVar

from core import arm_ids, resource_types
from provider import binding
from provider.binder import Binder, refusal_head
from provider.checks import UNBIND, Failure, check_binding
from provider.errors import ErrorContext
from provider.failure import RefusedOperationError, ServiceError, UnfinishedError
from provider.live_state import Look
from provider.preflight import Preflight, Severity, findings, refusal
from provider.resource import Bound, Call, Change, Resource, Run, State, fold, secret_outputs
from provider.waiting import DeadlineError
from provider.wire import Properties


class CustomerManagedKeyHandler(Resource):
    """The id is the account's ARM id."""

    token = resource_types.BINDING
    read_back: ClassVar = ("keyUriWithVersion", "identityClientId")
    surroundings: ClassVar = ("vaultId", "accountDigest")
    compared: ClassVar = ("accountId", *read_back, "onDelete", *surroundings)
    derived: ClassVar = {"keyUriWithVersion": binding.DERIVED_FROM_KEY_URI}

    def __init__(self, run: Run, binder: Binder) -> None:
        super().__init__(run)
        self._binder = binder

    def context(self, id: str, properties: Properties) -> ErrorContext:
        values = {"accountId": id, **properties.values} if id else properties.values
        return binding.error_context(binding.target(Properties(values), self.run.cloud))

    def check(self, news: Properties) -> list[Failure]:
        return check_binding(news, self.token, self.run.cloud)

    async def preview(self, call: Call, change: Change) -> State:
        if self._says_otherwise(change):
            return self._kept(change)
        await self._preflight(call, change.news, rebinding=bool(change.id))
        outputs = binding.preview_outputs(change.news, self.run.cloud)
        principal = change.olds.values.get("principalId")
        if principal and fold(change.olds, "identityClientId") == fold(change.news, "identityClientId"):
            outputs["principalId"] = principal
        return State(change.id, outputs)

    async def create(self, call: Call, inputs: Properties) -> State:
        return await self._bind(call, inputs, rebinding=False)

    async def update(self, call: Call, change: Change) -> State:
        if self._says_otherwise(change):
            return self._kept(change)
        return await self._bind(call, change.news, rebinding=True)

    def _says_otherwise(self, change: Change) -> bool:
        """Whether an update changes only what a deletion does, which needs no write to Azure."""
        differs = [*self.diff(change.olds, change.old_inputs, change.news)]
        return change.id != "" and differs == ["onDelete"]

    def _kept(self, change: Change) -> State:
        kept = {name: value for name, value in change.olds.values.items() if name != "onDelete"}
        return State(change.id, {**kept, **change.news.values})

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """What is really bound; gone when the account is absent or on Microsoft's keys. With the binding the
        state forgets the key that an update of the account has to repeat."""
        account = await call.azure.account(arm_ids.account_id(id))
        if account is None or not account.encryption.is_customer_managed:
            return State("")
        shown, account = account.encryption.key_version, binding.as_recorded(olds, account)
        written = {"accountId": id, **inputs.values}
        same = binding.same_binding(olds, account)
        outputs = binding.outputs(
            written,
            account,
            shown_version=shown,
            bound_at=olds.text("boundAt") if same else None,
            operation_id=olds.text("operationId") if same else None,
        )
        return State(id, outputs, binding.live_inputs(written, account))

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        """Unbinds the account only if the state has `onDelete: unbind`, or if the program in this run has a
        KeyVersion with `accountLeaves` for the account. Otherwise raises an error while the account is bound,
        because its grant may be deleted next.

        An account that this run has bound stays bound, and that is no error: this binding was replaced by
        one for the same account, as by `pulumi up --replace`, or has another logical name now. Another
        instance of the provider knows nothing of that, and a deletion does not say what else the program
        declares. So `onDelete: unbind`, too, is an error while the account is bound otherwise than the state
        has it.
        """
        account_id, vault = arm_ids.account_id(id), olds.text("vaultId")
        leaves = id.lower() in self.run.leaving
        last = self.run.bound.get(account_id.normalised)
        if last and last != _bound(olds) and not leaves:
            await call.inform("the account stays bound, for this run has bound it by another binding")
            return
        unbinds = leaves or olds.text("onDelete") == UNBIND
        await self._binder.unbind(
            account_id,
            call,
            vault=arm_ids.vault_id(vault) if vault else None,
            was=None if leaves else olds,
            refused="" if unbinds else _STAYS.format(account=account_id.name, urn=shlex.quote(call.urn)),
        )

    async def _bind(self, call: Call, inputs: Properties, *, rebinding: bool) -> State:
        account_id = arm_ids.account_id(str(inputs.values["accountId"]))
        wanted = binding.target(inputs, self.run.cloud)
        try:
            account, operation_id = await self._binder.bind(account_id, wanted, call, rebinding=rebinding)
        except UnfinishedError as error:
            asked = binding.preview_outputs(inputs, self.run.cloud)
            certain = {name: value for name, value in asked.items() if name not in binding.UNCERTAIN}
            error.state, error.secrets = State(account_id.text, certain), secret_outputs(self, inputs)
            raise
        outputs = binding.outputs(
            inputs.values,
            binding.bound_as(account, wanted.encryption.key_version),
            shown_version=account.encryption.key_version,
            bound_at=self.run.now(),
            operation_id=operation_id,
        )
        self.run.bound[account_id.normalised] = _bound(Properties(outputs))
        return State(account_id.text, outputs)

    async def _preflight(self, call: Call, inputs: Properties, *, rebinding: bool) -> None:
        """Reports what is known already; fails only on what no resource of the same update could change."""
        target = binding.target(inputs, self.run.cloud)
        if target.account is None and target.vault is None:
            return
        try:
            live = await Look(call.azure, target, call.explain).at_all(self.run.time())
        except (ServiceError, DeadlineError) as failure:
            why = call.explain(failure) if isinstance(failure, ServiceError) else str(failure)
            await call.warn(f"not checked: {why}")
            return
        found = findings(Preflight(target, live, self.run.time(), rebinding))
        if any(finding.severity is Severity.REFUSED for finding in found):
            raise RefusedOperationError(refusal(refusal_head(target.account), found))
        for finding in found:
            if finding.severity is Severity.NOT_CHECKED:
                await call.inform(f"not checked: {finding.text}")
            else:
                await call.warn(f"would be refused unless this update changes it: {finding}")


_STAYS = (
    "the deletion of its binding alone would put its data on a Microsoft-managed key; nothing of it was "
    "changed\n  fix: delete the account of a service in the same run, or leave out the binding as well; to "
    "put the data on a Microsoft-managed key on purpose, set encryption: microsoftManaged and unbindAccount: "
    "{account} of a service, or onDelete: unbind of a binding that is declared by itself, also before a "
    "destroy of it and its account, and run `pulumi up` first; if the program now declares this binding by "
    "another name, run `pulumi state delete {urn}`, which takes it out of the state"
)


def _bound(outputs: Properties) -> Bound:
    return outputs.text("boundAt"), outputs.text("operationId")
