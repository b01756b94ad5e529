"""Settings of several services: what they share, and what only one of them may make."""

from __future__ import annotations

from typing import Any

import pytest

from settings import parse
from tests.settings.test_parse import VAULT_ID, as_pulumi_has_them, problems

GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-net"
SUBNET_ID = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/private"


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
    ("services", "path"),
    [
        ([{"name": "alpha"}, {"name": "alpha"}], "name"),
        ([{"name": "alpha", "accountName": "same"}, {"name": "beta", "accountName": "same"}], "accountName"),
        (
            [{"name": "alpha", "vault": {"name": "kv-same"}}, {"name": "beta", "vault": {"name": "KV-same"}}],
            "vault.name",
        ),
        (
            [{"name": "alpha", "resourceGroupName": "rg"}, {"name": "beta", "resourceGroupName": "rg"}],
            "resourceGroupName",
        ),
        (
            [
                {"name": "alpha", "vault": {"id": VAULT_ID}, "key": {"name": "same"}},
                {
                    "name": "beta",
                    "vault": {"id": VAULT_ID.replace("vaults/kv", "vaults/KV")},
                    "key": {"name": "same"},
                },
            ],
            "key.name",
        ),
        (
            [
                {"name": "alpha", "vault": {"id": VAULT_ID, "keyOperators": ["deployer"]}},
                {
                    "name": "beta",
                    "vault": {"keyOperators": ["deployer"]},
                    "key": {"id": f"{VAULT_ID}/keys/k"},
                },
            ],
            "vault.keyOperators",
        ),
    ],
)
def test_fails_when_two_services_make_the_same_thing(services: list[dict[str, Any]], path: str) -> None:
    """What one service makes no other makes, too."""
    assert path in [problem.split(":")[0] for problem in problems(location="uksouth", services=services)]
