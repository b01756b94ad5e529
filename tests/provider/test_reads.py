"""What every resource that is read has in common: imports by the id alone, and what may not be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.facts import Vault
from core.resource_types import ACCESS_POLICY
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.failure import ServiceError
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    V1,
    VAULT_ID,
    FakeAzure,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import ACCESS, CLEANUP, CMK, HSM_ROLE, REVOCATION, VERSION, FailedError, engine
from tests.provider.test_key_access_revocation import assignment

HSM_ID = VAULT_ID.replace("/vaults/", "/managedHSMs/")
HSM_KEY = f"{HSM_ID}/keys/language-key"
GRANT = {
    "scope": HSM_KEY,
    "principalId": PRINCIPAL,
    "roleDefinitionId": HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id,
}
OF_KEY = {"keyId": KEY_ID, "principalId": PRINCIPAL}
DENIED = ServiceError(403, "AccessDenied", "Not authorized to access Microsoft.KeyVault/managedHsm/keys/read")
NO_ANSWER = ServiceError(0, "ServiceRequestError", "no such host")


@pytest.fixture
def azure() -> FakeAzure:
    azure = FakeAzure()
    azure.vaults[HSM_ID.lower()] = Vault(id=HSM_ID, uses_rbac=True)
    azure.roles = [assignment(HSM_KEY, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)]
    return azure


@pytest.mark.parametrize(
    ("type", "id", "inputs"),
    [
        (CMK, ACCOUNT_ID, {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri()}),
        (ACCESS, f"{KEY_ID}|{PRINCIPAL}", OF_KEY),
        (CLEANUP, f"{KEY_ID}|{ACCOUNT_ID}", {"keyId": KEY_ID, "accountId": ACCOUNT_ID}),
        (HSM_ROLE, f"{HSM_KEY}|{PRINCIPAL}", GRANT),
        (VERSION, KEY_ID, {"keyId": KEY_ID}),
    ],
)
async def test_an_import_comes_with_the_id_alone(
    azure: FakeAzure, type: str, id: str, inputs: Mapping[str, Any]
) -> None:
    """And is without a difference then."""
    azure.put(an_account(encryption=bound_to()))
    async with engine(azure) as pulumi:
        found, outputs, read = await pulumi.read(type, id)
        assert (found, read.values) == (id, inputs)
        assert not (await pulumi.diff(type, outputs.values, read.values, {**inputs})).kinds


@pytest.mark.parametrize("failure", [DENIED, NO_ANSWER])
@pytest.mark.parametrize(
    ("type", "id", "inputs", "call"),
    [
        (ACCESS, f"{KEY_ID}|{PRINCIPAL}", OF_KEY, "vault"),
        (REVOCATION, f"{KEY_ID}|{PRINCIPAL}", OF_KEY, "vault"),
        (HSM_ROLE, f"{HSM_KEY}|{PRINCIPAL}", GRANT, "own_role_assignments"),
        (VERSION, HSM_KEY, {"keyId": HSM_KEY}, "key_version"),
        (ACCESS_POLICY, f"{VAULT_ID}/accessPolicy/{PRINCIPAL}", {}, f"GET {VAULT_ID}"),
    ],
)
async def test_what_cannot_be_read_stays_as_it_was(
    *, azure: FakeAzure, type: str, id: str, inputs: dict[str, Any], call: str, failure: ServiceError
) -> None:
    """A preview may run where it is kept out; it is told. An import has nothing that it was."""
    azure.failures[call] = [failure] * 9
    olds: dict[str, Any] = {**inputs, "version": V1}
    async with engine(azure) as pulumi:
        found, outputs, _ = await pulumi.read(type, id, inputs, olds)
        assert (found, outputs.values) == (id, olds)
        assert any(text.startswith("not checked: ") for text in pulumi.said)
        azure.failures[call] = [failure] * 9
        with pytest.raises(FailedError):
            await pulumi.read(type, id)


async def test_a_key_of_a_vault_that_may_not_be_read_is_an_error(azure: FakeAzure) -> None:
    """An update would not see that the key was rotated, and leave the account on the old version."""
    azure.failures["key_version"] = [ServiceError(403, "AuthorizationFailed", "may not read")] * 9
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="AuthorizationFailed"):
            await pulumi.read(VERSION, KEY_ID, {"keyId": KEY_ID}, {"keyId": KEY_ID, "version": V1})
