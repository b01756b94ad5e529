"""Those who may call an account, by Azure's own clients, on the real engine."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from azure.ai.language.conversations.authoring import ConversationAuthoringClient
from azure.ai.textanalytics import TextAnalyticsClient
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential, get_bearer_token_provider

from core import roles
from localazure.seed import READER, TENANT_ID
from tests.engine.shared import done
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROJECT = {"projectName": "claims", "projectKind": "Conversation", "language": "en"}


@contextmanager
def authoring(
    azure: RunningAzure, outputs: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Azure's own client for the service, as the outputs say it is called, by an application with its own
    client secret."""
    for name, value in azure.env.items():
        monkeypatch.setenv(name, value)
    scopes = [outputs["tokenScope"]]
    with ConversationAuthoringClient(
        outputs["endpoint"], application(azure), credential_scopes=scopes, retry_total=0
    ) as client:
        yield client


def application(azure: RunningAzure) -> ClientSecretCredential:
    """The login of an application that may read the subscription, but call nothing."""
    return ClientSecretCredential(TENANT_ID, READER.client_id, azure.home.secrets()[READER.name])


def languages(azure: RunningAzure, outputs: Mapping[str, Any]) -> list[str]:
    """The languages of two texts, asked as an application's own code asks."""
    with TextAnalyticsClient(outputs["endpoint"], application(azure), retry_total=0) as client:
        found = client.detect_language(["Guten Tag", "Good day"])
    return [document.primary_language.iso6391_name for document in found]


def models(azure: RunningAzure, outputs: Mapping[str, Any]) -> list[str]:
    """The models that OpenAI's own client lists."""
    # Where it is used: it takes a second to import, and every run collects this file.
    from openai import AzureOpenAI, DefaultHttpxClient

    provider = get_bearer_token_provider(application(azure), outputs["tokenScope"])
    context = ssl.create_default_context(cafile=azure.env["SSL_CERT_FILE"])
    with AzureOpenAI(
        azure_endpoint=outputs["endpoint"],
        azure_ad_token_provider=provider,
        api_version="2024-10-21",
        max_retries=0,
        http_client=DefaultHttpxClient(verify=context),
    ) as client:
        return [one.id for one in client.models.list()]


def test_a_caller_gets_in_by_its_role_and_no_further(
    empty_azure: RunningAzure, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application is refused without a role, reads with the default one, under whatever name, writes with
    the wider one, and is refused again once it is no caller any more."""
    assert stack.deploy().ok
    with authoring(empty_azure, stack.outputs(), monkeypatch) as client:
        with pytest.raises(HttpResponseError, match="lacks the required data action"):
            list(client.list_projects())
        with pytest.raises(HttpResponseError, match="lacks the required data action"):
            languages(empty_azure, stack.outputs())
        caller: dict[str, Any] = {"principalId": READER.object_id, "name": "claims-api"}
        stack.configure(callers=[caller])
        done(stack.up())
        assert list(client.list_projects()) == []
        assert languages(empty_azure, stack.outputs()) == ["(Unknown)"] * 2
        caller["name"] = "claims-web"
        stack.configure(callers=[caller])
        done(stack.up("--expect-no-changes"))
        with pytest.raises(HttpResponseError, match="lacks the required data action"):
            client.create_project("claims", PROJECT, content_type="application/merge-patch+json")
        stack.configure(callers=[{**caller, "role": roles.LANGUAGE_WRITER.name}])
        done(stack.up())
        client.create_project("claims", PROJECT, content_type="application/merge-patch+json")
        stack.configure(callers=None)
        assert stack.up().ok
        with pytest.raises(HttpResponseError, match="lacks the required data action"):
            client.get_project("claims")


def test_openais_own_client_gets_in_with_the_role(
    empty_azure: RunningAzure, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application is refused without a role, and lists the models, none here, with the default one."""
    from openai import AuthenticationError

    for name, value in empty_azure.env.items():
        monkeypatch.setenv(name, value)
    deployments = [{"name": "mini", "model": "gpt-4o-mini", "version": "2024-07-18"}]
    stack.configure(kind="OpenAI", deployments=deployments)
    assert stack.deploy().ok
    with pytest.raises(AuthenticationError, match="lacks the required data action"):
        models(empty_azure, stack.outputs())
    stack.configure(callers=[{"principalId": READER.object_id}])
    done(stack.deploy())
    assert models(empty_azure, stack.outputs()) == []
