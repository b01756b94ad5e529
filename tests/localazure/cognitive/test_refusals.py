"""Accounts that cannot be: malformed, elsewhere, a second of what there is one of; and what a SKU lacks."""

from __future__ import annotations

import pytest

from localazure.web import Json
from tests.localazure.driver import ACCOUNT, ACCOUNTS, COGNITIVE, Case, account_body, error


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"location": None}, "LocationRequired"),
        ({"location": "atlantis"}, "LocationNotAvailableForResourceType"),
        ({"kind": "Telepathy"}, "InvalidApiSetId"),
        ({"sku": {"name": "X9"}}, "InvalidSkuId"),
        ({"sku": None}, "InvalidSkuId"),
        ({"properties": {"publicNetworkAccess": "Maybe"}}, "BadRequest"),
        ({"properties": {"customSubDomainName": "no spaces!"}}, "BadRequest"),
        ({"properties": {"encryption": {"keySource": "Microsoft.Storage"}}}, "BadRequest"),
        ({"properties": {"encryption": "yes"}}, "InvalidRequestContent"),
        ({"identity": {"type": "Imaginary"}}, "InvalidIdentityType"),
    ],
)
def test_fails_to_create_what_cannot_be(case: Case, body: dict[str, Json], code: str) -> None:
    """Each malformed create has its code, and leaves nothing behind."""
    response = case.put(**body)
    assert error(response) == (400, code)
    assert case.arm("GET", ACCOUNT).status == 404
    assert case.cloud.store.scan("account.subdomain") == []


def test_an_account_cannot_move_or_change_its_kind(case: Case) -> None:
    """Another location is ARM's 409; another kind or subdomain is refused."""
    case.make()
    assert error(case.put(location="northeurope")) == (409, "InvalidResourceLocation")
    assert error(case.put(kind="FormRecognizer")) == (400, "BadRequest")
    assert error(case.put(properties={"customSubDomainName": "another"})) == (400, "BadRequest")
    assert case.put(location="West Europe").status == 200


def test_a_subdomain_belongs_to_one_account_of_the_cloud(case: Case) -> None:
    """A taken subdomain is refused to others and reported as taken, also while its owner is soft-deleted."""
    case.make()
    check = {"subdomainName": "Contoso-Language", "type": "Microsoft.CognitiveServices/accounts"}
    other = f"{ACCOUNTS}/other"
    for _ in range(2):
        assert error(case.put(other)) == (409, "CustomDomainInUse")
        answer = case.arm("POST", f"{COGNITIVE}/checkDomainAvailability", check).body
        assert answer["isSubdomainAvailable"] is False
        case.arm("DELETE", ACCOUNT)
    case.cloud.clock.advance(2 * 86400)
    assert (
        case.arm("POST", f"{COGNITIVE}/checkDomainAvailability", check).body["isSubdomainAvailable"] is True
    )
    assert case.put(other).status == 201


def test_free_sku_and_some_kinds_lack_the_customer_key_capability(case: Case) -> None:
    """`capabilities` names CustomerManagedKey by kind and SKU."""
    names = {"customSubDomainName": None}
    paid = case.make(f"{ACCOUNTS}/paid", properties=names)
    free = case.make(f"{ACCOUNTS}/free", properties=names, sku={"name": "F0"})
    assert {"name": "CustomerManagedKey"} in paid["properties"]["capabilities"]
    assert {"name": "CustomerManagedKey"} not in free["properties"]["capabilities"]


@pytest.mark.parametrize(
    "body",
    [
        {"tags": {"a": 1}},
        {"identity": {"type": 5}},
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["u"]}},
        {"properties": {"allowedFqdnList": [1]}},
        {"properties": {"disableLocalAuth": "true"}},
        {"properties": {"userOwnedStorage": {"resourceId": "x"}}},
        {"properties": {"networkAcls": {"defaultAction": 1}}},
        {"properties": {"networkAcls": {"ipRules": "8.8.8.8"}}},
        {"properties": {"networkAcls": {"ipRules": ["8.8.8.8"]}}},
        {"properties": {"networkAcls": {"ipRules": [{"value": 8}]}}},
        {"properties": {"networkAcls": {"virtualNetworkRules": ["subnet"]}}},
        {"properties": {"encryption": {"keyVaultProperties": {"keyName": 1}}}},
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_fails_for_a_body_of_wrong_types(case: Case, method: str, body: dict[str, Json]) -> None:
    """400 by ARM itself, never a 500 now or when the endpoint is used; the account is as it was."""
    before = case.make()
    sent = body if method == "PATCH" else account_body(**body)
    response = case.arm(method, ACCOUNT, sent)
    assert error(response) == (400, "InvalidRequestContent")
    assert response.headers["x-ms-failure-cause"] == "gateway"
    assert case.get() == before


