"""The emergency commands name exactly the access that is there, in the vault's own subscription."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from operate.__main__ import main
from operate.revoke.actions import actions
from operate.revoke.target import NoTargetError, target

PRINCIPAL = "55555555-5555-4555-8555-555555555555"
VERSION = "0123456789abcdef0123456789abcdef"
VAULT = "/subscriptions/hub/resourceGroups/rg-hub/providers/Microsoft.KeyVault/vaults/kv-hub"
ROLE = f"{VAULT}/keys/cmk/providers/Microsoft.Authorization/roleAssignments/aaaa"
OUTPUTS = {
    "accountId": "/subscriptions/spoke/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/lang",
    "principalId": PRINCIPAL,
    "vaultId": VAULT,
    "keyUriWithVersion": f"https://kv-hub.vault.azure.net/keys/cmk/{VERSION}",
    "grantId": f"{VAULT}/accessPolicy/{PRINCIPAL}",
}


def said(**changes: Any) -> dict[str, tuple[str, ...]]:
    """Every action's commands, az first."""
    return {found.name: (*found.az, *found.powershell) for found in actions(target({**OUTPUTS, **changes}))}


def test_an_access_policy_is_deleted_and_set_in_the_vaults_subscription() -> None:
    """Vault, group, subscription and identity are named; what is given back is what the service needs."""
    where = f"--name kv-hub --resource-group rg-hub --subscription hub --object-id {PRINCIPAL}"
    there = f"-VaultName kv-hub -ResourceGroupName rg-hub -ObjectId {PRINCIPAL}"
    rights = "-PermissionsToKeys get,wrapKey,unwrapKey"
    found = said()
    assert found["revoke"] == (
        f"az keyvault delete-policy {where}",
        "Set-AzContext -Subscription hub",
        f"Remove-AzKeyVaultAccessPolicy {there}",
    )
    assert found["restore"] == (
        f"az keyvault set-policy {where} --key-permissions get wrapKey unwrapKey",
        "Set-AzContext -Subscription hub",
        f"Set-AzKeyVaultAccessPolicy {there} {rights} -BypassObjectIdValidation",
    )


def test_a_role_is_deleted_and_comes_back_under_its_name() -> None:
    """The assignment is named by its id, and made again by the name under which Pulumi knows it."""
    found = said(grantId=ROLE)
    assert found["revoke"][0] == f"az role assignment delete --ids {ROLE}"
    assert f"-ObjectId {PRINCIPAL}" in found["revoke"][2]
    assert f"-Scope {VAULT}/keys/cmk" in found["revoke"][2]
    assert found["restore"][0].startswith("az role assignment create --name aaaa --role e147488a-")
    assert f"--scope {VAULT}/keys/cmk" in found["restore"][0]
    assert f"-Path '{ROLE}?api-version=2022-04-01'" in found["restore"][2]


def test_the_bound_version_is_disabled_and_enabled() -> None:
    """Where access may not be changed, the version that the account is bound to is."""
    key = f"az keyvault key set-attributes --id {OUTPUTS['keyUriWithVersion']} --enabled"
    assert said()["disable the version"][0] == f"{key} false"
    assert said()["enable the version"][0] == f"{key} true"
    assert said()["disable the version"][2] == (
        f"Update-AzKeyVaultKey -VaultName kv-hub -Name cmk -Version {VERSION} -Enable $false"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grantId": None}, "revoked already"),
        ({"keyUriWithVersion": None}, "no output keyUriWithVersion"),
        ({"principalId": None, "vaultId": None}, "no output principalId, vaultId"),
    ],
)
def test_fails_where_there_is_no_access_to_take_away(changes: dict[str, Any], words: str) -> None:
    """Commands that would do nothing are not printed; the reason is."""
    with pytest.raises(NoTargetError, match=words):
        target({**OUTPUTS, **changes})


def test_every_service_of_a_stack_has_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a file of outputs, without Pulumi; one service without access is said and fails the command."""
    file = tmp_path / "outputs.json"
    revoked = {**OUTPUTS, "grantId": None}
    file.write_text(json.dumps({"services": {"one": OUTPUTS, "two": revoked}}))
    words = ["revoke-commands", "--stack", "prod", "--outputs", str(file)]
    assert main(words) == 1
    printed = capsys.readouterr()
    assert printed.out.count("# Emergency: ") == 1
    assert "python -m operate verify --stack prod --revoked" in printed.out
    assert "revoked already" in printed.err
    assert main([*words, "--service", "one"]) == 0
