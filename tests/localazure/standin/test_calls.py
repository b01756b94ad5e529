"""Every row of facts.yaml, and what one row cannot say: names that are drawn, what is kept of a failure,
several calls."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from localazure.standin import errors
from localazure.standin.answer import Answer
from localazure.standin.azure import NoAnswerError
from localazure.standin.functions import CLIENT, GETTERS, LIST_KEYS
from localazure.standin.table import ROWS
from localazure.standin.wire import SECRET, from_struct
from tests.localazure.standin.driver import (
    ACCOUNT,
    ACCOUNT_BODY,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    MISSING,
    PLACE,
    Engine,
    Fact,
    Got,
    engine_at,
    facts,
    found,
    kept,
    refused,
    stand_in,
)
from tests.support.plugin_texts import SAMPLES, URL, Sample

MANAGEMENT = "https://management.azure.com"
PUT, GET = f"PUT {ACCOUNT}", f"GET {ACCOUNT}"
ACCEPTED = Answer(
    201, {"id": ACCOUNT}, {"azure-asyncoperation": f"{MANAGEMENT}/operation", "retry-after": "900"}
)
LOST = NoAnswerError("connection reset")
ROLE = {"principalId": "p", "roleDefinitionId": "r", "scope": "/s"}


@pytest.mark.parametrize("fact", facts())
async def test_azure_native(engine: Engine, fact: Fact) -> None:
    """What it asks of ARM in one call of the engine, and what it makes of the answers."""
    await fact.check(engine)


GENERIC = {
    "resourceGroupName": "rg",
    "resourceProviderNamespace": "Microsoft.KeyVault",
    "parentResourcePath": "",
    "resourceType": "vaults",
    "resourceName": "kv-other",
    "location": "westeurope",
    "properties": {"enablePurgeProtection": True},
}


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        (GENERIC, "Microsoft.KeyVault/vaults/kv-other"),
        (
            {**GENERIC, "parentResourcePath": "vaults/kv", "resourceType": "keys", "resourceName": "k"},
            "Microsoft.KeyVault/vaults/kv/keys/k",
        ),
    ],
)
async def test_a_generic_resource_is_made_at_the_place_that_it_names(
    engine: Engine, inputs: Got, path: str
) -> None:
    """A preview asks Azure nothing; the gate's review judges it by its type."""
    checked = (await engine.check("azure-native:resources:Resource", inputs))["inputs"]
    await engine.create("azure-native:resources:Resource", checked, preview=True)
    assert engine.arm.asks == []
    await engine.create("azure-native:resources:Resource", checked)
    (put,) = (one for one in engine.arm.asks if one.startswith("PUT "))
    assert put.endswith(f"/resourcegroups/rg/providers/{path}")


async def test_check_draws_a_name_from_the_seed_that_lets_a_replacement_come_first(engine: Engine) -> None:
    """Without a name, the logical name and 8 hex digits, the same for a seed; ARM takes only a UUID as the
    name of a role assignment."""
    first, again, other = [
        (await engine.check(ACCOUNT_TYPE, PLACE, randomSeed=seed))["inputs"] for seed in (b"a", b"a", b"b")
    ]
    assert first["accountName"].startswith("thing")
    assert len(bytes.fromhex(first["accountName"][5:])) == 4
    assert first["__createBeforeDelete"] is True
    assert first == again
    assert other["accountName"] != first["accountName"]
    role = (await engine.check("azure-native:authorization:RoleAssignment", ROLE))["inputs"]
    assert (len(role["roleAssignmentName"]), role["__createBeforeDelete"]) == (36, True)


async def test_fails_for_what_is_not_here_naming_all_that_is(engine: Engine) -> None:
    """Already the check of a resource's inputs fails, before anything is made; so does a function."""
    told = await refused(engine.check("azure-native:keyvault:ManagedHsm", {}))
    assert "resource type 'azure-native:keyvault:ManagedHsm' is not known" in told
    assert all(row.token in told for row in ROWS)
    told = await refused(engine.invoke("keyvault:getManagedHsm", {}))
    assert "function 'azure-native:keyvault:getManagedHsm' is not known" in told
    assert all(token in told for token in (*CLIENT, *GETTERS, LIST_KEYS))
    assert engine.arm.calls == []


@pytest.mark.parametrize(("pins_keys", "made_by"), [(False, "2024-11-01"), (True, "2026-02-01")])
async def test_a_key_is_made_by_the_default_version_whatever_its_type_pins(
    made_by: str, *, pins_keys: bool
) -> None:
    """Its own create has a client of the type without a version; it asks whether the key is there by the
    pinned one, which the state names."""
    key = {**PLACE, "vaultName": "v", "keyName": "k", "properties": {"kty": "RSA"}}
    async with stand_in(pins_keys=pins_keys) as (port, opened), engine_at(port, opened) as engine:
        await engine.configure()
        made = await engine.create("azure-native:keyvault/v20260201:Key", key)
        assert made["outputs"]["azureApiVersion"] == "2026-02-01"
        assert [url.partition("=")[2] for url in engine.arm.urls] == ["2026-02-01", made_by]