def test_all_wrong_types_are_told_at_once(case: Case) -> None:
    """One 400 names every place."""
    response = case.put(properties={"disableLocalAuth": 1, "networkAcls": {"ipRules": [{"value": 8}, 8]}})
    message = response.body["error"]["message"]
    for place in ("disableLocalAuth", "networkAcls.ipRules.0.value", "networkAcls.ipRules.1"):
        assert f"'properties.{place}' should be" in message


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("10.1.2.3", "private"),
        ("172.20.0.0/16", "private"),
        ("192.168.0.1", "private"),
        ("0.0.0.0/0", "private"),
        ("8.8.8.8/32", "single addresses"),
        ("8.8.8.8/31", "single addresses"),
        ("2001:db8::1", "no IPv4 address"),
        ("example.org", "no IPv4 address"),
        ("", "no IPv4 address"),
    ],
)
def test_fails_for_an_ip_rule_that_the_service_does_not_take(case: Case, value: str, problem: str) -> None:
    """Public IPv4 addresses and ranges alone, as the service's documentation of networks says."""
    response = case.put(properties={"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": value}]}})
    assert error(response) == (400, "BadRequest")
    assert problem in response.body["error"]["message"]


@pytest.mark.parametrize("value", ["8.8.8.8", "8.8.8.0/24", "8.8.8.8/30"])
def test_public_addresses_and_ranges_are_taken_as_they_were_sent(case: Case, value: str) -> None:
    """An address, and a range whose address has bits beyond its prefix."""
    rules = {"defaultAction": "Deny", "ipRules": [{"value": value}]}
    assert case.make(properties={"networkAcls": rules})["properties"]["networkAcls"] == rules


@pytest.mark.parametrize(
    "properties",
    [
        {"networkAcls": {"defaultAction": "Maybe"}},
        {"networkAcls": {"defaultAction": "Deny"}, "customSubDomainName": None},
    ],
)
def test_fails_for_network_rules_that_cannot_be(case: Case, properties: dict[str, Json]) -> None:
    """Another default than Allow or Deny, and rules of an account without a subdomain."""
    assert error(case.put(properties=properties)) == (400, "BadRequest")


def test_a_subscription_has_one_free_account_of_a_kind(case: Case) -> None:
    """Neither a create nor a change of SKU makes a second; another kind, and the first itself, can be."""
    no_name = {"customSubDomainName": None}
    free = case.make(sku={"name": "F0"}, properties=no_name)
    second = f"{ACCOUNTS}/second"
    refused = case.put(second, sku={"name": "F0"}, properties=no_name)
    assert error(refused) == (400, "CanNotCreateMultipleFreeAccounts")
    assert "account type 'TextAnalytics'" in refused.body["error"]["message"]
    case.make(second, properties=no_name)
    assert error(case.patch({"sku": {"name": "F0"}}, second)) == (400, "CanNotCreateMultipleFreeAccounts")
    case.make(f"{ACCOUNTS}/face", kind="Face", sku={"name": "F0"}, properties=no_name)
    assert case.patch({"tags": {"a": "b"}}).status == 202
    assert case.get()["sku"] == free["sku"]


def test_a_name_that_no_endpoint_can_have_is_not_available(case: Case) -> None:
    """In the form of the definition's example."""
    body = {"subdomainName": "-contoso", "type": "Microsoft.CognitiveServices/accounts"}
    answer = case.arm("POST", f"{COGNITIVE}/checkDomainAvailability", body).body
    assert answer["isSubdomainAvailable"] is False
    assert answer["reason"] == "Sub domain name '-contoso' is not valid"


@pytest.mark.parametrize(
    "kind",
    [
        "ConversationalLanguageUnderstanding",
        "HealthInsights",
        "LanguageAuthoring",
        "SpeechTranslation",
        "Internal.AllInOne",
    ],
)
def test_kinds_beside_language_exist(case: Case, kind: str) -> None:
    """A kind that Azure has is made, and not called unavailable in its region."""
    assert case.put(kind=kind, sku={"name": "S0"}, properties={"customSubDomainName": None}).status == 201
