"""The endpoint of an account: projects and who gets at them, languages of texts, and OpenAI's models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localazure.authorization import assign_role
from localazure.web import Json
from tests.localazure.driver import (
    ACCOUNT,
    OWNER,
    PROJECT,
    PROJECTS,
    SERVICE,
    STRANGER,
    SUBSCRIPTION,
    VAULT,
    Case,
    error,
)
from tests.support.front import Reply

ORDERS = f"{PROJECTS}/orders"


def _poll(case: Case, response: Reply) -> Json:
    """The job of a response, when it has ended."""
    url = response.headers["operation-location"]
    path = url.removeprefix("https://contoso-language.cognitiveservices.azure.com")
    assert case.language("GET", path).body["status"] == "running"
    return case.language("GET", path).body


def test_projects_live_through_create_change_list_and_delete(case: Case) -> None:
    """PATCH makes (201) and merges (200); the list has it; DELETE is a job that succeeds."""
    case.make()
    created = case.language("PATCH", ORDERS, PROJECT)
    changed = case.language("PATCH", ORDERS, {"description": "all orders"})
    assert (created.status, changed.status) == (201, 200)
    assert changed.body == {
        **created.body,
        "description": "all orders",
        "lastModifiedDateTime": changed.body["lastModifiedDateTime"],
    }
    assert case.language("GET", PROJECTS).body["value"] == [changed.body]
    deleted = case.language("DELETE", ORDERS)
    assert deleted.status == 202
    assert _poll(case, deleted)["status"] == "succeeded"
    assert error(case.language("GET", ORDERS)) == (404, "ProjectNotFound")


def test_lists_come_in_pages(case: Case) -> None:
    """`top` and `skip` cut the list, nextLink leads through all of it."""
    case.make()
    for name in ("c", "a", "b"):
        case.language("PATCH", f"{PROJECTS}/{name}", {**PROJECT, "projectName": name})
    names, path = [], f"{PROJECTS}?top=2"
    while path:
        page = case.language("GET", path).body
        names.append([project["projectName"] for project in page["value"]])
        path = page.get("nextLink", "").removeprefix("https://contoso-language.cognitiveservices.azure.com")
    assert names == [["a", "b"], ["c"]]


@pytest.mark.parametrize("query", ["top=0", "top=many", "skip=-1"])
def test_fails_for_a_page_that_cannot_be(case: Case, query: str) -> None:
    """400; a page of none would lead to itself for ever."""
    case.make()
    case.project("PATCH")
    response = case.language("GET", f"{PROJECTS}?{query}")
    assert error(response) == (400, "InvalidArgument")
    assert query.split("=", maxsplit=1)[0] in response.body["error"]["message"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "projectName, projectKind, language"),
        ({**PROJECT, "projectName": "other"}, "the path says 'orders'"),
        ({**PROJECT, "projectKind": "Novel"}, "projectKind is 'Novel'"),
        ([], "JSON object"),
    ],
)
def test_fails_to_create_a_project_that_cannot_be(case: Case, body: Json, wrong: str) -> None:
    """400 says what is wrong, and nothing is stored."""
    case.make()
    response = case.language("PATCH", ORDERS, body)
    assert error(response) == (400, "InvalidArgument")
    assert wrong in response.body["error"]["message"]
    assert case.cloud.store.scan("account.project") == []


def test_a_token_needs_a_role_with_the_data_action(case: Case) -> None:
    """Owner of ARM alone, or another tenant's principal, is refused; the language role opens the door."""
    case.make()
    assign_role(case.cloud, STRANGER.object_id, "Cognitive Services Language Owner", ACCOUNT)
    for caller in (SERVICE, STRANGER):
        assert error(case.language("GET", PROJECTS, caller=caller)) == (401, "PermissionDenied")
    assign_role(case.cloud, SERVICE.object_id, "Owner", f"/subscriptions/{SUBSCRIPTION}")
    assert case.language("GET", PROJECTS, caller=SERVICE).status == 401
    assign_role(case.cloud, SERVICE.object_id, "Cognitive Services Language Owner", ACCOUNT)
    assert case.language("GET", PROJECTS, caller=SERVICE).status == 200


def test_an_account_key_opens_until_local_auth_is_off(case: Case) -> None:
    """Either key of this account works, a wrong one does not, none does with disableLocalAuth."""
    case.make()
    keys = case.arm("POST", f"{ACCOUNT}/listKeys").body
    assert [case.language("GET", PROJECTS, key=key).status for key in keys.values()] == [200, 200]
    assert error(case.language("GET", PROJECTS, key="0" * 32)) == (401, "401")
    case.patch({"properties": {"disableLocalAuth": True}})
    assert error(case.language("GET", PROJECTS, key=keys["key2"])) == (403, "AuthenticationTypeDisabled")


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"publicNetworkAccess": "Disabled"}, 403),
        ({"networkAcls": {"defaultAction": "Deny"}}, 403),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "8.8.8.0/24"}]}}, 403),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.0/8"}]}}, 200),
        ({"networkAcls": {"defaultAction": "Allow"}}, 200),
    ],
)
def test_network_rules_close_the_endpoint(case: Case, properties: Json, status: int) -> None:
    """A caller from loopback passes only what lets it in."""
    case.make(properties=properties)
    assert case.language("GET", PROJECTS).status == status


