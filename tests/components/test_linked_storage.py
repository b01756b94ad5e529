"""Storage and search that an account is linked to: for which kinds, who may use them, what never changes."""

from __future__ import annotations

from typing import Any

import pytest

from components.arguments.problem import InputError
from core import arm_ids, kinds
from core.kinds import AccountKind
from core.roles import STORAGE_BLOB_DATA_CONTRIBUTOR
from tests.components.guards.first_deployments import IN_SHARED, SHARED, STORAGE, Args, made, storage
from tests.support.local_deployment import Deployment
from tests.support.recording import service_inputs

LINKED: Args = {**SHARED, "storage_account_ids": [STORAGE]}
OTHER = f"{STORAGE}2"
SEARCH = f"{IN_SHARED}/providers/Microsoft.Search/searchServices/srch"
_ACCOUNTS = "2025-06-01"


def account_id(kind: str) -> str:
    return f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/{kinds.named(kind).prefix}-claims"


def roles_on(deployment: Deployment, scope: str) -> list[tuple[str, str]]:
    """Who has which role at a scope itself."""
    path = f"{scope}/providers/{arm_ids.ROLE_ASSIGNMENT}"
    given = [one["properties"] for one in deployment.arm("GET", path, api="2022-04-01").body["value"]]
    own = [one for one in given if one["scope"].lower() == scope.lower()]
    return [(one["principalId"], arm_ids.name_of(one["roleDefinitionId"])) for one in own]


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_an_account_of_each_kind_is_under_its_key_with_what_it_is_linked_to(kind: AccountKind) -> None:
    """Previewed, made, and bound through its own identity. It is linked in its create to storage, on which it
    gets exactly the role, and to search; kinds that have neither are refused them (test_kinds.py)."""
    deployment = Deployment()
    storage(deployment)
    args: dict[str, Any] = {**SHARED, "kind": kind.name}
    args |= {"storage_account_ids": [STORAGE]} if kind.storage else {}
    args |= {"search_service_id": SEARCH, "search_service_key": "a key"} if kind.search else {}
    deployment.preview({"claims": args})
    deployment.up({"claims": args})
    body = deployment.arm("GET", account_id(kind.name), api=_ACCOUNTS).body
    properties, own = body["properties"], body["identity"]["principalId"]
    key = properties["encryption"]["keyVaultProperties"]
    assert (body["kind"], properties["provisioningState"]) == (kind.name, "Succeeded")
    bound_to = (key["keyVaultUri"].rstrip("/"), key["keyName"])
    assert bound_to == ("https://kv-claims.vault.azure.net", "cmk-claims")
    assert not key.get("identityClientId")
    assert (properties.get("userOwnedStorage") == [{"resourceId": STORAGE}]) is kind.storage
    assert roles_on(deployment, STORAGE) == [(own, STORAGE_BLOB_DATA_CONTRIBUTOR.id)] * kind.storage
    search = (properties.get("apiProperties") or {}).get("qnaAzureSearchEndpointId")
    assert search == (SEARCH if kind.search else None)
    deployment.preview({"claims": args})


@pytest.mark.parametrize("kind", [kind.name for kind in kinds.ALL if kind.storage])
@pytest.mark.parametrize("linked", [[], [OTHER]], ids=["none", "another"])
def test_of_some_kinds_the_storage_never_changes(kind: str, linked: list[str]) -> None:
    """Azure refuses the update, in words that say why; Language is moved, and its role with it."""
    deployment = Deployment()
    storage(deployment)
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    made(deployment, OTHER, body, "2023-05-01")
    args = {**LINKED, "kind": kind}
    deployment.up({"claims": args})
    changed = {**args, "storage_account_ids": linked}
    links = {"userOwnedStorage": [{"resourceId": id} for id in linked]}
    sent = deployment.arm("PATCH", account_id(kind), {"properties": links}, api=_ACCOUNTS)
    if kinds.named(kind).storage_stays:
        assert sent.status == 400
        with pytest.raises(Exception, match="The user owned storage of an account cannot be changed"):
            deployment.up({"claims": changed})
    else:
        assert sent.status == 202
        deployment.preview({"claims": changed})


def test_fails_where_no_identity_can_use_the_storage() -> None:
    """With what could."""
    with pytest.raises(InputError, match=r"grantStorageAccess: .*expected identity: systemAndUserAssigned"):
        service_inputs("claims", **LINKED, identity="userAssigned")


@pytest.mark.parametrize("identity", ["userAssigned", "systemAssigned"])
def test_its_owner_may_give_the_role(identity: str) -> None:
    """With grantStorageAccess: false the storage account is left alone, whoever reads it."""
    deployment = Deployment()
    storage(deployment)
    args = {**LINKED, "grant_storage_access": False, "identity": identity}
    deployment.up({"claims": args})
    assert roles_on(deployment, STORAGE) == []
