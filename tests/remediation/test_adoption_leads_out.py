"""What prevents an adoption is gone once its command is carried out; else the account is left outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from core.roles import HSM_CRYPTO_USER
from localazure.authorization import assign_role
from localazure.cognitive.models import KIND
from localazure.keyvault import local_roles
from localazure.keyvault.vault_store import holder
from operate.adopt.existing import find
from operate.adopt.obstacles import obstacles
from tests.operate.adopt.field import Field, group, principal
from tests.operate.evidence.door_azure import DoorAzure, _DoorClient
from tests.support.az import carry_out, newest_version
from tests.support.front import Door
from tests.support.managed_hsm import make_hsm
from tests.support.printed import printed

HOME = group("rg-found")
HSM = f"{HOME}/providers/Microsoft.KeyVault/managedHSMs/hsm-found"


def local_auth(_: Door, field: Field) -> str:
    return str(field.account(HOME, "lang-found", disableLocalAuth=False)["id"])


def no_subdomain(_: Door, field: Field) -> str:
    return str(field.account(HOME, "lang-found", customSubDomainName=None)["id"])


def another_role(door: Door, field: Field) -> str:
    """Under Azure RBAC, by a wider role."""
    account = field.account(HOME, "lang-found")
    vault = field.vault(HOME, "kv-found", enableRbacAuthorization=True)
    assign_role(door.cloud, principal(account), "Key Vault Crypto Officer", vault)
    door.cloud.clock.advance(3600)
    field.bind(account["id"], field.key(vault))
    return str(account["id"])


def another_role_in_an_hsm(door: Door, field: Field) -> str:
    account = field.account(HOME, "lang-found")
    send = make_hsm(door, HSM)
    hsm = holder(door.cloud, "hsm-found", hsm=True)
    assert hsm is not None
    local_roles.assign(door.cloud, hsm, principal(account), HSM_CRYPTO_USER.id, "/keys/cmk")
    field.bind(account["id"], send("GET", "/keys/cmk", None)["key"]["kid"])
    return str(account["id"])


def bound_with_a_slash(door: Door, field: Field) -> str:
    """By its user-assigned identity, as portal and CLI write the vault's address."""
    identity = field.identity(HOME, "id-found")
    assigned = {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: {}}}
    id = str(field.account(HOME, "lang-found", identity=assigned)["id"])
    vault = field.vault(HOME, "kv-found")
    field.policy(vault, identity["properties"]["principalId"], ["get", "wrapKey", "unwrapKey"])
    door.cloud.clock.advance(3600)
    field.bind(id, field.key(vault), client_id=identity["properties"]["clientId"])
    return id


CASES: Mapping[str, Callable[[Door, Field], str]] = {
    '{"disableLocalAuth": true}': local_auth,
    "--custom-domain lang-found": no_subdomain,
    "az role assignment create": another_role,
    "az keyvault role assignment create": another_role_in_an_hsm,
    "without it: `az rest --method patch": bound_with_a_slash,
}


def place() -> tuple[Door, Field]:
    door = Door()
    field = Field(_DoorClient(door))
    field.group(HOME)
    return door, field


def found(door: Door, id: str) -> list[str]:
    """What prevents the adoption of an account."""
    now = datetime.fromtimestamp(int(door.cloud.clock.now()) + 1, UTC)
    return [str(one) for one in obstacles([("found", find(DoorAzure(door), id, now))], follows_key=False)]


@pytest.mark.parametrize("command", CASES)
def test_an_account_is_adopted_after_the_command(command: str) -> None:
    """As it is printed, in the cloud that was asked, which then is asked again."""
    door, field = place()
    id = CASES[command](door, field)
    (told,) = found(door, id)
    assert command in told
    assert carry_out(door, "; ".join(printed(told))) == 1
    door.cloud.clock.advance(3600)
    assert found(door, id) == []


def test_a_command_leaves_what_no_answer_shows() -> None:
    """The key of a linked search service is still there after local authentication was turned off."""
    door, field = place()
    linked = {"qnaAzureSearchEndpointId": "/search", "qnaAzureSearchEndpointKey": "the-key-of-the-search"}
    id = field.account(HOME, "lang-found", disableLocalAuth=False, apiProperties=linked)["id"]
    assert carry_out(door, *found(door, id)) == 1
    stored = door.cloud.store.get(KIND, id)
    assert stored is not None
    assert stored["properties"]["disableLocalAuth"] is True
    assert stored["properties"]["apiProperties"] == linked


KEY_IN_USE = "https://kv-found.vault.azure.net/keys/cmk"


def test_a_binding_without_a_version_is_bound_to_one() -> None:
    """To the newest that can be used, which is enabled first where none is, as both refusals say; without the
    slash, too."""
    door, field = place()
    id = bound_with_a_slash(door, field)
    with door.cloud.store.transaction():
        document = door.cloud.store.get(KIND, id)
        assert document is not None
        document["properties"]["encryption"]["keyVaultProperties"]["keyVersion"] = ""
        door.cloud.store.put(KIND, id, document)
    carry_out(door, "az keyvault key set-attributes --vault-name kv-found --name cmk --enabled false")
    followed = []
    while told := found(door, id):
        for one in told:
            carry_out(door, one)
        door.cloud.clock.advance(3600)
        followed.append([f"{KEY_IN_USE}/" in one and "--enabled true" in one for one in told])
    assert followed == [[True, True], [False]]
    bound = door.cloud.store.get(KIND, id)
    assert bound is not None
    newest = newest_version(door, KEY_IN_USE)
    assert bound["properties"]["encryption"]["keyVaultProperties"]["keyVersion"] == newest
