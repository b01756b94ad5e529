"""Creates, updates, previews and deletes: what the stand-in asks of ARM, and what it makes of its answers."""

from __future__ import annotations

import logging
from typing import Any

import pytest

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
    Got,
    Row,
    found,
    kept,
    refused,
    rows,
)

ROLE = "azure-native:authorization:RoleAssignment"
ROLE_ID = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/n"
ROLE_INPUTS = {"scope": VAULT, "roleAssignmentName": "n", "principalId": "p", "roleDefinitionId": "/r"}
ROLE_BODY = {"properties": {"principalId": "p", "roleDefinitionId": "/r"}}
MANAGEMENT = "https://management.azure.com"
PUT, GET, DELETE = (f"{method} {ACCOUNT}" for method in ("PUT", "GET", "DELETE"))
ACCEPTED = Answer(
    201, {"id": ACCOUNT}, {"azure-asyncoperation": f"{MANAGEMENT}/operation", "retry-after": "900"}
)
LOST = NoAnswerError("connection reset")
TAGGED = {**ACCOUNT_INPUTS, "tags": {"a": "b"}}
ENCRYPTED = {"properties": {"encryption": {"keySource": "x"}}}
WORKSPACE = {"retentionInDays": 30, "sku": {"name": "PerGB2018"}}
WORKSPACE_INPUTS = {**PLACE, "workspaceName": "work", "location": "westeurope", **WORKSPACE}
CANONICAL = ACCOUNT.replace("/rg/", "/RG/")
ASSIGNMENT = {"scope": VAULT, "policyAssignmentName": "n", "parameters": {"effect": {"value": "Deny"}}}
KEY_NAMES = {**PLACE, "vaultName": "v", "keyName": "k"}
PROVIDER = f"{GROUP.rsplit('/', 2)[0]}/providers/microsoft.cognitiveservices"


def create(engine: Engine) -> Any:
    return engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)


def answered(state: str, of: str = VAULT) -> Answer:
    return Answer(200, {"id": of, "properties": {"provisioningState": state}})


