"""The printed commands are for accounts of any name, origin and cloud, and need no Pulumi to be printed."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from operate.__main__ import main
from operate.revoke import NoAccessError, actions, granted, look, page

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
    "kind": "TextAnalytics",
}
ROLE = {"grantId": f"{VAULT}/keys/cmk/{ASSIGNMENTS}/aaaa"}
AT_THE_VAULT = {"grantId": f"{VAULT}/{ASSIGNMENTS}/bbbb"}


def printed(stack: str = "prod", **changes: Any) -> str:
    return "\n".join(page(granted({**OUTPUTS, **changes}), stack))


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


_AZ = """#!/bin/sh
case "$*" in
  *list-versions*) cat enabled ;;
  *) echo "$@" >>called; : >enabled ;;
esac
"""


def test_of_an_account_that_follows_its_key_each_version_is_disabled_and_enabled(tmp_path: Path) -> None:
    """Azure chooses which one it uses, so each that is enabled is disabled, as the commands stand. Those are
    enabled again, and no other, also where they were disabled by two runs."""
    key = "https://kv-hub.vault.azure.net/keys/cmk"
    versions = [f"{key}/{word * 32}" for word in "ab"]
    (tmp_path / "enabled").write_text("".join(f"{one}\n" for one in versions))
    (tmp_path / "az").write_text(_AZ)
    (tmp_path / "az").chmod(0o700)
    _, _, disable, enable = actions(granted({**OUTPUTS, "keyUriWithVersion": key})).values()
    for action in (disable, disable, enable):
        script = "\n".join(action)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        subprocess.run(["bash", "-e", "-c", script], check=True, cwd=tmp_path, env=environment)
    called = (tmp_path / "called").read_text().splitlines()
    off, on = ([f"keyvault key set-attributes --id {one} --enabled {word}" for one in versions]
               for word in ("false", "true"))  # fmt: skip
    assert called == [*off, *off, *on]
    assert "VERSION" not in printed(keyUriWithVersion=key)


def test_a_role_at_the_vault_is_taken_and_given_back_there() -> None:
    """An account may have been adopted with such a grant; none is at its key, and none comes there."""
    revoke, restore, *_ = actions(granted({**OUTPUTS, **AT_THE_VAULT})).values()
    assert revoke == (f"az role assignment delete --ids '{AT_THE_VAULT['grantId']}'",)
    assert VAULT in restore[0]
    assert "/keys/" not in restore[0]


@pytest.mark.parametrize(
    ("vault", "cloud"),
    [
        ("https://kv-hub.vault.azure.net", "AzureCloud"),
        ("https://KV-HUB.vault.usgovcloudapi.net/", "AzureUSGovernment"),
        ("https://kv-hub.vault.azure.cn", "AzureChinaCloud"),
    ],
)
def test_the_cloud_is_told_by_the_vault(vault: str, cloud: str) -> None:
    """And said, where az would ask another one."""
    text = printed(keyUriWithVersion=f"{vault.rstrip('/')}/keys/cmk/{VERSION}")
    assert (f"az cloud set --name {cloud}" in text) is (cloud != "AzureCloud")


def test_the_data_can_be_looked_at_without_pulumi() -> None:
    """With a token for the cloud of the account's endpoint; not where the outputs do not tell that."""
    seen = look(granted({**OUTPUTS, "endpoint": "https://lang.cognitiveservices.azure.us/"}))
    assert seen is not None
    words = shlex.split(seen[0])
    assert words[words.index("--resource") + 1] == "https://cognitiveservices.azure.us"
    assert words[words.index("--url") + 1].startswith("https://lang.cognitiveservices.azure.us/language/")
    assert look(granted({**OUTPUTS, "endpoint": None})) is None


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
    assert "is not JSON" in failure(capsys, "--outputs", str(file))
    file.write_text(json.dumps(OUTPUTS))
    assert main(["revoke-commands", "--stack", "prod", "--outputs", str(file)]) == 0


