"""Custom Translator's documents: data that the service deletes once the key of the account cannot be used.

Azure documents it for revoked access, a disabled identity and a deleted vault
(learn.microsoft.com/azure/ai-services/translator/encrypt-data-at-rest, 2026-11-28); nobody observed when.
Here each write looks before and after, and the service may still remember the key. Paths are those of
azure/ai-services/translator/foundry/adaptive-custom-translation (2026-11-28); the rest is assumed. Models are
not modelled.
"""

import re

from localazure.cloud import Cloud
from localazure.cognitive import data
from localazure.cognitive import models as stored
from localazure.cognitive.data_access import opened
from localazure.cognitive.sealed import DOCUMENTS as SEALED
from localazure.web import Request, Response, bad_request

DOCUMENTS = "/translator/customtranslator/api/texttranslator/v1.0/documents"
_ACTION = "CustomTranslator/documents"
_NAME = re.compile(rb'"DocumentName"\s*:\s*"([^"]+)"')


def import_document(cloud: Cloud, request: Request) -> Response:
    """202 for a form whose `DocumentDetails` name a document; the form is kept as it came."""
    entered = opened(cloud, request, f"{_ACTION}/write", serves="custom_translator")
    name = _NAME.search(request.content)
    if name is None:
        raise bad_request("DocumentDetails name no document.")
    found = {"id": cloud.new_id(), "name": name[1].decode(), "form": request.content.decode(errors="replace")}
    SEALED.put(cloud, entered, found["id"], found)
    return Response(202, {"jobId": cloud.new_id()})


def list_documents(cloud: Cloud, request: Request) -> Response:
    """The documents of an account, in one page."""
    entered = opened(cloud, request, f"{_ACTION}/read", serves="custom_translator")
    listed = [{"id": one["id"], "name": one["name"]} for one in SEALED.all_of(cloud, entered)]
    return Response(200, {"paginatedDocuments": listed, "pageIndex": 0, "totalPageCount": 1})


def delete_unreadable(cloud: Cloud) -> None:
    """Deletes the documents of each account that can no longer use its key."""
    if cloud.behaviour.unreadable_documents == "kept":
        return
    for account_id in {id.partition("/sealed/")[0] for id, _ in cloud.store.scan(SEALED.kind)}:
        account = stored.find(cloud, account_id) or stored.find_deleted(cloud, account_id)
        if account is not None and not data.readable(cloud, account, ""):
            SEALED.delete_all(cloud, account)
