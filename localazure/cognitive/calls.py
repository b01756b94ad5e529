"""Calls of an account that keep no data: the language of a text, the models of Azure OpenAI.

Paths and fields: azure-ai-textanalytics 5.4.0 (2023-04-01, the task LanguageDetection), and Azure OpenAI's
`models` (azure-rest-api-specs, data-plane/AzureOpenAI/authoring, 2022-12-01). No text is
understood here: the answer to each is that of a text whose language the service does not find, `(Unknown)`
(learn.microsoft.com/azure/ai-services/language-service/language-detection/how-to/call-api). Assumed: such
calls do not use the customer's key.
"""

from localazure.cloud import Cloud
from localazure.cognitive.data_access import admit
from localazure.refusals import refused
from localazure.web import Json, Request, Response, ServiceError

_MOST_DOCUMENTS = 1000
_UNKNOWN = {"name": "(Unknown)", "iso6391Name": "(Unknown)", "confidenceScore": 0.0}


def analyze_text(cloud: Cloud, request: Request) -> Response:
    """The language of each document. Raises 400 for a body that is wrong, 501 for the other tasks."""
    admit(cloud, request, "Language/analyze-text/action", serves="authoring")
    body = request.given
    task, parameters = body.get("kind"), body.get("parameters") or {}
    if task != "LanguageDetection":
        raise refused("OtherLanguageTask", task=task)
    given = body.get("analysisInput")
    documents: Json = None
    if isinstance(given, dict):
        documents = given.get("documents")
    if not isinstance(documents, list) or not documents or not isinstance(parameters, dict):
        raise _invalid("MissingInputDocuments", "The analysisInput must have documents.")
    if len(documents) > _MOST_DOCUMENTS:
        raise _invalid("InvalidDocumentBatch", f"The batch has {len(documents)} documents.")
    ids = {str(one.get("id") or "") for one in documents if isinstance(one, dict)}
    if "" in ids or len(ids) < len(documents):
        raise _invalid("InvalidDocument", "Each document must have an id of its own.")
    read = [document for document in documents if str(document.get("text") or "").strip()]
    results: Json = {
        "documents": [
            {"id": document["id"], "detectedLanguage": _UNKNOWN, "warnings": []} for document in read
        ],
        "errors": [_empty(document) for document in documents if document not in read],
        "modelVersion": parameters.get("modelVersion", "latest"),
    }
    return Response(200, {"kind": "LanguageDetectionResults", "results": results})


def list_models(cloud: Cloud, request: Request) -> Response:
    """The base models that may be deployed: none, as in Resource Manager's own list here."""
    admit(cloud, request, "OpenAI/models/read", serves="deployments")
    return Response(200, {"data": [], "object": "list"})


def _empty(document: Json) -> Json:
    inner = {"code": "InvalidDocument", "message": "Document text is empty."}
    return {
        "id": document["id"],
        "error": {"code": "InvalidArgument", "message": "Invalid document in request.", "innererror": inner},
    }


def _invalid(code: str, message: str) -> ServiceError:
    return ServiceError(
        400, "InvalidRequest", "Invalid Request.", extra={"innererror": {"code": code, "message": message}}
    )