def said(**changes: Any) -> dict[str, tuple[str, ...]]:
    """Every action's commands."""
    return dict(actions(granted({**OUTPUTS, **changes})))


def test_an_access_policy_is_deleted_and_set_in_the_vaults_subscription() -> None:
    """Vault, group, subscription and identity are named; what is given back is what the service needs."""
    where = f"--name kv-hub --resource-group 'rg-keys(prod)' --subscription hub --object-id {PRINCIPAL}"
    found = said()
    assert found["revoke"] == (f"az keyvault delete-policy {where}",)
    assert found["restore"] == (f"az keyvault set-policy {where} --key-permissions get wrapKey unwrapKey",)


def test_a_role_is_deleted_and_comes_back_under_its_name() -> None:
    """The assignment is named by its id, and made again by the name under which Pulumi knows it."""
    found = said(**ROLE)
    id, key = ROLE["grantId"], f"{VAULT}/keys/cmk"
    assert found["revoke"][0] == f"az role assignment delete --ids '{id}'"
    assert found["restore"][0].startswith("az role assignment create --name aaaa --role e147488a-")
    assert f"--scope '{key}'" in found["restore"][0]


def test_the_bound_version_is_disabled_and_enabled() -> None:
    """Where access may not be changed, the version that the account is bound to is."""
    key = f"az keyvault key set-attributes --id {OUTPUTS['keyUriWithVersion']} --enabled"
    assert said()["disable the version"][0] == f"{key} false"
    assert said()["enable the version"][0] == f"{key} true"


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
    with pytest.raises(NoAccessError, match=words):
        granted({**OUTPUTS, **changes})


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
    capsys.readouterr()
    assert main([*words, "--json"]) == 1
    (service,) = json.loads(capsys.readouterr().out)
    assert service["account"] == OUTPUTS["accountId"]
    assert service["actions"][0]["az"][0].startswith("az keyvault delete-policy --name kv-hub ")


HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm-hub"
IN_HSM = {
    "vaultId": HSM,
    "keyUriWithVersion": f"https://hsm-hub.managedhsm.azure.net/keys/cmk/{VERSION}",
    "grantId": f"{HSM}/keys/cmk|{PRINCIPAL}",
}


def test_a_key_of_a_managed_hsm_is_taken_by_the_hsms_own_roles() -> None:
    """Resource Manager's roles and access policies give nothing there, so no command is about them."""
    revoke, restore, *_ = actions(granted({**OUTPUTS, **IN_HSM})).values()
    for action in (revoke, restore):
        assert (
            "--hsm-name hsm-hub --role 'Managed HSM Crypto Service Encryption User' --scope /keys/cmk"
            in (action[0])
        )
        assert PRINCIPAL in action[0]
    text = printed(**IN_HSM)
    assert "set-policy" not in text
    assert "az role assignment" not in text


@pytest.mark.parametrize(
    ("kind", "named", "code", "told"),
    [
        ("TextAnalytics", [], 0, "nothing is lost"),
        ("TextTranslation", [], 1, "Azure deletes all data uploaded to Custom Translator"),
        ("TextTranslation", ["other"], 1, "add --account lang"),
        ("TextTranslation", ["other", "lang"], 0, "DATA IS LOST FOR GOOD: Azure deletes all data"),
        ("", [], 1, "may delete data"),
        ("ImmersiveReader", [], 1, "may delete data"),
    ],
)
def test_commands_that_lose_data_are_printed_for_a_named_account(
    kind: str,
    named: list[str],
    code: int,
    told: str,
    *,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever prints them has read what they do; what the outputs do not say counts as a loss."""
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**OUTPUTS, "kind": kind}))
    options = [word for name in named for word in ("--account", name)]
    assert main(["revoke-commands", "--stack", "prod", "--outputs", str(file), *options]) == code
    said = capsys.readouterr()
    assert told in said.out + said.err
    assert ("az keyvault delete-policy" in said.out) is (code == 0)
    assert ("revokeAccount: lang" in said.out) is (code == 0 and kind != "TextAnalytics")
