"""What is refused once the older versions of Key Vault's management API have ended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.localazure.driver import GROUP, KEY_VAULT, VAULT, Case, vault_body

DAY = datetime(2027, 2, 27, tzinfo=UTC).timestamp()
KEPT, ENDED = "2026-02-01", "2025-05-01"


def at(case: Case, moment: float) -> Case:
    """The case with its clock at a moment."""
    case.cloud.clock.advance(moment - case.cloud.clock.now())
    return case


def test_a_version_is_served_until_the_day(case: Case) -> None:
    """And then, what it made is managed by the version that stays, and by newer ones."""
    assert at(case, DAY - 3600).arm("PUT", VAULT, vault_body(), api=ENDED).status == 200
    refused = at(case, DAY + 1).arm("GET", VAULT, api=ENDED)
    assert refused.status == 400
    assert refused.body["error"]["code"] == "NoRegisteredProviderFound"
    assert f"API version '{ENDED}' for type 'vaults'" in refused.body["error"]["message"]
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    for newer in (KEPT, "2026-03-01-preview", "2026-05-15"):
        assert case.arm("GET", VAULT, api=newer).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", VAULT),
        ("PATCH", VAULT),
        ("DELETE", VAULT),
        ("GET", f"{VAULT}/keys/one"),
        ("PUT", f"{VAULT}/accessPolicies/add"),
        ("GET", f"{KEY_VAULT}/deletedVaults"),
        ("GET", f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm"),
    ],
)
def test_all_of_the_management_api_is_refused(case: Case, method: str, path: str) -> None:
    """Reads and writes of vaults, of what is in them, and of managed HSMs."""
    body = {"location": "westeurope"} if method in ("PUT", "PATCH") else None
    assert (
        at(case, DAY).arm(method, path, body, api=ENDED).body["error"]["code"] == "NoRegisteredProviderFound"
    )


def test_other_providers_and_the_data_plane_go_on(case: Case) -> None:
    """The retirement is of Key Vault's management alone, also for what others keep at a vault."""
    case.make_vault()
    at(case, DAY)
    setting = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings"
    assert case.arm("GET", setting, api="2021-05-01-preview").status == 200
    assert case.data("GET", "/keys").status == 200
