"""The printed commands are for accounts of any name, origin and cloud, and need no Pulumi to be printed."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from operate.__main__ import main
from operate.revoke.actions import actions, look
from operate.revoke.clouds import cloud_of
from operate.revoke.page import page
from operate.revoke.quoting import powershell
from operate.revoke.target import target

PRINCIPAL = "55555555-5555-4555-8555-555555555555"
VERSION = "0123456789abcdef0123456789abcdef"
GROUP = "/subscriptions/hub/resourceGroups/rg-keys(prod)"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-hub"
ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
OUTPUTS = {
    "accountId": f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang",
    "principalId": PRINCIPAL,
    "endpoint": "https://lang.cognitiveservices.azure.com/",
    "vaultId": VAULT,
    "keyUriWithVersion": f"https://kv-hub.vault.azure.net/keys/cmk/{VERSION}",
    "grantId": f"{VAULT}/accessPolicy/{PRINCIPAL}",
}
ROLE = {"grantId": f"{VAULT}/keys/cmk/{ASSIGNMENTS}/aaaa"}
AT_THE_VAULT = {"grantId": f"{VAULT}/{ASSIGNMENTS}/bbbb"}


def printed(stack: str = "prod", **changes: Any) -> str:
    return page(target({**OUTPUTS, **changes}), stack)


@pytest.mark.parametrize("changes", [{}, ROLE])
def test_every_az_command_is_one_for_bash(changes: dict[str, Any]) -> None:
    """A resource group may have parentheses in its name, which bash would not take as they are."""
    commands = [line.strip() for line in printed(**changes).splitlines() if line.startswith("  az ")]
    assert len(commands) == 6
    for command in commands:
        assert subprocess.run(["bash", "-n", "-c", command], check=False).returncode == 0, command
    named = {word for command in commands for word in shlex.split(command) if "rg-keys" in word}
    assert f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang" in named
    assert ("rg-keys(prod)" in named) is (changes == {})


def test_powershell_takes_each_word_for_one() -> None:
    """What it would read as anything else stands in its own quotes."""
    assert powershell("rg-keys(prod)") == "'rg-keys(prod)'"
    assert powershell("it's") == "'it''s'"
    assert powershell(f"{VAULT}?a=b").startswith("'/subscriptions/")
    assert powershell("/subscriptions/hub") == "/subscriptions/hub"
    lines = [line for line in printed().splitlines() if "-AzKeyVaultAccessPolicy" in line]
    assert len(lines) == 2
    assert all("-ResourceGroupName 'rg-keys(prod)' " in line for line in lines)


def test_a_role_at_the_vault_is_taken_and_given_back_there() -> None:
    """An account may have been adopted with such a grant; none is at its key, and none comes there."""
    revoke, restore, *_ = actions(target({**OUTPUTS, **AT_THE_VAULT}))
    for words in (revoke.powershell[1], restore.az[0]):
        assert VAULT in words
        assert "/keys/" not in words
    assert AT_THE_VAULT["grantId"] in restore.powershell[1]


@pytest.mark.parametrize(
    ("vault", "cloud"),
    [
        ("https://kv-hub.vault.azure.net", "AzureCloud"),
        ("https://KV-HUB.vault.usgovcloudapi.net/", "AzureUSGovernment"),
        ("https://kv-hub.vault.azure.cn", "AzureChinaCloud"),
    ],
)
def test_the_cloud_is_told_by_the_vault(vault: str, cloud: str) -> None:
    """And said, where az and PowerShell would ask another one."""
    assert cloud_of(vault).name == cloud
    text = printed(keyUriWithVersion=f"{vault.rstrip('/')}/keys/cmk/{VERSION}")
    assert (f"az cloud set --name {cloud}" in text) is (cloud != "AzureCloud")


def test_the_data_can_be_looked_at_without_pulumi() -> None:
    """With a token for the cloud of the account's endpoint; not where the outputs do not tell that."""
    seen = look(target({**OUTPUTS, "endpoint": "https://lang.cognitiveservices.azure.us/"}))
    assert seen is not None
    words = shlex.split(seen.az[0])
    assert words[words.index("--resource") + 1] == "https://cognitiveservices.azure.us"
    assert words[words.index("--url") + 1] == seen.rest.url
    assert seen.rest.url.startswith("https://lang.cognitiveservices.azure.us/language/")
    assert look(target({**OUTPUTS, "endpoint": None})) is None


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command says where it fails."""
    assert main(["revoke-commands", "--stack", "prod", *words]) == 2
    return capsys.readouterr().err


def test_fails_in_words_without_pulumi_and_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever needs the commands has no time for a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "name a file with the outputs with --outputs" in failure(capsys)
    file = tmp_path / "outputs.json"
    assert "No such file" in failure(capsys, "--outputs", str(file))
    file.write_text("# Emergency")
    assert "cannot be used" in failure(capsys, "--outputs", str(file))
    file.write_text(json.dumps(OUTPUTS))
    assert main(["revoke-commands", "--stack", "prod", "--outputs", str(file)]) == 0
