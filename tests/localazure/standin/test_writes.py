"""Writes that one row of facts.yaml cannot say: what is kept of a failure, and what two writes make."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from localazure.standin.azure import Answer, NoAnswerError
from localazure.standin.wire import from_struct
from tests.localazure.standin.driver import (
    ACCOUNT,
    ACCOUNT_BODY,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    MISSING,
    POLICY,
    VAULT,
    VAULT_INPUTS,
    VAULT_PROPERTIES,
    VAULT_TYPE,
    Engine,
    Got,
    found,
    kept,
    refused,
)

MANAGEMENT = "https://management.azure.com"
PUT, GET = f"PUT {ACCOUNT}", f"GET {ACCOUNT}"
ACCEPTED = Answer(
    201, {"id": ACCOUNT}, {"azure-asyncoperation": f"{MANAGEMENT}/operation", "retry-after": "900"}
)
LOST = NoAnswerError("connection reset")


async def test_a_vault_starts_without_access_policies_and_keeps_those_of_others(engine: Engine) -> None:
    """A create sends an empty list; an update that declares none sends back what is there."""
    await engine.create(VAULT_TYPE, VAULT_INPUTS)
    engine.arm.resources[VAULT.lower()]["properties"]["accessPolicies"] = [POLICY]
    changed = {**VAULT_INPUTS, "tags": {"a": "b"}}
    await engine.update(VAULT_TYPE, VAULT, VAULT_INPUTS, changed)
    inline = {**VAULT_INPUTS, "properties": {**VAULT_PROPERTIES, "accessPolicies": []}}
    await engine.update(VAULT_TYPE, VAULT, changed, inline)
    assert [body["properties"]["accessPolicies"] for body in engine.arm.sent("PUT")] == [[], [POLICY], []]


async def test_an_identity_that_leaves_is_patched_away(engine: Engine) -> None:
    """ARM keeps ids that a PUT does not name, so a removed one goes as null, in a PATCH."""
    both, one = (
        {**ACCOUNT_INPUTS, "identity": {"type": "UserAssigned", "userAssignedIdentities": ids}}
        for ids in (["/a", "/b"], ["/b"])
    )
    await engine.create(ACCOUNT_TYPE, both)
    await engine.update(ACCOUNT_TYPE, ACCOUNT, both, one)
    assert engine.arm.sent("PUT")[0]["identity"]["userAssignedIdentities"] == {"/a": {}, "/b": {}}
    assert engine.arm.sent("PATCH")[0]["identity"]["userAssignedIdentities"] == {"/a": None, "/b": {}}


async def test_names_are_escaped_an_empty_list_is_sent_and_a_null_is_not(engine: Engine) -> None:
    """A name with a blank or a slash stays one segment; what was left out is not named at all."""
    properties: dict[str, Any] = {"allowedFqdnList": [], "customSubDomainName": None}
    inputs = {**ACCOUNT_INPUTS, "resourceGroupName": "rg (a/b)", "properties": properties}
    await engine.create(ACCOUNT_TYPE, inputs)
    assert "/resourceGroups/rg%20%28a%2Fb%29/providers/" in engine.arm.urls[0]
    assert engine.arm.sent("PUT") == [{**ACCOUNT_BODY, "properties": {"allowedFqdnList": []}}]


@pytest.mark.parametrize(
    ("given", "added"), [("?api-version=2017-04-18", ""), ("?x=1", "&api-version=2025-06-01")]
)
async def test_an_operation_is_polled_as_it_was_given(engine: Engine, given: str, added: str) -> None:
    """With the request's api-version where its address has none."""
    engine.arm.tell(PUT, Answer(201, {"id": ACCOUNT}, {"azure-asyncoperation": f"/op{given}"}))
    engine.arm.tell("GET /op", Answer(200, {"status": "Succeeded"}))
    engine.arm.tell(GET, MISSING, found(), found())
    await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert f"{MANAGEMENT}/op{given}{added}" in engine.arm.urls


async def test_a_state_of_another_api_version_is_worth_a_warning(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told which version wrote it; that alone is no change."""
    caplog.set_level(logging.WARNING)
    same = await engine.diff(ACCOUNT_TYPE, ACCOUNT_INPUTS, ACCOUNT_INPUTS, {"azureApiVersion": "2021-10-01"})
    assert same["changes"] == {}
    assert "API version 2021-10-01" in caplog.text


RUNNING = Answer(200, {"status": "Creating"})
BROKEN = Answer(200, {"status": "Failed", "error": {"code": "Broken", "message": "it broke"}})


@pytest.mark.parametrize(
    ("polls", "reads", "reason", "outputs"),
    [
        ([RUNNING, BROKEN], [found(kind="A")], 'Code="Broken" Message="it broke"', {"kind": "A"}),
        ([LOST] * 4, [LOST] * 4, "connection reset", {}),
        ([RUNNING] * 10_000, [found()], "operation timed out", {}),
    ],
    ids=["failed", "cannot be followed", "too long"],
)
async def test_a_failure_after_acceptance_keeps_the_resource_in_state(
    engine: Engine, polls: list[Any], reads: list[Any], reason: str, outputs: Got
) -> None:
    """An accepted create that fails, is lost or takes too long is an initialisation error with id, state,
    inputs and reason."""
    engine.arm.tell(PUT, ACCEPTED)
    engine.arm.tell("GET /operation", *polls)
    engine.arm.tell(GET, MISSING, *reads)
    within = 0.05 if len(polls) > 4 else 0.0
    failure = await kept(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS, within=within))
    assert (failure.id, list(failure.reasons)) == (ACCOUNT, [reason])
    assert from_struct(failure.inputs) == ACCOUNT_INPUTS
    assert outputs.items() <= from_struct(failure.properties).items()


async def test_a_failed_create_that_left_nothing_is_a_plain_error(engine: Engine) -> None:
    """What Azure took back is not kept in state."""
    for check, told in ((refused, "the operation ended as Canceled"), (kept, None)):
        engine.arm.tell(PUT, ACCEPTED)
        engine.arm.tell("GET /operation", Answer(200, {"status": "Canceled"}))
        engine.arm.tell(GET, MISSING, MISSING)
        assert await check(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)) == told
