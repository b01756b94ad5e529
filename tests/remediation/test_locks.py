"""Locks in the way of a destroy: each that others made is named with the command that takes it away."""

from __future__ import annotations

import pytest

from tests.components.guards.first_deployments import GROUP, SUBSCRIPTION, made, vault
from tests.support.az import carry_out
from tests.support.local_deployment import Deployment

HUB = f"{SUBSCRIPTION}/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/kv-hub"
LOCKS = "providers/Microsoft.Authorization/locks"


def destroyed(deployment: Deployment, *types: str) -> None:
    """A destroy of resources of these types, in their order."""
    providers = deployment.providers()
    for type in types:
        for one in [one for one in deployment.state.values() if one["type"].endswith(type)]:
            providers.delete(one)


@pytest.mark.parametrize("existing", [False, True])
def test_a_destroy_names_the_locks_of_others_and_what_it_says_makes_it_pass(*, existing: bool) -> None:
    """On the group, the account, and the vault of the key, whoever owns that, on whichever page of a list;
    its own locks go by themselves, and are not told. What is printed is enough to go on."""
    deployment = Deployment()
    args = {"lock": "CanNotDelete", "audit": {"new_workspace": False}}
    if existing:
        vault(SUBSCRIPTION, "rg-shared", "kv-hub")(deployment)
        args["vault"] = {"id": HUB}
    deployment.up({"claims": args})
    account = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-claims"
    key_vault = HUB if existing else f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-claims"
    for scope in (GROUP, account, key_vault):
        body = {"properties": {"level": "CanNotDelete", "notes": "legal hold"}}
        made(deployment, f"{scope}/{LOCKS}/hold", body, "2020-05-01")
    deployment.said.clear()
    deployment.door.cloud.behave(page_size=1)
    destroyed(deployment, ":KeyVersion", ":ManagementLockByScope")
    with pytest.raises(Exception, match="ScopeLocked"):
        destroyed(deployment, "cognitiveservices:Account")
    told = [text for text in deployment.said if "forbids deleting" in text]
    assert len(told) == 3, told
    assert {"-lock" in text for text in told} == {False}
    assert carry_out(deployment.door, "\n".join(told)) == 3
    destroyed(deployment, "cognitiveservices:Account", *([] if existing else [":Vault"]))