def test_an_endpoint_answers_for_a_live_language_account_only(case: Case) -> None:
    """Unknown and soft-deleted accounts, and kinds without the API, have no such endpoint."""
    assert case.language("GET", PROJECTS, label="nobody").status == 404
    case.make()
    case.arm("DELETE", ACCOUNT)
    assert case.language("GET", PROJECTS).status == 404
    forms = case.make(
        ACCOUNT + "2", kind="FormRecognizer", sku={"name": "S0"}, properties={"customSubDomainName": "f"}
    )
    assert forms["kind"] == "FormRecognizer"
    assert case.language("GET", PROJECTS, label="f").status == 404


def test_a_job_belongs_to_its_account(case: Case) -> None:
    """Another account's job, or an operation of ARM's, is not found at an endpoint."""
    case.make()
    case.make(ACCOUNT + "2", properties={"customSubDomainName": "second"})
    case.project("PATCH")
    job = case.language("DELETE", ORDERS).headers["operation-location"].split("/")[-1].split("?")[0]
    path = f"{PROJECTS}/global/deletion-jobs/{job}"
    assert error(case.language("GET", path, label="second")) == (404, "OperationNotFound")
    assert case.language("GET", path).status == 200


CLOSED = {"properties": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}}


@pytest.mark.parametrize(
    "take_away",
    [
        lambda case, principal: case.grant(principal, "get"),
        lambda case, _: case.enable(case.bound_version(), enabled=False),
        lambda case, _: case.data("DELETE", "/keys/k"),
        lambda case, _: case.arm("DELETE", VAULT),
        lambda case, _: case.arm("PATCH", VAULT, CLOSED),
    ],
    ids=["grant", "version", "key", "vault", "way in"],
)
def test_the_data_cannot_be_read_once_the_key_is_out_of_reach(
    case: Case, take_away: Callable[[Case, str], object]
) -> None:
    """Grant, version, key, vault or way in taken away: 403 at once to read and write; ARM answers."""
    principal = case.bound()["identity"]["principalId"]
    case.project("PATCH")
    take_away(case, principal)
    for method, path, body in (("GET", ORDERS, None), ("GET", PROJECTS, None), ("PATCH", ORDERS, PROJECT)):
        response = case.language(method, path, body)
        assert error(response) == (403, "Forbidden")
        assert response.body["error"]["innererror"]["code"] == "CustomerManagedKeyUnavailable"
    assert case.get()["properties"]["encryption"]["keySource"] == "Microsoft.KeyVault"


def test_the_data_comes_back_with_the_vault(case: Case) -> None:
    """A recovered vault makes everything readable again."""
    case.bound()
    case.project("PATCH")
    case.arm("DELETE", VAULT)
    assert case.language("GET", ORDERS).status == 403
    assert case.recover_vault().status == 200
    assert case.language("GET", ORDERS).status == 200


# Calls that keep nothing

ANALYZE = "/language/:analyze-text"
LISTS = ("/openai/models", "/openai/deployments")
MODEL = {"sku": {"name": "Standard"}, "properties": {"model": {"format": "OpenAI", "name": "gpt-4o-mini"}}}


def texts(*texts: str, **more: Any) -> dict[str, Any]:
    documents = [{"id": str(index), "text": text} for index, text in enumerate(texts)]
    return {"kind": "LanguageDetection", "analysisInput": {"documents": documents}, **more}


def test_a_text_has_no_known_language_and_an_empty_one_is_an_error(case: Case) -> None:
    """In the shapes that azure-ai-textanalytics reads."""
    case.make()
    answer = case.language("POST", ANALYZE, texts("Guten Tag", " "))
    assert (answer.status, answer.body["kind"]) == (200, "LanguageDetectionResults")
    (known,), (error,) = answer.body["results"]["documents"], answer.body["results"]["errors"]
    assert (known["id"], known["detectedLanguage"]["iso6391Name"]) == ("0", "(Unknown)")
    assert (error["id"], error["error"]["innererror"]["code"]) == ("1", "InvalidDocument")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (texts(), 400),
        ({**texts("a"), "analysisInput": {"documents": [{"id": "1", "text": "a"}] * 2}}, 400),
        ({"kind": "SentimentAnalysis", "analysisInput": {"documents": []}}, 501),
        ([], 501),
    ],
)
def test_what_cannot_be_answered_is_refused(case: Case, body: Any, status: int) -> None:
    """Documents that are missing or of one id; and tasks that are not here, which say so."""
    case.make()
    assert case.language("POST", ANALYZE, body).status == status


def test_models_are_listed_with_the_role_for_it(case: Case) -> None:
    """An OpenAI account lists its deployments to Cognitive Services OpenAI User, and to no role for language;
    a Language account has no such route."""
    case.make(kind="OpenAI", sku={"name": "S0"})
    assert case.arm("PUT", f"{ACCOUNT}/deployments/mini", MODEL).status == 201
    for path in LISTS:
        assert case.language("GET", path, caller=SERVICE).status == 401
    assign_role(case.cloud, SERVICE.object_id, "Cognitive Services Language Owner", ACCOUNT)
    assert case.language("GET", LISTS[1], caller=SERVICE).status == 401
    assign_role(case.cloud, SERVICE.object_id, "Cognitive Services OpenAI User", ACCOUNT)
    listed = [case.language("GET", path, caller=SERVICE).body["data"] for path in LISTS]
    assert [[one["id"] for one in many] for many in listed] == [[], ["mini"]]
    assert case.language("POST", ANALYZE, texts("a")).status == 404


def test_a_language_account_has_no_models(case: Case) -> None:
    """As for any address that a kind of account does not serve."""
    case.make()
    assign_role(case.cloud, OWNER.object_id, "Cognitive Services OpenAI User", ACCOUNT)
    assert case.language("GET", LISTS[0]).status == 404
