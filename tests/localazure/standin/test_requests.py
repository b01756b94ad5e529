"""What the stand-in asks of ARM and takes from its answers, where a choice would be possible."""

from __future__ import annotations

import logging
from typing import Any

import grpc
import pytest

from localazure.standin.azure import Answer, NoAnswerError
from tests.localazure.standin.arm import (
    ACCOUNT,
    ACCOUNT_BODY,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    ENVIRON,
    GROUP,
    VAULT,
    VAULT_TYPE,
    missing,
)
from tests.localazure.standin.case import configured, engine, stand_in

pytestmark = pytest.mark.asyncio

ROLE = "azure-native:authorization:RoleAssignment"
ROLE_INPUTS = {"scope": VAULT, "roleAssignmentName": "n", "principalId": "p", "roleDefinitionId": "/r"}
MANAGEMENT = "https://management.azure.com"


def made(**more: Any) -> Answer:
    return Answer(200, {"id": ACCOUNT, "name": "a", **more})


@pytest.mark.parametrize("answer", [Answer(204), Answer(200), Answer(200, {}), missing()])
async def test_whatever_shows_nothing_lets_a_create_go_on(answer: Answer) -> None:
    """204, an empty 200 and 404 are all no resource."""
    async with configured() as (instance, arm):
        arm.answers[f"GET {ACCOUNT}"] = [answer]
        id, _ = await instance.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert id == ACCOUNT
    assert len(arm.sent("PUT")) == 1