WRITES = {
    "a create asks whether it is there, puts all inputs, and stores what a GET then tells": Row(
        lambda engine: engine.create(ACCOUNT_TYPE, {**ACCOUNT_INPUTS, "unknown": 1}),
        {GET: [MISSING, found(etag="1", colour="blue", tags=None, **ACCOUNT_BODY)]},
        has={
            "id": ACCOUNT,
            "outputs": {
                **ACCOUNT_BODY,
                "id": ACCOUNT,
                "name": "a",
                "etag": "1",
                "azureApiVersion": "2025-06-01",
            },
        },
        asks=[GET, PUT, GET],
        sent=[ACCOUNT_BODY],
    ),
    "204 is no resource": Row(create, {GET: [Answer(204)]}, asks=[GET, PUT, GET]),
    "what is there is not overwritten": Row(
        create, {GET: [found()]}, asks=[GET], refused=f"cannot create already existing resource '{ACCOUNT}'"
    ),
    "where existence is not known nothing is written": Row(
        create,
        {GET: [FORBIDDEN]},
        asks=[GET],
        refused=f"cannot check existence of resource '{ACCOUNT}': status code 403, {FORBIDDEN.text}",
    ),
    "an update sends nothing that was set beside the program": Row(
        lambda engine: engine.update(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, TAGGED),
        there={ACCOUNT: ENCRYPTED},
        sent=[{**ACCOUNT_BODY, "tags": {"a": "b"}}],
    ),
    "the id is spelled as Azure answers it": Row(
        create,
        {PUT: [Answer(200, {"id": CANONICAL})], GET: [MISSING]},
        there={CANONICAL: {}},
        has={"id": CANONICAL, "outputs.id": CANONICAL},
    ),
    "a flat type sends nested what ARM nests, also where ARM has the name outside": Row(
        lambda engine: engine.create("azure-native:operationalinsights:Workspace", WORKSPACE_INPUTS),
        has={"outputs.sku": {"name": "PerGB2018"}, "outputs.retentionInDays": 30},
        sent=[{"location": "westeurope", "properties": WORKSPACE}],
    ),
    "a role assignment is at its scope, without its outer slashes": Row(
        lambda engine: engine.create(ROLE, {**ROLE_INPUTS, "scope": f"{VAULT}/"}),
        has={"id": ROLE_ID, "outputs.principalId": "p"},
        sent=[ROLE_BODY],
    ),
    "a failed read after a write leaves what the write answered": Row(
        create, {PUT: [found(etag="put")], GET: [MISSING, FORBIDDEN]}, has={"outputs.etag": "put"}
    ),
    "a vault is polled until it has succeeded": Row(
        lambda engine: engine.create(VAULT_TYPE, VAULT_INPUTS),
        {
            f"PUT {VAULT}": [answered("RegisteringDns")],
            f"GET {VAULT}": [MISSING, answered("RegisteringDns"), *[answered("Succeeded")] * 2],
        },
        has={"outputs.properties": {"provisioningState": "Succeeded"}},
    ),
    "201 without a state is polled on the resource, 200 without one is done": Row(
        create,
        {PUT: [Answer(201, {"id": ACCOUNT})], GET: [MISSING, found(), found(etag="last")]},
        has={"outputs.etag": "last"},
    ),
    "a 202 is followed to its Location, whatever the type says": Row(
        lambda engine: engine.create(ROLE, ROLE_INPUTS),
        {
            f"PUT {ROLE_ID}": [Answer(202, None, {"location": "/later?x=1"})],
            "GET /later": [Answer(202), Answer(200, {"id": ROLE_ID})],
            f"GET {ROLE_ID}": [MISSING, Answer(200, {"id": ROLE_ID, **ROLE_BODY})],
        },
        has={"id": ROLE_ID, "outputs.principalId": "p"},
    ),
    "Azure-AsyncOperation comes before Location": Row(
        create,
        {
            PUT: [Answer(201, {"id": ACCOUNT}, {"azure-asyncoperation": "/op?a=1", "location": "/not-this"})],
            "GET /op": [Answer(200, {"status": "Running"}), Answer(200, {"status": "Succeeded"})],
            GET: [MISSING, found(), found()],
        },
        asks=[GET, PUT, "GET /op", "GET /op", GET, GET],
    ),
    "an unregistered provider is registered, and the write repeated": Row(
        create,
        {
            PUT: [Answer(409, {"error": {"code": "MissingSubscriptionRegistration"}})],
            f"GET {PROVIDER}": [
                Answer(200, {"registrationState": state}) for state in ("Registering", "Registered")
            ],
        },
        asks=[GET, PUT, f"POST {PROVIDER}/register", *[f"GET {PROVIDER}"] * 2, PUT, GET],
    ),
    "404 is deleted": Row(lambda engine: engine.delete(ACCOUNT_TYPE, ACCOUNT, {}), asks=[DELETE]),
    "a group's delete is followed to its end, whatever Retry-After says": Row(
        lambda engine: engine.delete(GROUP_TYPE, GROUP, {}),
        {
            f"DELETE {GROUP}": [Answer(202, None, {"location": f"{MANAGEMENT}/done", "retry-after": "15"})],
            "GET /done": [Answer(202, None, {"retry-after": "15"}), Answer(200)],
        },
    ),
    "a vault's delete is no long operation": Row(
        lambda engine: engine.delete(VAULT_TYPE, VAULT, {}),
        {f"DELETE {VAULT}": [Answer(202, None, {"location": f"{MANAGEMENT}/done"})]},
        asks=[f"DELETE {VAULT}"],
    ),
    "202 without an address is azcore's error": Row(
        lambda engine: engine.delete(ACCOUNT_TYPE, ACCOUNT, {}),
        {DELETE: [Answer(202)]},
        refused="response is missing polling URL",
    ),
    **{
        f"{told} is tried again": Row(create, {PUT: [told] * 3}, asks=[GET, *[PUT] * 4, GET])
        for told in (
            Answer(429, None, {"retry-after": "60"}),
            *(Answer(status) for status in (408, 500, 502, 503, 504)),
            LOST,
            Answer(409, {"error": {"code": "AnotherOperationInProgress"}}),
        )
    },
    "what does not pass is told after three repetitions": Row(
        create, {PUT: [LOST] * 4}, asks=[GET, *[PUT] * 4], refused="connection reset"
    ),
}


