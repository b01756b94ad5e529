"""Creates, updates, previews and deletes: what the stand-in asks of ARM, and what it makes of its answers."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from localazure.standin.arm import Delays
from localazure.standin.azure import Answer, NoAnswerError
from localazure.standin.values import UNKNOWN
from localazure.standin.wire import from_struct
from tests.localazure.standin.driver import (
    ACCOUNT,
    ACCOUNT_BODY,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    FORBIDDEN,
    GROUP,
    GROUP_TYPE,
    MISSING,
    PLACE,
    POLICY,
    VAULT,
    VAULT_INPUTS,
    VAULT_PROPERTIES,
    VAULT_TYPE,
    Engine,
    RecordingArm,
    found,
    kept,
    refused,
)

ROLE = "azure-native:authorization:RoleAssignment"
ROLE_ID = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/n"
ROLE_INPUTS = {"scope": VAULT, "roleAssignmentName": "n", "principalId": "p", "roleDefinitionId": "/r"}
MANAGEMENT = "https://management.azure.com"
OPERATION = {"azure-asyncoperation": f"{MANAGEMENT}/operation", "retry-after": "900"}
ACCEPTED = Answer(201, {"id": ACCOUNT}, OPERATION)
LOST = NoAnswerError("connection reset")
TAGGED = {**ACCOUNT_INPUTS, "tags": {"a": "b"}}


async def test_create_puts_the_inputs_and_stores_what_azure_then_answers(
    engine: Engine, arm: RecordingArm
) -> None:
    """Existence GET, whole PUT, GET: the state is the last answer, without what was never declared."""
    arm.tell(f"GET {ACCOUNT}", MISSING, found(etag="1", colour="blue", tags=None, **ACCOUNT_BODY))
    id, outputs = await engine.create(ACCOUNT_TYPE, {**ACCOUNT_INPUTS, "unknown": 1})
    assert arm.asks == [f"GET {ACCOUNT}", f"PUT {ACCOUNT}", f"GET {ACCOUNT}"]
    assert arm.sent("PUT") == [ACCOUNT_BODY]
    assert id == ACCOUNT
    assert outputs == {
        **ACCOUNT_BODY,
        "id": ACCOUNT,
        "name": "a",
        "etag": "1",
        "azureApiVersion": "2025-06-01",
    }


@pytest.mark.parametrize("answer", [Answer(204), Answer(200), Answer(200, {}), MISSING])
async def test_whatever_shows_nothing_lets_a_create_go_on(
    engine: Engine, arm: RecordingArm, answer: Answer
) -> None:
    """204, an empty 200 and 404 are all no resource."""
    arm.tell(f"GET {ACCOUNT}", answer)
    assert (await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS))[0] == ACCOUNT
    assert len(arm.sent("PUT")) == 1


@pytest.mark.parametrize(
    ("asked", "answer", "told", "puts"),
    [
        ("GET", found(), f"cannot create already existing resource '{ACCOUNT}'", 0),
        (
            "GET",
            FORBIDDEN,
            f"cannot check existence of resource '{ACCOUNT}': status code 403, {json.dumps(FORBIDDEN.body)}",
            0,
        ),
        (
            "PUT",
            Answer(409, {"error": {"code": "FlagMustBeSetForRestore", "message": "soft-deleted"}}),
            'Status=409 Code="FlagMustBeSetForRestore" Message="soft-deleted"',
            1,
        ),
    ],
    ids=["it exists", "existence is not known", "Azure refuses"],
)
async def test_fails_to_create_as_azure_native_prints_it(
    engine: Engine, arm: RecordingArm, *, asked: str, answer: Answer, told: str, puts: int
) -> None:
    """What is there is never overwritten, and of what Azure refuses nothing is kept in state."""
    arm.tell(f"{asked} {ACCOUNT}", answer, answer)
    assert await refused(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)) == told
    assert len(arm.sent("PUT")) == puts
    arm.tell(f"{asked} {ACCOUNT}", answer)
    assert await kept(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)) is None


async def test_a_vault_starts_without_access_policies_and_keeps_those_of_others(
    engine: Engine, arm: RecordingArm
) -> None:
    """A create sends an empty list; an update that declares none sends back what is there."""
    await engine.create(VAULT_TYPE, VAULT_INPUTS)
    arm.resources[VAULT.lower()]["properties"]["accessPolicies"] = [POLICY]
    changed = {**VAULT_INPUTS, "tags": {"a": "b"}}
    await engine.update(VAULT_TYPE, VAULT, VAULT_INPUTS, changed)
    inline = {**VAULT_INPUTS, "properties": {**VAULT_PROPERTIES, "accessPolicies": []}}
    await engine.update(VAULT_TYPE, VAULT, changed, inline)
    assert [body["properties"]["accessPolicies"] for body in arm.sent("PUT")] == [[], [POLICY], []]


async def test_update_sends_the_new_inputs_and_nothing_from_azure(engine: Engine, arm: RecordingArm) -> None:
    """What was set beside the program, such as an encryption, is not in the PUT."""
    arm.resources[ACCOUNT.lower()] = {"id": ACCOUNT, "properties": {"encryption": {"keySource": "x"}}}
    await engine.update(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, TAGGED)
    assert arm.sent("PUT") == [{**ACCOUNT_BODY, "tags": {"a": "b"}}]


async def test_an_identity_that_leaves_is_patched_away(engine: Engine, arm: RecordingArm) -> None:
    """ARM keeps ids that a PUT does not name, so a removed one goes as null, in a PATCH."""
    both, one = (
        {**ACCOUNT_INPUTS, "identity": {"type": "UserAssigned", "userAssignedIdentities": ids}}
        for ids in (["/a", "/b"], ["/b"])
    )
    await engine.create(ACCOUNT_TYPE, both)
    await engine.update(ACCOUNT_TYPE, ACCOUNT, both, one)
    assert arm.sent("PUT")[0]["identity"]["userAssignedIdentities"] == {"/a": {}, "/b": {}}
    assert arm.sent("PATCH")[0]["identity"]["userAssignedIdentities"] == {"/a": None, "/b": {}}


async def test_the_id_is_the_one_that_azure_answers(engine: Engine, arm: RecordingArm) -> None:
    """ARM's own spelling is stored, not the program's."""
    canonical = ACCOUNT.replace("/rg/", "/RG/")
    arm.tell(f"PUT {ACCOUNT}", Answer(200, {"id": canonical}))
    arm.tell(f"GET {ACCOUNT}", MISSING)
    arm.resources[canonical.lower()] = {"id": canonical}
    id, outputs = await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert (id, outputs["id"]) == (canonical, canonical)


async def test_names_are_escaped_an_empty_list_is_sent_and_a_null_is_not(
    engine: Engine, arm: RecordingArm
) -> None:
    """A name with a blank or a slash stays one segment; what was left out is not named at all."""
    properties: dict[str, Any] = {"allowedFqdnList": [], "customSubDomainName": None}
    inputs = {**ACCOUNT_INPUTS, "resourceGroupName": "rg (a/b)", "properties": properties}
    await engine.create(ACCOUNT_TYPE, inputs)
    assert "/resourceGroups/rg%20%28a%2Fb%29/providers/" in arm.urls[0]
    assert arm.sent("PUT") == [{**ACCOUNT_BODY, "properties": {"allowedFqdnList": []}}]


async def test_flattened_types_send_and_store_beside_location_what_arm_nests(
    engine: Engine, arm: RecordingArm
) -> None:
    """A workspace's sku and retention are inside ARM's properties and outside in the program."""
    token = "azure-native:operationalinsights:Workspace"
    nested = {"retentionInDays": 30, "sku": {"name": "PerGB2018"}}
    inputs = {**PLACE, "workspaceName": "work", "location": "westeurope", **nested}
    id, outputs = await engine.create(token, inputs)
    assert arm.sent("PUT") == [{"location": "westeurope", "properties": nested}]
    assert outputs["sku"] == {"name": "PerGB2018"}
    assert (await engine.read(token, id))[1] == inputs


async def test_a_role_assignment_lives_at_its_scope(engine: Engine, arm: RecordingArm) -> None:
    """The scope is part of the id, unescaped and without its outer slashes."""
    id, outputs = await engine.create(ROLE, {**ROLE_INPUTS, "scope": f"{VAULT}/"})
    assert (id, outputs["principalId"]) == (ROLE_ID, "p")
    assert arm.sent("PUT") == [{"properties": {"principalId": "p", "roleDefinitionId": "/r"}}]
    assert (await engine.read(ROLE, id))[1]["scope"] == VAULT


async def test_what_cannot_be_read_back_is_taken_from_the_write(engine: Engine, arm: RecordingArm) -> None:
    """A failed read after a write is a warning: the state is what the PUT answered."""
    arm.tell(f"PUT {ACCOUNT}", found(etag="put"))
    arm.tell(f"GET {ACCOUNT}", MISSING, FORBIDDEN)
    assert (await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS))[1]["etag"] == "put"


# Previews


async def test_preview_of_a_create_knows_the_inputs_and_nothing_else(
    engine: Engine, arm: RecordingArm
) -> None:
    """Name, principal, endpoint and a list that comes back as a map are unknown; ARM is not asked."""
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["/a"]}
    properties = {"customSubDomainName": UNKNOWN, "disableLocalAuth": True}
    inputs = {**ACCOUNT_INPUTS, "identity": identity, "properties": properties}
    id, outputs = await engine.create(ACCOUNT_TYPE, inputs, preview=True)
    assert (id, arm.calls) == ("", [])
    assert (outputs["location"], outputs["kind"]) == ("westeurope", "TextAnalytics")
    assert (outputs["name"], outputs["id"], outputs["etag"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    unknown = {"principalId": UNKNOWN, "tenantId": UNKNOWN, "userAssignedIdentities": UNKNOWN}
    assert outputs["identity"] == {"type": "UserAssigned", **unknown}
    assert outputs["properties"]["disableLocalAuth"] is True
    assert (outputs["properties"]["customSubDomainName"], outputs["properties"]["endpoint"]) == (
        UNKNOWN,
        UNKNOWN,
    )


async def test_preview_knows_an_input_where_an_output_has_its_place(
    engine: Engine, arm: RecordingArm
) -> None:
    """A scope and a map of parameters are echoed; what is nested in a key's inputs and flat in its outputs is
    not, so that a program which counts on it fails here as it would on Azure."""
    assignment = {"scope": VAULT, "policyAssignmentName": "n", "parameters": {"effect": {"value": "Deny"}}}
    key = {
        **PLACE,
        "vaultName": "v",
        "keyName": "k",
        "tags": {"a": "b"},
        "properties": {"kty": "RSA", "keySize": 2048},
    }
    _, echoed = await engine.create("azure-native:authorization:PolicyAssignment", assignment, preview=True)
    _, flat = await engine.create("azure-native:keyvault:Key", key, preview=True)
    assert (echoed["scope"], echoed["parameters"]) == (VAULT, {"effect": {"value": "Deny"}})
    assert flat["tags"] == {"a": "b"}
    assert (flat["kty"], flat["keySize"], flat["keyUri"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert arm.calls == []


async def test_preview_of_an_update_also_knows_name_and_location(engine: Engine) -> None:
    """An update changes neither, so both come from the old state."""
    old = {"name": "a", "location": "West Europe", "etag": "1"}
    outputs = await engine.update(ACCOUNT_TYPE, ACCOUNT, {}, ACCOUNT_INPUTS, old, preview=True)
    assert (outputs["name"], outputs["location"], outputs["etag"]) == ("a", "West Europe", UNKNOWN)


async def test_a_state_of_another_api_version_is_worth_a_warning(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told which version wrote it; that alone is no change."""
    caplog.set_level(logging.WARNING)
    same = await engine.diff(ACCOUNT_TYPE, ACCOUNT_INPUTS, ACCOUNT_INPUTS, {"azureApiVersion": "2021-10-01"})
    assert list(same.diffs) == []
    assert "API version 2021-10-01" in caplog.text


