"""Lists, conditions and the list of operations of Microsoft.CognitiveServices."""

from __future__ import annotations

import pytest

from tests.localazure.network.case import ACCOUNT_API, Case


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_fails_a_write_whose_etag_is_not_the_accounts(method: str) -> None:
    """412 and nothing changed; with the right etag, or any, the write passes."""
    case = Case()
    case.make_account()
    before = case.send("GET", case.account, api=ACCOUNT_API).body
    body = {name: before[name] for name in ("location", "kind", "sku")}
    refused = case.send(method, case.account, body, ACCOUNT_API, headers={"if-match": '"old"'})
    assert (refused.status, refused.code) == (412, "PreconditionFailed")
    assert case.send("GET", case.account, api=ACCOUNT_API).body == before
    passed = case.send(method, case.account, body, ACCOUNT_API, headers={"if-match": before["etag"]})
    assert passed.status in (200, 202)


def test_fails_a_create_that_expects_an_account() -> None:
    """`If-Match: *` never creates."""
    case = Case()
    body = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
    assert case.send("PUT", case.account, body, ACCOUNT_API, headers={"if-match": "*"}).status == 412


def test_skus_are_looked_up_for_a_kind() -> None:
    """Each that was asked for has a row, in order, whether a kind has it or not."""
    case = Case()
    subscription = case.account.split("/resourceGroups/")[0]
    url = f"{subscription}/providers/Microsoft.CognitiveServices/locations/westeurope/checkSkuAvailability"
    body = {"kind": "TextAnalytics", "type": "Microsoft.CognitiveServices/accounts", "skus": ["s", "X9"]}
    rows = case.send("POST", url, body, ACCOUNT_API).body["value"]
    assert [(row["skuName"], row["skuAvailable"]) for row in rows] == [("s", True), ("X9", False)]
    assert [row["reason"] is None for row in rows] == [True, False]


@pytest.mark.parametrize("skus", [5, "S", [5], None])
def test_fails_for_skus_that_are_no_names(skus: object) -> None:
    """`skus` is a list of names."""
    case = Case()
    subscription = case.account.split("/resourceGroups/")[0]
    url = f"{subscription}/providers/Microsoft.CognitiveServices/locations/westeurope/checkSkuAvailability"
    refused = case.send("POST", url, {"kind": "TextAnalytics", "skus": skus}, ACCOUNT_API)
    assert (refused.status, refused.code) == (400, "BadRequest")


@pytest.mark.parametrize(
    "operation",
    [
        "Microsoft.CognitiveServices/accounts/write",
        "Microsoft.KeyVault/vaults/accessPolicies/write",
        "Microsoft.ManagedIdentity/userAssignedIdentities/read",
        "Microsoft.Authorization/policyExemptions/write",
    ],
)
def test_the_operations_of_a_provider_are_listed(operation: str) -> None:
    """Without a subscription; each is its own provider's."""
    namespace = operation.split("/", maxsplit=1)[0]
    reply = Case().send("GET", f"/providers/{namespace}/operations", api=ACCOUNT_API)
    names = [row["name"] for row in reply.body["value"]]
    assert operation in names
    assert all(name.startswith(f"{namespace}/") for name in names)
