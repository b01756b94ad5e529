"""What every resource that is read has in common: imports by the id alone, what may not be read, and states
that an earlier provider wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.facts import Vault
from core.resource_types import ACCESS_POLICY
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.failure import ServiceError
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    GROUP,
    HSM_ID,
    HSM_KEY,
    KEY_ID,
    PRINCIPAL,
    V1,
    VAULT_ID,
    FakeAzure,
    a_vault,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import ACCESS, CLEANUP, CMK, HSM_ROLE, REVOCATION, VERSION, Engine, refused
from tests.provider.test_key_access import GRANT, assignment

OF_KEY = {"keyId": KEY_ID, "principalId": PRINCIPAL}
DENIED = ServiceError(403, "AccessDenied", "Not authorized to access Microsoft.KeyVault/managedHsm/keys/read")
NO_ANSWER = ServiceError(0, "ServiceRequestError", "no such host")


@pytest.fixture
def azure(pulumi: Engine) -> FakeAzure:
    """An Azure with a managed HSM and a grant in it."""
    azure: FakeAzure = pulumi.azure
    azure.put(Vault(id=HSM_ID, uses_rbac=True))
    azure.roles = [assignment(HSM_KEY, role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)]
    return azure


IN_USE = f"{KEY_ID}|{PRINCIPAL}"
IMPORTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (CMK, ACCOUNT_ID, {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri()}),
    (CLEANUP, f"{KEY_ID}|{ACCOUNT_ID}", {"keyId": KEY_ID, "accountId": ACCOUNT_ID}),
    (ACCESS, IN_USE, OF_KEY),
    (HSM_ROLE, f"{HSM_KEY}|{PRINCIPAL}", GRANT),
    (VERSION, HSM_KEY, {"keyId": HSM_KEY}),
)
UNREAD = (
    *zip(IMPORTS[2:], ("vault", "own_role_assignments", "key_version"), strict=True),
    ((REVOCATION, IN_USE, OF_KEY), "vault"),
    ((ACCESS_POLICY, f"{VAULT_ID}/accessPolicy/{PRINCIPAL}", {}), "vault"),
)
"""Those that stay as they were, and the call that fails."""


@pytest.mark.parametrize("imported", IMPORTS)
async def test_an_import_comes_with_the_id_alone(pulumi: Engine, azure: FakeAzure, imported: Any) -> None:
    """And is without a difference then."""
    type, id, inputs = imported
    azure.put(an_account(encryption=bound_to()))
    found, outputs, read = await pulumi.read(type, id)
    assert (found, read.values) == (id, inputs)
    assert await pulumi.diff(type, outputs.values, read.values, inputs) == {}


@pytest.mark.parametrize("failure", [DENIED, NO_ANSWER])
@pytest.mark.parametrize(("made", "call"), UNREAD)
async def test_what_cannot_be_read_stays_as_it_was(
    pulumi: Engine, azure: FakeAzure, made: Any, call: str, failure: ServiceError
) -> None:
    """A preview may run where it is kept out; it is told. An import has nothing that it was."""
    type, id, inputs = made
    azure.failures[call] = [failure] * 9
    olds: dict[str, Any] = {**inputs, "version": V1}
    found, outputs, _ = await pulumi.read(type, id, inputs, olds)
    assert (found, outputs.values) == (id, olds)
    assert any(text.startswith("not checked: ") for text in pulumi.said)
    azure.failures[call] = [failure] * 9
    await refused(pulumi.read(type, id))


RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded_states.json").read_text("utf-8"))
CONTOSO_HSM = f"{GROUP}/Microsoft.KeyVault/managedHSMs/contoso-hsm"


@pytest.mark.parametrize("type", RECORDED)
async def test_a_recorded_state_is_read_and_compared_without_a_change(pulumi: Engine, type: str) -> None:
    """A refresh gives what is recorded, and the same program changes nothing of it."""
    recorded, granted = RECORDED[type], RECORDED[HSM_ROLE]["outputs"]["assignmentId"]
    in_hsm = assignment(f"{CONTOSO_HSM}/keys/cmk", role=HSM_CRYPTO_SERVICE_ENCRYPTION_USER)
    pulumi.azure.roles = [replace(in_hsm, id=granted)]
    pulumi.azure.put(an_account(encryption=bound_to()), a_vault(id=CONTOSO_HSM))
    if type == REVOCATION:
        pulumi.azure.put(a_vault(policies=()))
    id, outputs, inputs = await pulumi.read(type, recorded["id"], recorded["inputs"], recorded["outputs"])
    assert id == recorded["id"]
    assert (outputs.values, inputs.values) == (recorded["outputs"], recorded["inputs"])
    assert await pulumi.diff(type, outputs.values, inputs.values, recorded["inputs"]) == {}


PURGE = "azure-cmk:index:DeletedAccountPurge"
PURGED = {"accountId": ACCOUNT_ID, "location": "westeurope", "deletionDate": "monday"}


async def test_a_purge_of_before_is_kept_or_forgotten_and_none_is_made(pulumi: Engine) -> None:
    """The refusal names the command of az, in a preview, too."""
    id, outputs, _ = await pulumi.read(PURGE, ACCOUNT_ID, PURGED, PURGED)
    assert (id, outputs.values) == (ACCOUNT_ID, PURGED)
    await pulumi.delete(PURGE, ACCOUNT_ID, PURGED)
    for preview in (True, False):
        await refused(pulumi.create(PURGE, PURGED, preview=preview), "az cognitiveservices account purge")
    assert pulumi.azure.calls == []