# Long operations


@pytest.mark.parametrize(
    ("polls", "reads", "reason", "kind"),
    [
        (
            [
                Answer(200, {"status": "Creating"}),
                Answer(200, {"status": "Failed", "error": {"code": "Broken", "message": "it broke"}}),
            ],
            [MISSING, found(kind="TextAnalytics")],
            'Code="Broken" Message="it broke"',
            "TextAnalytics",
        ),
        ([LOST] * 4, [MISSING, *[LOST] * 4], "connection reset", None),
        ([Answer(200, {"status": "Creating"})] * 10_000, [MISSING, found()], "operation timed out", None),
    ],
    ids=["failed", "cannot be followed", "too long"],
)
async def test_a_failure_after_acceptance_keeps_the_resource_in_state(
    engine: Engine, arm: RecordingArm, *, polls: list[Any], reads: list[Any], reason: str, kind: str | None
) -> None:
    """An accepted create that fails, is lost or takes too long is an initialisation error with id, state,
    inputs and reason."""
    arm.tell(f"PUT {ACCOUNT}", ACCEPTED)
    arm.tell("GET /operation", *polls)
    arm.tell(f"GET {ACCOUNT}", *reads)
    within = 0.05 if len(polls) > 4 else 0.0
    failure = await kept(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS, within=within))
    assert (failure.id, list(failure.reasons)) == (ACCOUNT, [reason])
    assert from_struct(failure.inputs) == ACCOUNT_INPUTS
    assert kind is None or from_struct(failure.properties)["kind"] == kind


