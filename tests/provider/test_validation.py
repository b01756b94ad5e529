"""The refusals of Azure's own validation, in the shapes in which Azure gives them."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from core import arm_template
from provider.azure import Azure
from provider.deployment import validation
from provider.deployment.model import Planned, Report
from provider.deployment.questions import Questions
from provider.waiting import Waiter
from tests.provider.canned import Canned
from tests.provider.rig import FakeClock

SUBSCRIPTION = "/subscriptions/11111111-1111-4111-8111-111111111111"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-claims"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-claims"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-claims"
WHO = "33333333-3333-4333-8333-333333333333"
POLICY = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/cmk"
DISALLOWED = (
    "Resource 'lang-claims' was disallowed by policy. Policy identifiers: "
    f'\'[{{"policyAssignment":{{"name":"Keys","id":"{POLICY}"}}}}]\'.'
)
INVALID = "InvalidTemplateDeployment"


def lacks(type: str, name: str, scope: str) -> str:
    return (
        f"Authorization failed for template resource '{name}' of type '{type}'. The client 'c' with object id"
        f" '{WHO}' does not have permission to perform action '{type}/write' at scope '{scope}'."
    )


class Azures(Canned):
    """Gives its answers in turn, each with its status, and the last one from then on."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        super().__init__(self._next)
        self.left = list(answers)

    def _next(self, _: Any) -> Any:
        self.status, body = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return body

    def get_token(self, *scopes: str, **options: Any) -> Any:
        claims = base64.urlsafe_b64encode(json.dumps({"oid": WHO}).encode()).decode().rstrip("=")
        return super().get_token(*scopes, **options)._replace(token=f"e30.{claims}.x")


def checked(azure: Azures, *others: Planned) -> Report:
    """What is found of an account in a group that exists, and of `others`, by default a vault there."""
    content = {"location": "westeurope", "properties": {}}
    others = others or (Planned(VAULT, content=content, setting="vault.name"),)
    plan = [*others, Planned(ACCOUNT, content=content)]
    return asyncio.run(validation.check(plan, Questions(Azure(azure.client()), Waiter(FakeClock()))))


def refused(message: str = "", *details: Any) -> tuple[int, Any]:
    error = {"code": INVALID, "message": message, **({"details": details} if details else {})}
    return 400, {"error": error}


def test_each_detail_is_about_its_resource() -> None:
    """By the id of a provider's refusal inside another one, and by the name in a policy's, with a way out."""
    preflight = {
        "code": "PreflightValidationCheckFailed",
        "message": "Preflight validation failed.",
        "details": [{"code": "VaultAlreadyExists", "target": VAULT, "message": "It is in use."}],
    }
    policy = {"code": "RequestDisallowedByPolicy", "target": "lang-claims", "message": DISALLOWED}
    azure = Azures(refused("See details.", preflight, policy))
    of_vault, of_account = checked(azure).findings
    assert (of_vault.id, of_account.id) == (VAULT, ACCOUNT)
    assert of_vault.text == "Azure would refuse vault 'kv-claims': VaultAlreadyExists: It is in use."
    assert f"--policy-assignment {POLICY} --exemption-category Waiver --scope {GROUP}`" in of_account.fix
    assert len(azure.asked) == 1


def test_rights_at_what_exists_are_given_there_alone() -> None:
    """Access at a vault of others takes no right in its whole group."""
    policy = f"{VAULT}/accessPolicies/{WHO}"
    text = lacks("Microsoft.KeyVault/vaults/accessPolicies", "kv-claims/add", policy)
    azure = Azures(refused(f"The template deployment failed with error: '{text}'."), (200, {}))
    content = {"properties": {"policy": {"objectId": WHO}}}
    (right,) = checked(azure, Planned(policy, content=content)).findings
    assert right.text.endswith(f"may not do Microsoft.KeyVault/vaults/accessPolicies/write at {VAULT}")
    assert f"--scope {VAULT}`" in right.fix


def test_a_login_that_may_write_nothing_is_one_of_previews() -> None:
    """It is told, and nothing is refused for it."""
    texts = (
        lacks("Microsoft.KeyVault/vaults", "kv-claims", VAULT),
        lacks("Microsoft.CognitiveServices/accounts", "lang-claims", ACCOUNT),
    )
    report = checked(Azures(refused(f"Failed with multiple errors: '{':'.join(texts)}'"), (200, {})))
    assert report.findings == ()
    assert [one.what for one in report.unchecked] == [validation.RIGHTS_WHAT]


def test_what_only_the_question_takes_refuses_nothing() -> None:
    """New groups are asked about as deployments inside another one, which no write of theirs needs."""
    text = lacks(
        "Microsoft.Resources/deployments", "in", f"{GROUP}/providers/Microsoft.Resources/deployments/in"
    )
    report = checked(Azures(refused(f"Failed with error: '{text}'"), (200, {})))
    assert report.findings == ()
    assert "Microsoft.Resources/deployments/write" in report.unchecked[0].why


@pytest.mark.parametrize(
    "answer",
    [
        (403, {"error": {"code": "AuthorizationFailed", "message": "deployments/validate/action"}}),
        (404, {"error": {"code": "ResourceGroupNotFound", "message": "no group"}}),
        (400, {"error": {"code": "InvalidTemplate", "message": "not such a template"}}),
    ],
)
def test_what_azure_does_not_validate_is_not_checked(answer: tuple[int, Any]) -> None:
    """No answer of these is an opinion about the resources."""
    report = checked(Azures(answer))
    assert report.findings == ()
    assert answer[1]["error"]["code"] in report.unchecked[0].why


def test_a_validation_that_takes_long_is_followed_to_its_end() -> None:
    """Azure may accept it first (202), and refuse where it is polled."""
    detail = {"code": "InvalidSkuId", "target": ACCOUNT, "message": "No such SKU."}
    azure = Azures((202, ""), (202, ""), refused("", detail))
    azure.headers["Location"] = f"https://management.azure.com{SUBSCRIPTION}/operationresults/1?api-version=x"
    assert [one.id for one in checked(azure).findings] == [ACCOUNT]
    assert [asked.partition(" ")[0] for asked, _ in azure.asked] == ["POST", "GET", "GET"]


def test_what_no_template_holds_is_asked_about_in_parts() -> None:
    """Each group whole, and each resource once."""
    plan = [
        Planned(f"{SUBSCRIPTION}/resourceGroups/rg-{number}{inside}", content={"location": "westeurope"})
        for number in range(100)
        for inside in ("", *(f"/providers/Microsoft.KeyVault/vaults/kv-{number}-{one}" for one in range(9)))
    ]
    azure = Azures((200, {}))
    assert checked(azure, *plan).unchecked == ()
    sizes = []
    for url, body in azure.asked:
        if "resourceGroups" in url:  # about the account, whose group exists
            continue
        outer = body["properties"]["template"]["resources"]
        inner = [one["properties"]["template"]["resources"] for one in outer if "properties" in one]
        assert all(len(group) == 9 for group in inner)
        sizes.append(len(outer) + sum(map(len, inner)))
    assert max(sizes) <= arm_template.MOST_RESOURCES < sum(sizes)
    assert sum(sizes) == 100 * (1 + 1 + 9)
