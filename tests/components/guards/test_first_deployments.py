"""Whatever would fail a first deployment is told by its preview, with a fix that works."""

from __future__ import annotations

from contextlib import suppress

import pytest

from components.preflight.run import RefusedError
from core.environment import IGNORES_VALIDATION
from localazure import limits
from tests.components.guards.first_deployments import (
    HUB,
    ROWS,
    SHARED,
    SUBSCRIPTION,
    FirstDeployment,
    account,
    deny,
    network,
    private,
    vault,
)
from tests.support.az import carry_out
from tests.support.local_deployment import Deployment


def test_a_name_that_is_taken_hides_no_missing_right() -> None:
    """Both are about the vault: what Azure says of the name is told once, by us, with its way out."""
    rows, deployment = {row.name: row for row in ROWS}, Deployment()
    taken, denied = rows["somebody in another subscription has the vault's name"], rows["vaults are denied"]
    taken.cloud(deployment)
    denied.cloud(deployment)
    with pytest.raises(RefusedError) as refused:
        deployment.preview({"claims": denied.args})
    texts = [problem.text for _, problem in refused.value.problems if problem.path == "vault.name"]
    assert [any(words in text for text in texts) for words in (taken.says[0], denied.says[0])] == [True, True]
    assert "VaultAlreadyExists" not in str(refused.value)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_preview_tells_what_azure_will_refuse(row: FirstDeployment) -> None:
    """Cause and fix are named, nothing is written, and what the fix says makes the next update pass."""
    deployment = Deployment()
    row.cloud(deployment)
    with pytest.raises(RefusedError) as refused:
        deployment.preview({"claims": row.args})
    about = [problem.text for _, problem in refused.value.problems if problem.path == row.path]
    assert [text for text in row.says if not any(text in one for one in about)] == [], refused.value
    assert deployment.writes() == []
    if row.fix:
        row.fix(deployment)
    elif not row.fixed_args:
        assert carry_out(deployment.door, "\n".join(about)), "the message prints no command"
    deployment.up({"claims": row.arguments_after})


@pytest.mark.parametrize("action", ["vaults/read", "vaults/keys/read"])
def test_what_may_not_be_read_is_told_and_ends_nothing(action: str) -> None:
    """A deny assignment on the reads of an existing vault leaves a preview with what it could not check."""
    deployment = Deployment()
    vault(SUBSCRIPTION, "rg-shared", "kv-hub")(deployment)
    deny(deployment, f"Microsoft.KeyVault/{action}")
    with suppress(RefusedError):  # the deny assignment forbids what the update reads
        deployment.preview({"claims": {**SHARED, "vault": {"id": HUB}}})
    (told,) = [text for text in deployment.warnings if f"Microsoft.KeyVault/{action}" in text]
    assert told.startswith("not checked: whether a ")
    assert ", because " in told


def test_an_account_that_may_not_be_read_is_not_written() -> None:
    """Which key it has is unknown then, and an update of it might lose the key."""
    deployment = Deployment()
    deployment.up({"claims": {}})
    deny(deployment, "Microsoft.CognitiveServices/accounts/read")
    with pytest.raises(RefusedError, match="account 'lang-claims' is under its key is unknown") as refused:
        deployment.preview({"claims": {}})
    assert [problem.path for _, problem in refused.value.problems] == ["accountName"]
    assert "ask for Microsoft.CognitiveServices/accounts/read at" in str(refused.value)


def test_azures_opinion_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its validation has refused what its writes take (azapi#1207): the refusal names the variable that makes
    it a warning."""
    deployment = Deployment()
    limits.put(deployment.door.cloud, limits.Limit(limits.QUOTA, "TextAnalytics/S", "westeurope"), 0)
    with pytest.raises(RefusedError, match=f"{IGNORES_VALIDATION}=1"):
        deployment.preview({"claims": {}})
    monkeypatch.setenv(IGNORES_VALIDATION, "1")
    deployment.preview({"claims": {}})
    assert any("InsufficientQuota" in text for text in deployment.warnings)


def test_terms_that_may_not_be_accepted_are_noted() -> None:
    """No API tells of terms or of the form for a key, and so a preview
    names the kinds of which the subscription has no account, or none under a customer's key."""
    deployment = Deployment()
    limits.put(deployment.door.cloud, limits.Limit(limits.TERMS, "TextAnalytics"))
    deployment.preview({"claims": {}, "speech": {"kind": "SpeechServices"}})
    assert deployment.warnings == []
    form, note = (text for text in deployment.notes if text.startswith("not checked"))
    assert "whether customer-managed keys for kind SpeechServices are approved" in form
    assert form.endswith("the form is https://aka.ms/cogsvc-cmk")
    assert note.startswith("not checked: whether the terms of kind TextAnalytics are accepted")
    assert "if Azure refuses the account for that, make the first one in the portal" in note
    with pytest.raises(Exception, match="ResourceKindRequireAcceptTerms"):
        deployment.up({"claims": {}})
    deployment = Deployment()
    account(SUBSCRIPTION, "rg-hub", "lang-first")(deployment)
    deployment.preview({"claims": {}})
    assert [text for text in deployment.notes if "terms" in text] == []


def test_a_hundred_services_ask_three_questions_each() -> None:
    """Whether the group, the vault's name and the account's are free; all else is asked once, and Azure's own
    validation a second time, because a template holds 800 resources (docs/speed.md)."""
    asked = []
    for services in (1, 100):
        deployment = Deployment()
        deployment.preview({f"claims-{number}": {} for number in range(services)})
        asked.append(len(deployment.sent))
    assert asked == [8, 8 + 3 * 99 + 1]


def test_a_reference_is_looked_up_again_only_when_it_changes() -> None:
    """On a live stack, too, a mistyped subnet is told by the preview, before any endpoint is taken away."""
    deployment = Deployment()
    network(deployment)
    deployment.up({"claims": private()})
    deployment.sent.clear()
    deployment.preview({"claims": private()})
    assert len(deployment.sent) == 4
    with pytest.raises(RefusedError) as refused:
        deployment.preview({"claims": private("endpoinst")})
    assert "subnet 'endpoinst' does not exist" in str(refused.value)
    assert deployment.writes() == []


def test_a_reference_into_a_subscription_that_is_not_seen_is_not_called_deleted() -> None:
    """The login may not see it: nobody is told to recover what may exist."""
    hidden = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/rg-logs/providers"
    deployment = Deployment()
    workspace = f"{hidden}/Microsoft.OperationalInsights/workspaces/log"
    with pytest.raises(RefusedError, match="was not found, or this login may not see subscription 99999999"):
        deployment.preview({"claims": {"audit": {"workspace_id": workspace}}})


def test_a_group_that_only_the_state_has_is_told_with_the_command_that_makes_it() -> None:
    """An update was killed before Azure made the group, or somebody deleted it since."""
    former, deployment = Deployment(), Deployment()
    former.up({"claims": {}})
    deployment.state.update({urn: one for urn, one in former.state.items() if urn.endswith("::claims-group")})
    with pytest.raises(RefusedError, match="resource group 'rg-claims', which does not exist") as refused:
        deployment.preview({"claims": {}})
    assert carry_out(deployment.door, str(refused.value))
    deployment.up({"claims": {}})