async def test_a_failed_create_that_left_nothing_is_a_plain_error(engine: Engine, arm: RecordingArm) -> None:
    """What Azure took back is not kept in state."""
    for check in (refused, kept):
        arm.tell(f"PUT {ACCOUNT}", ACCEPTED)
        arm.tell("GET /operation", Answer(200, {"status": "Canceled"}))
        arm.tell(f"GET {ACCOUNT}", MISSING, MISSING)
        told = await check(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS))
        assert told == ("the operation ended as Canceled" if check is refused else None)


async def test_vault_creation_is_polled_on_the_vault_itself(engine: Engine, arm: RecordingArm) -> None:
    """A vault answers RegisteringDns until it is there; the create ends with it Succeeded."""
    registering, succeeded = (
        Answer(200, {"id": VAULT, "properties": {"provisioningState": state}})
        for state in ("RegisteringDns", "Succeeded")
    )
    arm.tell(f"PUT {VAULT}", registering)
    arm.tell(f"GET {VAULT}", MISSING, registering, succeeded, succeeded)
    _, outputs = await engine.create(VAULT_TYPE, VAULT_INPUTS)
    assert outputs["properties"] == {"provisioningState": "Succeeded"}
    assert arm.answers[f"GET {VAULT}"] == []


async def test_a_new_resource_without_a_state_is_still_being_made(engine: Engine, arm: RecordingArm) -> None:
    """201 without provisioningState is polled on the resource itself; 200 without one is done."""
    arm.tell(f"PUT {ACCOUNT}", Answer(201, {"id": ACCOUNT}))
    arm.tell(f"GET {ACCOUNT}", MISSING, found(), found(etag="last"))
    assert (await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS))[1]["etag"] == "last"
    assert arm.answers[f"GET {ACCOUNT}"] == []