async def test_refresh_carries_later_changes_into_the_inputs_and_no_old_defaults(engine: Engine) -> None:
    """An encryption set by somebody becomes an input; a default that was there all along does not."""
    enabled, encryption = {"publicNetworkAccess": "Enabled"}, {"keySource": "Microsoft.KeyVault"}
    engine.arm.tell(f"GET {ACCOUNT}", MISSING, found(properties=enabled, **ACCOUNT_BODY))
    made = await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    now = {"properties": {**enabled, "encryption": encryption}, "etag": "2", **ACCOUNT_BODY}
    engine.arm.tell(f"GET {ACCOUNT}", found(**now))
    read = await engine.read(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, made["outputs"])
    assert read["inputs"] == {**ACCOUNT_INPUTS, "properties": {"encryption": encryption}}
    assert read["outputs"]["properties"]["encryption"] == encryption


async def test_a_client_token_is_for_resource_manager(engine: Engine) -> None:
    """Unless it is asked for another endpoint."""
    for endpoint, scope in (
        ({}, "https://management.azure.com//.default"),
        ({"endpoint": "x"}, "x/.default"),
    ):
        got = await engine.invoke("authorization:getClientToken", endpoint)
        assert got == {"token": await engine.arm.token(scope)}


async def test_a_key_that_is_listed_is_no_secret_to_the_engine(engine: Engine) -> None:
    """Nothing is marked secret by the provider: who lists keys wraps them."""
    engine.arm.tell(f"POST {ACCOUNT}/listKeys", Answer(200, {"key1": "one", "key2": "two"}))
    request = provider_pb2.InvokeRequest(tok="azure-native:cognitiveservices:listAccountKeys")
    request.args.update({**PLACE, "accountName": "a"})
    answer = getattr(await engine.stub.Invoke(request), "return")
    assert dict(answer) == {"key1": "one", "key2": "two"}
    assert SECRET not in str(answer)


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


@pytest.mark.parametrize("sample", [one for one in SAMPLES.values() if one.body is not None], ids=str)
def test_a_refusal_is_told_to_the_letter(sample: Sample) -> None:
    """As azure-native's client words an answer of Azure."""
    body = sample.body or ""
    answer = Answer(
        sample.status,
        json.loads(body) if body.startswith("{") else body or None,
        sample.headers,
        body,
        f"PUT {URL}",
    )
    assert errors.of_plugin(answer) == sample.text


RUNNING = Answer(200, {"status": "Creating"})
BROKEN = Answer(200, {"status": "Failed", "error": {"code": "Broken", "message": "it broke"}})


@pytest.mark.parametrize(
    ("polls", "reads", "reason", "outputs"),
    [
        ([RUNNING, BROKEN], [found(kind="A")], 'Status=200 Code="Broken" Message="it broke"', {"kind": "A"}),
        (
            [Answer(200, {"status": "Canceled"})],
            [MISSING],
            (
                'resource created but read failed Status=404 Code="ResourceNotFound" Message="not here": '
                'Status=200 Message="{"status":"Canceled"}"'
            ),
            {},
        ),
        (
            [LOST] * 4,
            [LOST] * 4,
            "resource created but read failed connection reset: connection reset",
            {},
        ),
        ([RUNNING] * 10_000, [found()], "operation timed out", {}),
    ],
    ids=["failed", "left nothing", "cannot be followed", "too long"],
)
async def test_a_failure_after_acceptance_keeps_the_resource_in_state(
    engine: Engine, polls: list[Any], reads: list[Any], reason: str, outputs: Got
) -> None:
    """An accepted create that fails, is lost or takes too long is an initialisation error with id, inputs and
    reason, and with the state as far as it can be read: also where nothing is left (crud.go,
    HandleErrorWithCheckpoint)."""
    engine.arm.tell(PUT, ACCEPTED)
    engine.arm.tell("GET /operation", *polls)
    engine.arm.tell(GET, MISSING, *reads)
    within = 0.05 if len(polls) > 4 else 0.0
    failure = await kept(engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS, within=within))
    assert (failure.id, list(failure.reasons)) == (ACCOUNT, [reason])
    assert from_struct(failure.inputs) == ACCOUNT_INPUTS
    made = from_struct(failure.properties)
    assert outputs.items() <= made.items()
    assert "azureApiVersion" not in made
