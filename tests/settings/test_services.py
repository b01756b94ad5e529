"""Settings of several services: what they share, and what only one of them may make."""

from __future__ import annotations

from typing import Any

import pytest

from settings import parse
from tests.settings.test_parse import VAULT_ID, as_pulumi_has_them, problems

HUB = {"vault": {"id": VAULT_ID}}
SAME_HUB = {"vault": {"id": VAULT_ID.replace("vaults/kv", "vaults/KV")}}
OPERATED = {"keyOperators": ["deployer"]}


def test_services_share_what_is_said_at_the_top() -> None:
    """A service's own settings win over the shared ones; of a group, setting by setting."""
    settings = parse(
        as_pulumi_has_them(
            location="uksouth",
            key={"generation": 1, "rotatesAfterDays": 90},
            services=[{"name": "alpha"}, {"name": "beta", "location": "ukwest", "key": {"generation": 2}}],
        )
    )
    alpha, beta = settings.services
    assert (alpha.location, beta.location) == ("uksouth", "ukwest")
    assert (alpha.key.generation, beta.key.generation) == (1, 2)
    assert alpha.key.rotates_after_days == beta.key.rotates_after_days == 90


def test_a_shared_mistake_is_named_once_where_it_was_made() -> None:
    """A problem is at the service when the service says it, and at the top when all of them share it."""
    found = problems(location="west-europe", services=[{"name": "alpha"}, {"name": "beta", "sku": "Q"}])
    assert [problem.split(":")[0] for problem in found] == ["location", "services[1].sku"]


@pytest.mark.parametrize(
    ("alpha", "beta", "path"),
    [
        ({}, {"name": "alpha"}, "name"),
        ({"accountName": "same"}, {"accountName": "same"}, "accountName"),
        ({"vault": {"name": "kv-same"}}, {"vault": {"name": "KV-same"}}, "vault.name"),
        ({"resourceGroupName": "rg"}, {"resourceGroupName": "rg"}, "resourceGroupName"),
        ({**HUB, "key": {"name": "same"}}, {**SAME_HUB, "key": {"name": "same"}}, "key.name"),
        (
            {"vault": {"id": VAULT_ID, **OPERATED}},
            {"vault": OPERATED, "key": {"id": f"{VAULT_ID}/keys/k"}},
            "vault.keyOperators",
        ),
    ],
)
def test_fails_when_two_services_make_the_same_thing(
    alpha: dict[str, Any], beta: dict[str, Any], path: str
) -> None:
    """What one service makes no other makes, too."""
    services = [{"name": "alpha", **alpha}, {"name": "beta", **beta}]
    assert path in [problem.split(":")[0] for problem in problems(location="uksouth", services=services)]