async def test_a_202_is_followed_whatever_the_type_says(engine: Engine, arm: RecordingArm) -> None:
    """A type without long operations that is accepted for later is polled at its Location."""
    arm.tell(f"PUT {ROLE_ID}", Answer(202, None, {"location": "/later?x=1"}))
    arm.tell("GET /later", Answer(202), Answer(200, {"id": ROLE_ID}))
    arm.tell(f"GET {ROLE_ID}", MISSING, Answer(200, {"id": ROLE_ID, "properties": {"principalId": "p"}}))
    id, outputs = await engine.create(ROLE, ROLE_INPUTS)
    assert (id, outputs["principalId"]) == (ROLE_ID, "p")
    assert f"{MANAGEMENT}/later?x=1&api-version=2022-04-01" in arm.urls


async def test_an_operation_is_looked_for_where_azcore_looks(engine: Engine, arm: RecordingArm) -> None:
    """Azure-AsyncOperation before Location; an address with an api-version is polled as it was given."""
    url = f"{MANAGEMENT}/op?api-version=2017-04-18&t=1"
    arm.tell(
        f"PUT {ACCOUNT}", Answer(201, {"id": ACCOUNT}, {"azure-asyncoperation": url, "location": "/not-this"})
    )
    arm.tell("GET /op", Answer(200, {"status": "Running"}), Answer(200, {"status": "Succeeded"}))
    arm.tell(f"GET {ACCOUNT}", MISSING, found(), found())
    await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert [one for one in arm.urls if "/op" in one or "not-this" in one] == [url] * 2


