"""Every kind of account on the real engine, and those who may call it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from azure.ai.language.conversations.authoring import ConversationAuthoringClient
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential

from core import kinds, roles
from localazure.seed import READER, TENANT_ID
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = pytest.mark.engine
PROJECT = {"projectName": "claims", "projectKind": "Conversation", "language": "en"}


def test_every_kind_is_bound_and_keeps_its_kind(empty_azure: RunningAzure, stack: Stack) -> None:
    """One update makes an account of each kind under its own key; the next finds nothing to do, a tag change
    leaves none of them unbound, and another kind is refused."""
    services = [{"name": f"a-{kind.prefix}", "kind": kind.name} for kind in kinds.ALL]
    stack.configure(name=None, services=services, audit={"newWorkspace": False})
    made = stack.deploy()
    assert made.ok, made.output
    accounts = {name: one["accountId"] for name, one in stack.outputs()["services"].items()}
    assert len(accounts) == len(kinds.ALL)
    again = stack.deploy("--expect-no-changes")
    assert again.ok, again.output
    stack.configure(tags={"owner": "somebody"})
    changed = stack.deploy()
    assert changed.ok, changed.output
    for kind in kinds.ALL:
        account = accounts[f"a-{kind.prefix}"]
        assert account.endswith(f"/accounts/{kind.prefix}-a-{kind.prefix}")
        assert cloud.history(empty_azure, account)[-1]["keySource"] == "Microsoft.KeyVault"
        assert cloud.unbound_moments(empty_azure, account) == []
    services[0]["kind"] = "AIServices"
    stack.configure(services=services)
    refused = stack.deploy()
    assert not refused.ok
    assert "kind: changes from 'TextAnalytics' to 'AIServices'" in refused.output


@contextmanager
def authoring(
    azure: RunningAzure, outputs: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Azure's own client for the service, as the outputs say it is called, by an application with its own
    client secret."""
    for name, value in azure.env.items():
        monkeypatch.setenv(name, value)
    secret = azure.home.secrets()[READER.name]
    credential = ClientSecretCredential(TENANT_ID, READER.client_id, secret)
    scopes = [outputs["tokenScope"]]
    with ConversationAuthoringClient(
        outputs["endpoint"], credential, credential_scopes=scopes, retry_total=0
    ) as client:
        yield client


def test_a_caller_gets_in_by_its_role_and_no_further(
    empty_azure: RunningAzure, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application is refused without a role, reads with the default one, under whatever name, writes with
    the wider one, and is refused again once it is no caller any more."""
    assert stack.deploy().ok
    with authoring(empty_azure, stack.outputs(), monkeypatch) as client:
        with pytest.raises(HttpResponseError, match="lacks the required data action"):
            list(client.list_projects())
        caller: dict[str, Any] = {"principalId": READER.object_id, "name": "claims-api"}
        stack.configure(callers=[caller])
        given = stack.up()
        assert given.ok, given.output
        assert list(client.list_projects()) == []
        caller["name"] = "claims-web"
        stack.configure(callers=[caller])
        renamed = stack.up("--expect-no-changes")
        assert renamed.ok, renamed.output
        with pytest.raises(HttpResponseError, match="lacks the required data action"):
            client.create_project("claims", PROJECT, content_type="application/merge-patch+json")
        stack.configure(callers=[{**caller, "role": roles.LANGUAGE_WRITER.name}])
        widened = stack.up()
        assert widened.ok, widened.output
        client.create_project("claims", PROJECT, content_type="application/merge-patch+json")
        stack.configure(callers=None)
        assert stack.up().ok
        with pytest.raises(HttpResponseError, match="lacks the required data action"):
            client.get_project("claims")
