"""Custom Translator's documents: data that the service deletes once the key of the account cannot be used.

Documented for access that is revoked, an identity that is disabled and a vault that is deleted
(learn.microsoft.com/azure/ai-services/translator/encrypt-data-at-rest, 2026-11-28); when, nobody observed.
Here each write looks before and after, and the service may still remember the key. Paths are those of
azure/ai-services/translator/foundry/adaptive-custom-translation (2026-11-28); the rest is assumed. Models are
not modelled.
"""

from __future__ import annotations

import re

from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive import data
from localazure.cognitive.account import Account
from localazure.cognitive.data_access import opened
from localazure.web import Request, Response, ServiceError

DOCUMENTS = "/translator/customtranslator/api/texttranslator/v1.0/documents"
_KIND = "account.document"
_ACTION = "CustomTranslator/documents"
_NAME = re.compile(rb'"DocumentName"\s*:\s*"([^"]+)"')


def import_document(cloud: Cloud, request: Request) -> Response:
    """202 for a form whose `DocumentDetails` name a document; the form is kept as it came."""
    entered = opened(cloud, request, f"{_ACTION}/write", serves=lambda kind: kind.custom_translator)
    name = _NAME.search(request.content)
    if name is None:
        raise ServiceError(400, "BadRequest", "DocumentDetails name no document.")
    found = {"id": cloud.new_id(), "name": name[1].decode(), "form": request.content.decode(errors="replace")}
    id = f"{_prefix(entered.account)}{found['id']}"
    cloud.store.put(_KIND, id, data.seal(entered.data_key, id, found))
    return Response(202, {"jobId": cloud.new_id()})


def list_documents(cloud: Cloud, request: Request) -> Response:
    """The documents of an account, in one page."""
    entered = opened(cloud, request, f"{_ACTION}/read", serves=lambda kind: kind.custom_translator)
    stored_ones = cloud.store.scan(_KIND, _prefix(entered.account))
    found = [data.unseal(entered.data_key, id, one) for id, one in stored_ones]
    listed = [{"id": one["id"], "name": one["name"]} for one in found]
    return Response(200, {"paginatedDocuments": listed, "pageIndex": 0, "totalPageCount": 1})


def delete_unreadable(cloud: Cloud) -> None:
    """Deletes the documents of each account that can no longer use its key."""
    if cloud.behaviour.unreadable_documents == "kept":
        return
    for account_id in {id.partition("/documents/")[0] for id, _ in cloud.store.scan(_KIND, "")}:
        account = stored.find(cloud, account_id) or stored.find_deleted(cloud, account_id)
        if account is not None and not data.readable(cloud, account, ""):
            delete_all(cloud, account)


def delete_all(cloud: Cloud, account: Account) -> None:
    """Takes an account's documents away."""
    for id, _ in cloud.store.scan(_KIND, _prefix(account)):
        cloud.store.delete(_KIND, id)


def _prefix(account: Account) -> str:
    return f"{account.id.lower()}/documents/"