async def test_delete_takes_absence_for_success_and_waits_where_it_must(
    engine: Engine, arm: RecordingArm
) -> None:
    """404 is fine; a group's deletion is followed to its end, whatever Retry-After says; a vault's is not, as
    the specification calls it no long operation; and 202 without any address is azcore's error."""
    accepted = Answer(202, None, {"location": f"{MANAGEMENT}/done", "retry-after": "15"})
    await engine.delete(ACCOUNT_TYPE, ACCOUNT, {})
    arm.tell(f"DELETE {GROUP}", accepted)
    arm.tell("GET /done", accepted, Answer(200))
    await engine.delete(GROUP_TYPE, GROUP, {})
    arm.tell(f"DELETE {VAULT}", accepted)
    await engine.delete(VAULT_TYPE, VAULT, {})
    assert [asked for asked in arm.asks if asked.startswith("GET")] == ["GET /done", "GET /done"]
    arm.tell(f"DELETE {ACCOUNT}", Answer(202))
    assert await refused(engine.delete(ACCOUNT_TYPE, ACCOUNT, {})) == "response is missing polling URL"


@pytest.mark.parametrize(
    "passing",
    [
        Answer(429, None, {"retry-after": "60"}),
        Answer(503),
        NoAnswerError("broken"),
        Answer(409, {"error": {"code": "AnotherOperationInProgress"}}),
    ],
)
async def test_what_passes_by_itself_is_tried_again(
    engine: Engine, arm: RecordingArm, passing: Answer | NoAnswerError
) -> None:
    """Throttling, outages, broken connections and a busy resource are retried; other conflicts are not."""
    arm.tell(f"DELETE {ACCOUNT}", passing, passing, passing)
    await engine.delete(ACCOUNT_TYPE, ACCOUNT, {})
    assert len(arm.calls) == 4


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (Answer(409, {"error": {"code": "Conflict", "message": "no"}}), 1),
        (Answer(404), 1),
        *((Answer(status), 4) for status in (408, 500, 502, 504, 429)),
        (NoAnswerError("broken"), 4),
    ],
)
async def test_what_does_not_pass_is_told_after_three_repetitions(
    engine: Engine, arm: RecordingArm, answer: Answer | NoAnswerError, calls: int
) -> None:
    """Conflicts are told at once; what may pass is asked for four times in all."""
    arm.tell(f"PUT {ACCOUNT}", *[answer] * 5)
    await refused(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS))
    assert len(arm.sent("PUT")) == calls


async def test_an_unregistered_resource_provider_is_registered_first(
    engine: Engine, arm: RecordingArm
) -> None:
    """A first use of a provider in a subscription registers it and repeats the write."""
    provider = f"{GROUP.rsplit('/', 2)[0]}/providers/microsoft.cognitiveservices"
    arm.tell(f"PUT {ACCOUNT}", Answer(409, {"error": {"code": "MissingSubscriptionRegistration"}}))
    states = ("Registering", "Registered")
    arm.tell(f"GET {provider}", *(Answer(200, {"registrationState": state}) for state in states))
    assert (await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS))[0] == ACCOUNT
    assert f"POST {provider}/register" in arm.asks
    assert len(arm.sent("PUT")) == 2


def test_delays_are_short_enough_for_tests() -> None:
    """Those of the real provider are ten seconds and more."""
    assert max(Delays().poll, Delays().retry) <= 0.1
