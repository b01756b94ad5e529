"""Every kind of account on the real engine, and those who may call it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.ai.language.conversations.authoring import ConversationAuthoringClient
from azure.ai.textanalytics import TextAnalyticsClient
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential, get_bearer_token_provider

from core import coverage, kinds, roles
from core.kinds import AccountKind
from localazure.seed import READER, TENANT_ID
from tests.engine.shared import done
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROJECT = {"projectName": "claims", "projectKind": "Conversation", "language": "en"}


@dataclass
class Lives:
    """The whole life of a stack with a service of every kind: after each update, what the cloud recorded of
    each account, and the kinds whose identity their vault lets in; and at its end what was left."""

    histories: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    granted: dict[str, set[str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def of(self, kind: AccountKind, update: str) -> list[dict[str, Any]]:
        """The states of a kind's account up to the end of an update."""
        return self.histories[update][kind.name]

    def during(self, kind: AccountKind, update: str) -> list[dict[str, Any]]:
        """The states of a kind's account that an update made."""
        updates = list(self.histories)
        before = updates[updates.index(update) - 1]
        return self.of(kind, update)[len(self.of(kind, before)) :]


def granted_kinds(azure: RunningAzure) -> Iterator[str]:
    """The kinds of accounts whose own identity is let in by the vault that they are bound to."""
    let_in = {
        one["body"]["name"]: {entry["objectId"] for entry in one["body"]["properties"]["accessPolicies"]}
        for one in cloud.documents(azure, "vault")
    }
    for account in (one["body"] for one in cloud.documents(azure, "account")):
        key = account["properties"]["encryption"]["keyVaultProperties"]
        vault = key["keyVaultUri"].removeprefix("https://").partition(".")[0]
        if account["identity"]["principalId"] in let_in[vault]:
            yield str(account["kind"])


@pytest.fixture(scope="module")
def lives(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Lives:
    """Made, changed and rotated in one update, revoked, restored and destroyed."""
    azure.control("/reset", {})
    stack = Stack(tmp_path_factory.mktemp("kinds") / "language-cmk", azure.env)
    found = Lives()

    def services(generation: int) -> list[dict[str, Any]]:
        own = {"vault": {"keyOperators": ["deployer"]}, "key": {"generation": generation}}
        return [
            {
                "name": f"a-{kind.prefix}",
                "kind": kind.name,
                **own,
                **({"revokeAccount": f"{kind.prefix}-a-{kind.prefix}"} if coverage.of(kind).deletes else {}),
            }
            for kind in kinds.ALL
        ]

    def updated(update: str, **settings: Any) -> None:
        stack.configure(**settings)
        done(stack.destroy() if update == "destroyed" else stack.deploy())
        if not found.accounts:
            outputs = stack.outputs()["services"]
            found.accounts = {kind.name: outputs[f"a-{kind.prefix}"]["accountId"] for kind in kinds.ALL}
        found.histories[update] = {name: cloud.history(azure, id) for name, id in found.accounts.items()}
        found.granted[update] = set(granted_kinds(azure))

    stack.configure(name=None, vault=None, key=None, audit={"newWorkspace": False}, protect=False)
    updated("made", services=services(1))
    done(stack.deploy("--expect-no-changes"))
    updated("changed", tags={"owner": "somebody"}, services=services(2))
    updated("revoked", access="revoked")
    updated("restored", access=None)
    updated("destroyed")
    found.left = [str(one["body"]["kind"]) for one in cloud.documents(azure, "account")]
    return found


@pytest.fixture(params=kinds.ALL, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> AccountKind:
    found: AccountKind = request.param
    return found


def test_it_is_made_on_microsofts_keys_and_then_bound(kind: AccountKind, lives: Lives) -> None:
    """Under its own name, by its own identity, to the key that was made for it."""
    assert lives.accounts[kind.name].endswith(f"/accounts/{kind.prefix}-a-{kind.prefix}")
    first, *_, last = lives.of(kind, "made")
    assert (first["keySource"], last["keySource"]) == ("Microsoft.CognitiveServices", "Microsoft.KeyVault")
    assert last["keyUri"].startswith(f"https://kv-a-{kind.prefix}.vault.azure.net/keys/cmk-a-{kind.prefix}/")
    assert last["readable"]


def test_it_stays_bound_while_it_is_changed_and_rotated(kind: AccountKind, lives: Lives) -> None:
    """A change of the account and a new version of its key in one update: it goes from the one version to the
    other, and was never on Microsoft's keys or unreadable."""
    before, states = lives.of(kind, "made")[-1], lives.during(kind, "changed")
    assert "PUT" in " ".join(state["why"] for state in states)
    assert states[-1]["keyUri"] != before["keyUri"]
    assert states[-1]["keyUri"].rpartition("/")[0] == before["keyUri"].rpartition("/")[0]
    assert all(state["keySource"] == "Microsoft.KeyVault" and state["readable"] for state in states)


def test_revoked_has_no_access_and_stays_bound(kind: AccountKind, lives: Lives) -> None:
    """The vault lets the account's identity in no longer, and the account stays under the key."""
    assert kind.name in lives.granted["changed"]
    assert kind.name not in lives.granted["revoked"]
    assert lives.of(kind, "revoked")[-1]["keyUri"] == lives.of(kind, "changed")[-1]["keyUri"]


def test_restored_is_readable_under_the_same_version(kind: AccountKind, lives: Lives) -> None:
    """What was revoked comes back, and nothing was rotated for it; the proof writes the binding once more,
    which the key has to open."""
    assert kind.name in lives.granted["restored"]
    again = lives.during(kind, "restored")[-1]
    assert again["readable"]
    assert again["keyUri"] == lives.of(kind, "changed")[-1]["keyUri"]


def test_destroyed_is_gone_and_was_never_unbound(kind: AccountKind, lives: Lives) -> None:
    """It goes with its key: no update put its data back on Microsoft's keys first."""
    states = lives.of(kind, "destroyed")
    bound = next(at for at, state in enumerate(states) if state["keySource"] == "Microsoft.KeyVault")
    lapses = [one for one in states[bound:] if one["keySource"] != "Microsoft.KeyVault"]
    assert [one["why"] for one in lapses if one["why"] != "DELETE"] == []
    assert kind.name not in lives.left


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
