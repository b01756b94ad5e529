"""Long operations, failures and retries, against a recording ARM."""

from __future__ import annotations

import grpc
import pytest

from localazure.standin.azure import Answer, NoAnswerError
from localazure.standin.delays import Delays
from localazure.standin.wire import from_struct
from tests.localazure.standin.arm import (
    ACCOUNT,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    GROUP,
    VAULT,
    VAULT_INPUTS,
    VAULT_TYPE,
    missing,
)
from tests.localazure.standin.case import configured, init_failure

pytestmark = pytest.mark.asyncio


async def test_failure_after_acceptance_keeps_the_resource_in_state() -> None:
    """An accepted create that ends as Failed is an initialisation error with id, state, inputs, reason."""
    operation = "https://management.azure.com/operation"
    failed = {"status": "Failed", "error": {"code": "Broken", "message": "it broke"}}
    async with configured() as (engine, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [
            Answer(201, {"id": ACCOUNT}, {"azure-asyncoperation": operation, "retry-after": "900"})
        ]
        arm.answers["GET /operation"] = [Answer(200, {"status": "Creating"}), Answer(200, failed)]
        arm.answers[f"GET {ACCOUNT}"] = [missing(), Answer(200, {"id": ACCOUNT, "kind": "TextAnalytics"})]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    failure = init_failure(caught.value)
    assert failure.id == ACCOUNT
    assert list(failure.reasons) == ['Code="Broken" Message="it broke"']
    assert from_struct(failure.properties)["kind"] == "TextAnalytics"
    assert from_struct(failure.inputs) == ACCOUNT_INPUTS


async def test_an_operation_that_cannot_be_followed_keeps_the_resource_in_state() -> None:
    """Losing Azure after it accepted a create must not lose the resource."""
    operation = {"azure-asyncoperation": "https://management.azure.com/operation"}
    async with configured() as (engine, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [Answer(201, {"id": ACCOUNT}, operation)]
        arm.answers["GET /operation"] = [NoAnswerError("connection reset")] * 4
        arm.answers[f"GET {ACCOUNT}"] = [missing(), *[NoAnswerError("connection reset")] * 4]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    failure = init_failure(caught.value)
    assert (failure.id, list(failure.reasons)) == (ACCOUNT, ["connection reset"])


async def test_a_failed_create_that_left_nothing_is_a_plain_error() -> None:
    """What Azure took back is not kept in state."""
    operation = {"azure-asyncoperation": "https://management.azure.com/operation"}
    async with configured() as (engine, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [Answer(201, {"id": ACCOUNT}, operation)]
        arm.answers["GET /operation"] = [Answer(200, {"status": "Canceled"})]
        arm.answers[f"GET {ACCOUNT}"] = [missing(), missing()]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert caught.value.details() == "the operation ended as Canceled"
    assert "grpc-status-details-bin" not in dict(caught.value.trailing_metadata())


async def test_an_operation_that_takes_too_long_times_out() -> None:
    """The resource's own time limit ends the polling, and the resource stays in state."""
    operation = {"azure-asyncoperation": "https://management.azure.com/operation"}
    async with configured() as (engine, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [Answer(201, {"id": ACCOUNT}, operation)]
        arm.answers["GET /operation"] = [Answer(200, {"status": "Creating"})] * 10_000
        arm.answers[f"GET {ACCOUNT}"] = [missing(), Answer(200, {"id": ACCOUNT})]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS, within=0.05)
    assert list(init_failure(caught.value).reasons) == ["operation timed out"]


async def test_vault_creation_is_polled_on_the_vault_itself() -> None:
    """A vault answers RegisteringDns until it is there; the create ends with it Succeeded."""
    registering = Answer(200, {"id": VAULT, "properties": {"provisioningState": "RegisteringDns"}})
    succeeded = Answer(200, {"id": VAULT, "properties": {"provisioningState": "Succeeded"}})
    async with configured() as (engine, arm):
        arm.answers[f"PUT {VAULT}"] = [registering]
        arm.answers[f"GET {VAULT}"] = [missing(), registering, succeeded, succeeded]
        _, outputs = await engine.create(VAULT_TYPE, VAULT_INPUTS)
    assert outputs["properties"] == {"provisioningState": "Succeeded"}
    assert arm.answers[f"GET {VAULT}"] == []


async def test_delete_takes_absence_for_success_and_waits_where_it_must() -> None:
    """404 is fine; a group's deletion is followed to its end, whatever Retry-After says."""
    accepted = Answer(202, None, {"location": "https://management.azure.com/done", "retry-after": "15"})
    async with configured() as (engine, arm):
        await engine.delete(ACCOUNT_TYPE, ACCOUNT, {})
        arm.answers[f"DELETE {GROUP}"] = [accepted]
        arm.answers["GET /done"] = [accepted, Answer(200)]
        await engine.delete("azure-native:resources:ResourceGroup", GROUP, {})
    assert [path for method, path, _ in arm.calls if method == "GET"] == ["/done", "/done"]


@pytest.mark.parametrize(
    "passing",
    [
        Answer(429, None, {"retry-after": "60"}),
        Answer(503),
        NoAnswerError("broken"),
        Answer(409, {"error": {"code": "AnotherOperationInProgress"}}),
    ],
)
async def test_what_passes_by_itself_is_tried_again(passing: Answer | NoAnswerError) -> None:
    """Throttling, outages, broken connections and a busy resource are retried; other conflicts are not."""
    async with configured() as (engine, arm):
        arm.answers[f"DELETE {ACCOUNT}"] = [passing, passing, passing]
        await engine.delete(ACCOUNT_TYPE, ACCOUNT, {})
    assert len(arm.calls) == 4


async def test_an_unregistered_resource_provider_is_registered_first() -> None:
    """A first use of a provider in a subscription registers it and repeats the write."""
    subscription = GROUP.rsplit("/", 2)[0]
    provider = f"{subscription}/providers/microsoft.cognitiveservices"
    async with configured() as (engine, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [Answer(409, {"error": {"code": "MissingSubscriptionRegistration"}})]
        arm.answers[f"GET {provider}"] = [
            Answer(200, {"registrationState": "Registering"}),
            Answer(200, {"registrationState": "Registered"}),
        ]
        id, _ = await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert id == ACCOUNT
    assert ("POST", f"{provider}/register", None) in arm.calls
    assert len(arm.sent("PUT")) == 2


async def test_every_delay_can_be_set() -> None:
    """Polls, retries and their longest wait, in seconds; what is not set is short enough for tests."""
    environ = {
        "LOCALAZURE_POLL_SECONDS": "10",
        "LOCALAZURE_RETRY_SECONDS": "20",
        "LOCALAZURE_LONGEST_RETRY_SECONDS": "120",
    }
    assert Delays.of(environ) == Delays(poll=10, retry=20, longest_retry=120)
    assert Delays.of({}) == Delays()
    assert max(Delays().poll, Delays().retry) <= 0.1
