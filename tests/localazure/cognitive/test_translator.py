"""Custom Translator's documents, and what becomes of them once the key of their account cannot be used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from localazure.authorization import assign_role
from localazure.cognitive.translator import DOCUMENTS
from tests.localazure.driver import ACCOUNT, OWNER, VAULT, Case

FORM = {"DocumentDetails": [{"DocumentName": "claims"}]}


def documents(case: Case) -> list[str]:
    """The names of the account's documents; the refusal where they cannot be read."""
    reply = case.language("GET", f"{DOCUMENTS}?workspaceId=w")
    return [one["name"] for one in reply.body["paginatedDocuments"]] if reply.status == 200 else [reply.code]


def with_a_document(case: Case, kind: str = "TextTranslation", sku: str = "S1") -> str:
    """A bound account with a document; its identity's object id."""
    identity: str = case.bound(kind=kind, sku={"name": sku})["identity"]["principalId"]
    assign_role(case.cloud, OWNER.object_id, "Cognitive Services User", ACCOUNT)
    assert case.language("POST", f"{DOCUMENTS}/import?workspaceId=w", FORM).status == 202
    assert documents(case) == ["claims"]
    return identity


def revoked(case: Case, identity: str) -> None:
    """The access is taken away, and given back."""
    case.grant(identity, "list")
    case.grant(identity)


def disabled(case: Case, _: str) -> None:
    """The version is disabled, and enabled again."""
    version = case.bound_version()
    case.enable(version, enabled=False)
    case.enable(version, enabled=True)


def vault_deleted(case: Case, _: str) -> None:
    """The vault is deleted, and recovered."""
    case.arm("DELETE", VAULT)
    case.recover_vault()


def identity_disabled(case: Case, _: str) -> None:
    """The account's own identity is switched off; another one has no access."""
    assert case.patch({"identity": {"type": "None"}}).status in (200, 202)


@pytest.mark.parametrize("kind", ["TextTranslation", "CognitiveServices", "AIServices"])
def test_each_kind_with_custom_translator_loses_its_documents(case: Case, kind: str) -> None:
    """Of a multi-service and a Foundry account, the data of other services comes back with the access."""
    identity = with_a_document(case, kind, "S1" if kind == "TextTranslation" else "S0")
    if kind != "TextTranslation":
        case.project("PATCH")
    revoked(case, identity)
    assert documents(case) == []
    assert kind == "TextTranslation" or case.project().status == 200


@pytest.mark.parametrize("loses", [revoked, disabled, vault_deleted, identity_disabled])
@pytest.mark.parametrize("kept", [False, True])
def test_documents_are_gone_whatever_took_the_key(
    case: Case, loses: Callable[[Case, str], None], *, kept: bool
) -> None:
    """Restored access brings them back only where Azure keeps them."""
    identity = with_a_document(case)
    case.cloud.behave(unreadable_documents="kept" if kept else "deleted")
    loses(case, identity)
    if loses is not identity_disabled:
        assert documents(case) == (["claims"] if kept else [])
    assert bool(case.cloud.store.scan("account.document")) is kept


def test_a_key_that_is_remembered_keeps_the_documents_so_long(case: Case) -> None:
    """Access that comes back in time loses nothing; later there is nothing left."""
    case.cloud.behave(key_remembered_seconds=300.0)
    identity = with_a_document(case)
    revoked(case, identity)
    assert documents(case) == ["claims"]
    case.grant(identity, "list")
    case.cloud.clock.advance(301.0)
    case.grant(identity)
    assert documents(case) == []


def test_a_form_that_names_no_document_is_refused(case: Case) -> None:
    """And one of an account without Custom Translator finds no such endpoint."""
    with_a_document(case)
    assert case.language("POST", f"{DOCUMENTS}/import", {"a": 1}).status == 400
