"""Calls that keep nothing: the language of a text, and the models and deployments of Azure OpenAI."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.authorization import assign_role
from tests.localazure.driver import ACCOUNT, OWNER, SERVICE, Case

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
