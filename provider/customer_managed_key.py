"""The resource `CustomerManagedKey`: one account's binding to one key version, through its life.

Owns the account's `properties.encryption` and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.clouds import Cloud
from provider import binding, ids
from provider.azure_calls import Azure
from provider.binder import Binder, UnfinishedError, head_of_refusal
from provider.checks import Failure, check_binding
from provider.clearance import RefusedError, refusal
from provider.difference import Difference, diff
from provider.error_row import About
from provider.errors import translate
from provider.failure import ServiceError
from provider.finding import Subject, Verdict
from provider.preflight import findings
from provider.reading import surroundings
from provider.resource import Call, PartialError, State, secret_outputs
from provider.retrying import ask
from provider.waiting import Clock, DeadlineError
from provider.wire import Properties, Value


class CustomerManagedKey:
    """Implements `resource.Resource`; its id is the account's ARM id."""

    derived: Mapping[str, tuple[str, ...]] = {"keyUriWithVersion": binding.DERIVED_FROM_KEY_URI}

    def __init__(self, azure: Azure, clock: Clock, cloud: Cloud, binder: Binder) -> None:
        self._azure = azure
        self._clock = clock
        self._suffix = cloud.vault_suffix
        self._binder = binder

    def check(self, news: Properties) -> list[Failure]:
        return check_binding(news, self._suffix)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        return diff(olds, old_inputs, news, self._suffix)

    async def preview_create(self, call: Call, inputs: Properties) -> State:
        await self._preflight(call, inputs, rebinding=False)
        return State("", binding.preview_outputs(inputs, self._suffix))

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        for name, difference in self.diff(olds, old_inputs, news).items():
            await call.inform(f"{name}: {difference.why}")
        await self._preflight(call, news, rebinding=True)
        outputs = binding.preview_outputs(news, self._suffix)
        if binding.same_identity(olds, news) and "principalId" in olds.values:
            outputs["principalId"] = olds.values["principalId"]
        return State(id, outputs)

    async def create(self, call: Call, inputs: Properties) -> State:
        return await self._bind(call, inputs, rebinding=False)

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return await self._bind(call, news, rebinding=True)

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """What is really bound; gone when the account is absent or on Microsoft's keys.

        An import comes with the id alone, which is all that is needed.
        """
        account_id = ids.account_id(id)
        try:
            account = await ask(lambda: self._azure.account(account_id), call.patience)
        except ServiceError as failure:
            raise RefusedError(translate(failure, About(account_id=id))) from failure
        found = binding.bound(account) if account else None
        if account is None or found is None:
            return State("")
        written = {"accountId": id, **inputs.values}
        same = binding.same_binding(olds, found)
        outputs = binding.outputs(
            written,
            account,
            found,
            bound_at=olds.text("boundAt") if same else None,
            operation_id=olds.text("operationId") if same else None,
        )
        return State(id, outputs, binding.live_inputs(written, found))

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        try:
            await self._binder.unbind(ids.account_id(id), call.patience)
        except ServiceError as failure:
            raise RefusedError(translate(failure, About(account_id=id))) from failure

    async def _bind(self, call: Call, inputs: Properties, *, rebinding: bool) -> State:
        wanted = binding.desired(inputs, self._suffix)
        try:
            done = await self._binder.bind(wanted, call, rebinding=rebinding)
        except ServiceError as failure:
            raise RefusedError(translate(failure, binding.about(wanted))) from failure
        except UnfinishedError as error:
            left = State(wanted.account.text, self._as_asked(inputs))
            raise PartialError(str(error), left, secret_outputs(self, inputs)) from error
        found = binding.bound(done.account)
        if found is None:
            raise RefusedError(f"{wanted.account.name} is not bound, though reading back said so")
        outputs = binding.outputs(
            inputs.values, done.account, found, bound_at=done.at, operation_id=done.operation_id
        )
        return State(wanted.account.text, outputs)

    def _as_asked(self, inputs: Properties) -> dict[str, Value]:
        return {
            name: value
            for name, value in binding.preview_outputs(inputs, self._suffix).items()
            if name not in binding.UNCERTAIN
        }

    async def _preflight(self, call: Call, inputs: Properties, *, rebinding: bool) -> None:
        """Reports what is known already; fails only on what no resource of the same update could change."""
        wish = binding.wish(inputs, self._suffix)
        if wish.account is None and wish.vault is None:
            return
        try:
            around = await surroundings(self._azure, wish, call.patience)
        except (ServiceError, DeadlineError) as failure:
            why = translate(failure) if isinstance(failure, ServiceError) else str(failure)
            await call.warn(f"not checked: {why}")
            return
        found = findings(Subject(wish, around, self._clock.time(), rebinding))
        if any(f.verdict is Verdict.REFUSED for f in found):
            raise RefusedError(refusal(head_of_refusal(wish.account), found))
        for finding in found:
            if finding.verdict is Verdict.UNCHECKED:
                await call.inform(f"not checked: {finding.text}")
            else:
                await call.warn(f"would be refused unless this update changes it: {finding}")
