"""Azure Policy through the stand-in: assignments and exemptions as the guardrails component makes them."""

from __future__ import annotations

import pytest

from docs.examples.azure_policy.constraints import CONSTRAINTS, CUSTOMER_KEY, DENY, assigned_parameters
from localazure.standin.wire import from_struct
from tests.localazure.standin.cloud import cloud, made, unchanged
from tests.support.front import SUBSCRIPTION

pytestmark = pytest.mark.asyncio

ASSIGNMENT = "azure-native:authorization:PolicyAssignment"
EXEMPTION = "azure-native:authorization:PolicyExemption"
(KEY,) = (one for one in CONSTRAINTS if one.name == CUSTOMER_KEY)


async def test_an_exempt_group_may_have_its_phase_one_until_the_last_day() -> None:
    """Under Deny the account is refused, but for the exempt group until the exemption ends. What is read back
    is what was written, so that a second run has nothing to change."""
    async with cloud() as (instance, case, _):
        assignment, _, _ = await made(
            instance,
            ASSIGNMENT,
            scope=SUBSCRIPTION,
            policyAssignmentName="cmk-account-customer-key",
            policyDefinitionId=KEY.definition_id,
            parameters={name: {"value": value} for name, value in assigned_parameters(KEY, DENY, ()).items()},
        )
        assert case.start_account().code == "RequestDisallowedByPolicy"
        id, inputs, outputs = await made(
            instance,
            EXEMPTION,
            scope=case.group,
            policyExemptionName="cmk-phase-one",
            policyAssignmentId=assignment,
            exemptionCategory="Waiver",
            description="The account is bound in phase two.",
            expiresOn="2099-12-31T23:59:59Z",
        )
        assert case.start_account().status == 201
        await unchanged(instance, EXEMPTION, id, inputs, outputs)
        imported = await instance.read(EXEMPTION, id)
        ended = {**inputs, "expiresOn": "2020-01-01T00:00:00Z"}
        await instance.update(EXEMPTION, id, inputs, ended, outputs)
        case.account = f"{case.account}-too"
        assert case.start_account(customSubDomainName=None).code == "RequestDisallowedByPolicy"
        await instance.delete(EXEMPTION, id, ended)
        gone = await instance.read(EXEMPTION, id, ended, outputs)
    assert from_struct(imported.inputs)["expiresOn"] == inputs["expiresOn"]
    assert gone.id == ""
