"""Whatever would fail a first deployment is told by its preview, with a fix that works."""

from __future__ import annotations

import pytest

from components.guards.preflight import RefusedError
from tests.components.guards.first_deployments import ROWS, FirstDeployment, network, private
from tests.support.az import follow
from tests.support.local_deployment import Deployment


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
        assert follow(deployment, "\n".join(about)), "the message prints no command"
    deployment.up({"claims": row.arguments_after})


def test_there_are_many_ways() -> None:
    """The table covers at least 80 first deployments."""
    assert len({row.name for row in ROWS}) == len(ROWS) >= 80


def test_a_preview_that_finds_nothing_is_followed_by_an_update_that_passes() -> None:
    """Nothing is refused, and nothing is left unchecked, where all is as it should be."""
    deployment = Deployment()
    deployment.preview({"claims": {}})
    assert (deployment.writes(), deployment.warnings) == ([], [])
    deployment.up({"claims": {}})


def test_a_stack_without_changes_asks_nothing_of_it() -> None:
    """The checks concern only what is about to be made, so pull requests do not pay for them."""
    deployment = Deployment()
    deployment.up({"claims": {}})
    deployment.sent.clear()
    deployment.preview({"claims": {}})
    # Vault, key and account, which the survey for drift reads.
    assert len(deployment.sent) == 3


def test_a_reference_is_looked_up_again_only_when_it_changes() -> None:
    """On a live stack, too, a mistyped subnet is told by the preview, before any endpoint is taken away."""
    deployment = Deployment()
    network(deployment)
    deployment.up({"claims": private()})
    deployment.sent.clear()
    deployment.preview({"claims": private()})
    assert len(deployment.sent) == 3
    with pytest.raises(RefusedError) as refused:
        deployment.preview({"claims": private("endpoinst")})
    assert "subnet 'endpoinst' does not exist" in str(refused.value)
    assert deployment.writes() == []
