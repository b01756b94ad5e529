"""What is said about a key in a managed HSM leads to one that can be bound, as its administrator does it."""

from __future__ import annotations

import pytest

from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from localazure.keyvault import local_roles
from localazure.keyvault.vault_store import holder
from operate.revoke import actions, granted
from tests.remediation.test_findings_lead_out import ACCOUNT, GROUP, Hub, bind
from tests.support.az import carry_out
from tests.support.engine import UpdateError
from tests.support.managed_hsm import make_hsm

HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm-hub"
KEY = f"{HSM}/keys/cmk"


def test_a_missing_role_is_given_by_the_command_that_is_printed() -> None:
    """The account, HSM and key are somebody else's; the binding follows the grant."""
    hub = Hub()
    make_hsm(hub.door, HSM)

    def program() -> None:
        bind("hub", KEY)

    with pytest.raises(UpdateError, match="az keyvault role assignment create") as refused:
        hub.engine.up(program, refresh=False)
    assert carry_out(hub.door, str(refused.value)) == 1
    hub.engine.up(program, refresh=False)
    assert hub.source == "Microsoft.KeyVault"


def test_access_is_revoked_and_given_back() -> None:
    """By the roles of the HSM itself; nobody else's are touched."""
    hub = Hub()
    make_hsm(hub.door, HSM)
    hsm = holder(hub.door.cloud, "hsm-hub", hsm=True)
    assert hsm is not None
    user = hub.arm("GET", ACCOUNT, api="2025-06-01").body["identity"]["principalId"]
    local_roles.assign(hub.door.cloud, hsm, user, HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id, "/keys/cmk")
    version = f"https://hsm-hub.managedhsm.azure.net/keys/cmk/{'0' * 32}"
    outputs = {"accountId": ACCOUNT, "principalId": user, "vaultId": HSM, "keyUriWithVersion": version}
    endpoint = "https://lang-hub.cognitiveservices.azure.com/"
    own = granted({**outputs, "grantId": f"{KEY}|{user}", "endpoint": endpoint})
    revoke, restore, *_ = actions(own).values()

    def given() -> list[str]:
        return [one["properties"]["principalId"] for one in local_roles.assignments(hub.door.cloud, hsm)]

    before = given()
    assert carry_out(hub.door, revoke[0]) == 1
    assert sorted([*given(), user]) == sorted(before)
    assert carry_out(hub.door, restore[0]) == 1
    assert sorted(given()) == sorted(before)
