"""Whether Azure Policy denies what is about to be made.

Source: Microsoft.PolicyInsights checkPolicyRestrictions 2024-10-01 (azure-rest-api-specs): the content is
judged as it would be sent; `contentEvaluationResult.policyEvaluations` are the policies that it does not
meet, only those that deny unless others are asked for. Assignments of management groups may be left out
(Azure/azure-dev's notes on preflight); what they deny shows only in the update.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from core import arm_ids
from core.api_versions import POLICY_RESTRICTIONS
from provider.deployment.model import CREATE, GROUP, DeploymentFinding, Planned, Report, subscription_scope
from provider.deployment.questions import Questions, about_each

NAME: Final = "policies"
WHAT: Final = "whether a policy denies it"
CHECK: Final = "Microsoft.PolicyInsights/checkPolicyRestrictions"
_DENY: Final = "deny"
Evaluation = Mapping[str, Any]


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each policy that denies a body. Bodies that differ in their name alone, in groups that
    are yet to be made, are asked about once."""

    async def judge(one: Planned) -> Iterable[DeploymentFinding]:
        exists = await ask.group_exists(one.group_id)
        denials = await _denials(one, one.content, ask, exists=exists)
        if not denials:
            return []
        passes = one.bound is not None and not await _denials(one, one.bound, ask, exists=exists)
        return [_finding(one, denial, passes_bound=passes) for denial in denials]

    judged = (arm_ids.KEY.lower(), GROUP.lower())
    made = [
        one
        for one in plan
        # Policies are written for what has a region, and for keys.
        if one.action == CREATE and (one.location or one.type.lower() in judged)
    ]
    return await about_each(NAME, WHAT, made, judge)


async def _denials(
    one: Planned, content: Mapping[str, Any], ask: Questions, *, exists: bool
) -> list[Evaluation]:
    body = dict(content)
    scope = one.group_id if exists and one.type != GROUP else subscription_scope(one.id)
    within: dict[str, Any] = {}
    if not exists:
        body.pop("name", None)
    elif one.type != GROUP and one.type.count("/") > 1:
        within = {"scope": _parent(one)}
    details = {"resourceDetails": {"resourceContent": body, **within}}
    answer = await ask.post(arm_ids.child(scope, CHECK), POLICY_RESTRICTIONS, json.loads(json.dumps(details)))
    listed = (answer.get("contentEvaluationResult") or {}).get("policyEvaluations") or ()
    return [
        one
        for one in listed
        if str((one.get("effectDetails") or {}).get("policyEffect") or _DENY).lower() == _DENY
    ]


def _parent(planned: Planned) -> str:
    """The resource that a nested one is in."""
    return arm_ids.parse(planned.id).parent.text


def _finding(one: Planned, denial: Evaluation, *, passes_bound: bool) -> DeploymentFinding:
    info = denial.get("policyInfo") or {}
    assignment, definition = (str(info.get(f"policy{name}Id") or "") for name in ("Assignment", "Definition"))
    text = f"Azure Policy denies {one.label}: assignment {assignment}, definition {definition}, effect Deny"
    ways = []
    if passes_bound:
        text += "; it asks for a customer-managed key, which an account with its own identity gets only later"
        ways.append("set identity: userAssigned, by which the account is made with its key")
    scope = one.group_id if one.type != GROUP else subscription_scope(one.id)
    exemption = (
        "have its owner exempt this with `az policy exemption create --name language-cmk "
        f"--policy-assignment {assignment} --exemption-category Waiver --scope {scope}`"
    )
    if not passes_bound:
        ways.append("change the settings so that they meet the policy")
    return DeploymentFinding(NAME, one.id, text, f"{', or '.join([*ways, exemption])}")