@rows(WRITES)
async def test_a_write(engine: Engine, row: Row) -> None:
    """The requests of one call, in their order, and what the engine stores."""
    await row.holds(engine)


async def test_of_what_azure_refuses_nothing_is_kept(engine: Engine) -> None:
    """A conflict is told at once, as azure-native prints it."""
    conflict = Answer(409, {"error": {"code": "FlagMustBeSetForRestore", "message": "soft-deleted"}})
    engine.arm.tell(PUT, conflict, conflict)
    told = 'Status=409 Code="FlagMustBeSetForRestore" Message="soft-deleted"'
    assert await refused(create(engine)) == told
    assert await kept(create(engine)) is None
    assert len(engine.arm.sent("PUT")) == 2


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
    await create(engine)
    assert f"{MANAGEMENT}/op{given}{added}" in engine.arm.urls


PREVIEWS = {
    "of a create it knows the inputs, and neither what Azure sets nor a list that comes back as a map": Row(
        lambda engine: engine.create(
            ACCOUNT_TYPE,
            {
                **ACCOUNT_INPUTS,
                "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a"]},
                "properties": {"customSubDomainName": UNKNOWN, "disableLocalAuth": True},
            },
            preview=True,
        ),
        has={
            "id": "",
            "outputs.location": "westeurope",
            "outputs.kind": "TextAnalytics",
            **{f"outputs.{name}": UNKNOWN for name in ("name", "id", "etag", "identity.principalId")},
            "outputs.identity.type": "UserAssigned",
            "outputs.identity.userAssignedIdentities": UNKNOWN,
            "outputs.properties.disableLocalAuth": True,
            **{f"outputs.properties.{name}": UNKNOWN for name in ("customSubDomainName", "endpoint")},
        },
        asks=[],
    ),
    "a scope and a map of parameters are echoed": Row(
        lambda engine: engine.create("azure-native:authorization:PolicyAssignment", ASSIGNMENT, preview=True),
        has={"outputs.scope": VAULT, "outputs.parameters": {"effect": {"value": "Deny"}}},
        asks=[],
    ),
    "what is nested in a key's inputs and flat in its outputs is not known, as on Azure": Row(
        lambda engine: engine.create(
            "azure-native:keyvault:Key",
            {**KEY_NAMES, "tags": {"a": "b"}, "properties": {"kty": "RSA", "keySize": 2048}},
            preview=True,
        ),
        has={"outputs.tags": {"a": "b"}, "outputs.kty": UNKNOWN, "outputs.keySize": UNKNOWN},
        asks=[],
    ),
    "of an update it also knows name and location": Row(
        lambda engine: engine.update(
            ACCOUNT_TYPE,
            ACCOUNT,
            {},
            ACCOUNT_INPUTS,
            {"name": "a", "location": "West Europe", "etag": "1"},
            preview=True,
        ),
        has={"outputs.name": "a", "outputs.location": "West Europe", "outputs.etag": UNKNOWN},
    ),
}


@rows(PREVIEWS)
async def test_a_preview(engine: Engine, row: Row) -> None:
    """What is certain is told, all else is unknown, and ARM is not asked."""
    await row.holds(engine)


async def test_a_state_of_another_api_version_is_worth_a_warning(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told which version wrote it; that alone is no change."""
    caplog.set_level(logging.WARNING)
    same = await engine.diff(ACCOUNT_TYPE, ACCOUNT_INPUTS, ACCOUNT_INPUTS, {"azureApiVersion": "2021-10-01"})
    assert list(same.diffs) == []
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
        assert await check(create(engine)) == told