async def test_the_id_is_the_one_that_azure_answers() -> None:
    """ARM's own spelling is stored, not the program's."""
    canonical = ACCOUNT.replace("/rg/", "/RG/")
    async with configured() as (instance, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [Answer(200, {"id": canonical})]
        arm.resources[canonical.lower()] = {"id": canonical}
        arm.answers[f"GET {ACCOUNT}"] = [missing()]
        id, outputs = await instance.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert (id, outputs["id"]) == (canonical, canonical)


async def test_names_in_a_path_are_escaped() -> None:
    """A name with a blank or a slash stays one segment."""
    async with configured() as (instance, arm):
        inputs = {**ACCOUNT_INPUTS, "resourceGroupName": "rg (a/b)", "accountName": "ab"}
        await instance.create(ACCOUNT_TYPE, inputs)
    assert "/resourceGroups/rg%20%28a%2Fb%29/providers/" in arm.urls[0]


async def test_an_empty_list_is_sent_and_a_null_is_not() -> None:
    """An empty list says that nothing is allowed; what was left out is not named at all."""
    properties: dict[str, Any] = {"allowedFqdnList": [], "customSubDomainName": None}
    async with configured() as (instance, arm):
        await instance.create(ACCOUNT_TYPE, {**ACCOUNT_INPUTS, "properties": properties})
    assert arm.sent("PUT") == [{**ACCOUNT_BODY, "properties": {"allowedFqdnList": []}}]


async def test_what_cannot_be_read_back_is_taken_from_the_write() -> None:
    """A failed read after a write is a warning: the state is what the PUT answered."""
    async with configured() as (instance, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [made(etag="put")]
        arm.answers[f"GET {ACCOUNT}"] = [missing(), Answer(403, {"error": {"code": "AuthorizationFailed"}})]
        _, outputs = await instance.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert outputs["etag"] == "put"


@pytest.mark.parametrize(
    ("config", "environ"), [({"skipReadOnUpdate": "true"}, {}), ({}, {"ARM_SKIP_READ_ON_UPDATE": "true"})]
)
async def test_reading_back_can_be_left_out(config: dict[str, str], environ: dict[str, str]) -> None:
    """`skipReadOnUpdate`, or its variable: nothing is read after a create or an update."""
    async with stand_in({**ENVIRON, **environ}) as (port, opened), engine(port) as instance:
        await instance.configure(**config)
        opened[0].answers[f"PUT {ACCOUNT}"] = [made(etag="1"), made(etag="2")]
        _, outputs = await instance.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
        changed = {**ACCOUNT_INPUTS, "tags": {"a": "b"}}
        updated = await instance.update(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, changed, outputs)
    assert [call[0] for call in opened[0].calls] == ["GET", "PUT", "PUT"]
    assert (outputs["etag"], updated["etag"]) == ("1", "2")


async def test_without_an_answer_about_the_group_there_is_no_location() -> None:
    """A group that cannot be read leaves the location unset, and ARM to judge."""
    async with configured() as (instance, arm):
        arm.answers[f"GET {GROUP}"] = [Answer(403, {"error": {"code": "AuthorizationFailed"}})]
        inputs, failures = await instance.check(ACCOUNT_TYPE, {"resourceGroupName": "rg"})
    assert "location" not in inputs
    assert failures == []


async def test_a_202_is_followed_whatever_the_type_says() -> None:
    """A type without long operations that is accepted for later is polled at its Location."""
    id = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/n"
    async with configured() as (instance, arm):
        arm.answers[f"PUT {id}"] = [Answer(202, None, {"location": "/later?x=1"})]
        arm.answers["GET /later"] = [Answer(202), Answer(200, {"id": id})]
        arm.answers[f"GET {id}"] = [missing(), Answer(200, {"id": id, "properties": {"principalId": "p"}})]
        found, outputs = await instance.create(ROLE, ROLE_INPUTS)
    assert (found, outputs["principalId"]) == (id, "p")
    assert f"{MANAGEMENT}/later?x=1&api-version=2022-04-01" in arm.urls


async def test_an_operation_is_looked_for_where_azcore_looks() -> None:
    """Azure-AsyncOperation before Location; an address with an api-version is polled as it was given."""
    headers = {
        "azure-asyncoperation": f"{MANAGEMENT}/op?api-version=2017-04-18&t=1",
        "location": "/not-this",
    }
    async with configured() as (instance, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [Answer(201, {"id": ACCOUNT}, headers)]
        arm.answers["GET /op"] = [Answer(200, {"status": "Running"}), Answer(200, {"status": "Succeeded"})]
        arm.answers[f"GET {ACCOUNT}"] = [missing(), made(), made()]
        await instance.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert [url for url in arm.urls if "/op" in url] == [headers["azure-asyncoperation"]] * 2
    assert not [url for url in arm.urls if "not-this" in url]


async def test_a_new_resource_without_a_state_is_still_being_made() -> None:
    """201 without provisioningState is polled on the resource itself; 200 without one is done."""
    async with configured() as (instance, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [Answer(201, {"id": ACCOUNT})]
        arm.answers[f"GET {ACCOUNT}"] = [missing(), made(), made(etag="last")]
        _, outputs = await instance.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert outputs["etag"] == "last"
    assert arm.answers[f"GET {ACCOUNT}"] == []


async def test_fails_for_an_accepted_delete_that_cannot_be_followed() -> None:
    """202 without any address is azcore's error."""
    async with configured() as (instance, arm):
        arm.answers[f"DELETE {ACCOUNT}"] = [Answer(202)]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.delete(ACCOUNT_TYPE, ACCOUNT, {})
    assert caught.value.details() == "response is missing polling URL"


async def test_a_vaults_delete_is_not_waited_for() -> None:
    """The specification calls it no long operation, so an accepted one is over."""
    async with configured() as (instance, arm):
        arm.answers[f"DELETE {VAULT}"] = [Answer(202, None, {"location": "/later"})]
        await instance.delete(VAULT_TYPE, VAULT, {})
    assert [call[0] for call in arm.calls] == ["DELETE"]


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (Answer(409, {"error": {"code": "Conflict", "message": "no"}}), 1),
        (Answer(404), 1),
        (Answer(408), 4),
        (Answer(500), 4),
        (Answer(502), 4),
        (Answer(504), 4),
        (Answer(429), 4),
        (NoAnswerError("broken"), 4),
    ],
)
async def test_what_does_not_pass_is_told_after_three_repetitions(
    answer: Answer | NoAnswerError, calls: int
) -> None:
    """Conflicts are told at once; what may pass is asked for four times in all."""
    async with configured() as (instance, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [answer] * 5
        with pytest.raises(grpc.aio.AioRpcError):
            await instance.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert len(arm.sent("PUT")) == calls


async def test_a_state_of_another_api_version_is_worth_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """It is told which version wrote it; that alone is no change."""
    caplog.set_level(logging.WARNING)
    async with configured() as (instance, _):
        found = await instance.diff(
            ACCOUNT_TYPE, ACCOUNT_INPUTS, ACCOUNT_INPUTS, {"azureApiVersion": "2021-10-01"}
        )
    assert list(found.diffs) == []
    assert "API version 2021-10-01" in caplog.text
