"""The printed commands are for accounts of any name, origin and cloud, and need no Pulumi to be printed."""

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.service.outputs import ServiceOutputs, service_outputs
from operate.__main__ import main
from operate.revoke import NoAccessError, actions, look, page, require_granted
from tests.operate.scenes import GRANTS, HSM_ROLE, bound, grants
from tests.support.az import carry_out

VERSION = "0123456789abcdef0123456789abcdef"
GROUP = "/subscriptions/hub/resourceGroups/rg-keys(prod)"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-hub"
OUTPUTS = {
    "accountId": f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang",
    "principalId": "55555555-5555-4555-8555-555555555555",
    "endpoint": "https://lang.cognitiveservices.azure.com/",
    "vaultId": VAULT,
    "keyUriWithVersion": f"https://kv-hub.vault.azure.net/keys/cmk/{VERSION}",
    "grantId": f"{VAULT}/accessPolicy/55555555-5555-4555-8555-555555555555",
    "kind": "TextAnalytics",
}
ROLE = {"grantId": f"{VAULT}/keys/cmk/providers/Microsoft.Authorization/roleAssignments/aaaa"}


def granted(outputs: dict[str, Any]) -> ServiceOutputs:
    found = service_outputs(outputs)
    require_granted(found)
    return found


def printed(stack: str = "prod", **changes: Any) -> str:
    return "\n".join(page(granted({**OUTPUTS, **changes}), stack))


@pytest.mark.parametrize("grant", GRANTS)
def test_access_is_taken_away_and_given_back_as_it_was(grant: str) -> None:
    """By an access policy; by a role where it was given, under the name that Pulumi knows; by the HSM's own.
    Or by the bound version, where access may not be changed."""
    world, outputs = bound(grant)
    before = grants(world, outputs.principal_id)
    commands = {name: "\n".join(lines) for name, lines in actions(outputs).items()}
    pairs = [("revoke", "restore"), ("disable the version", "enable the version")]
    for take, give in pairs[: 1 if grant == HSM_ROLE else 2]:
        assert world.readable()
        assert carry_out(world.door, commands[take]) == 1
        assert not world.readable()
        assert (grants(world, outputs.principal_id) == before) is (take != "revoke")
        assert carry_out(world.door, commands[give]) == 1
        assert world.readable()
        assert grants(world, outputs.principal_id) == before


@pytest.mark.parametrize("changes", [{}, ROLE])
def test_every_az_command_is_one_for_bash(changes: dict[str, Any]) -> None:
    """A resource group may have parentheses in its name, which bash would not take as they are; the vault's
    group and subscription are named."""
    commands = [line.strip() for line in printed(**changes).splitlines() if line.startswith("  az ")]
    assert len(commands) == 6
    for command in commands:
        assert subprocess.run(["bash", "-n", "-c", command], check=False).returncode == 0, command
    words = {word for command in commands for word in shlex.split(command)}
    assert f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang" in words
    assert ({"rg-keys(prod)", "hub"} <= words) is (changes == {})


_AZ = """#!/bin/sh
case "$*" in
  *list-versions*) cat enabled ;;
  *) echo "$@" >>called; sed -i 2d enabled ;;
esac
"""


def test_of_an_account_that_follows_its_key_each_version_is_disabled_and_enabled(tmp_path: Path) -> None:
    """Azure chooses which one it uses, so each that is enabled is disabled, as the commands stand. Those are
    enabled again, and no other, also where two runs disabled them, the second of which found one enabled."""
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
    off, on = (
        [f"keyvault key set-attributes --id {one} --enabled {word}" for one in versions]
        for word in ("false", "true")
    )
    assert (tmp_path / "called").read_text().splitlines() == [*off, *off, *on]
    assert "VERSION" not in printed(keyUriWithVersion=key)


@pytest.mark.parametrize(
    ("host", "account", "cloud"),
    [
        ("kv-hub.vault.azure.net", "cognitiveservices.azure.com", "AzureCloud"),
        ("KV-HUB.vault.usgovcloudapi.net", "cognitiveservices.azure.us", "AzureUSGovernment"),
        ("kv-hub.vault.azure.cn", "cognitiveservices.azure.cn", "AzureChinaCloud"),
    ],
)
def test_the_cloud_is_told_by_the_vault(host: str, account: str, cloud: str) -> None:
    """And said, where az would ask another one. The data can be looked at without Pulumi, with a token for
    the cloud of the account's endpoint; not where the outputs do not tell that."""
    changes = {
        "keyUriWithVersion": f"https://{host}/keys/cmk/{VERSION}",
        "endpoint": f"https://lang.{account}/",
    }
    assert (f"az cloud set --name {cloud}" in printed(**changes)) is (cloud != "AzureCloud")
    seen = look(granted({**OUTPUTS, **changes}))
    assert seen is not None
    words = shlex.split(seen[0])
    assert words[words.index("--resource") + 1] == f"https://{account}"
    assert words[words.index("--url") + 1].startswith(f"https://lang.{account}/language/")
    assert look(granted({**OUTPUTS, "endpoint": None})) is None


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


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command with a file of outputs, without Pulumi: the exit code, and what is printed."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def told(outputs: Any, *words: str) -> tuple[int, str, str]:
        file = tmp_path / "outputs.json"
        file.unlink(missing_ok=True)
        if outputs:
            file.write_text(outputs if isinstance(outputs, str) else json.dumps(outputs))
        code = main(["revoke-commands", "--stack", "prod", "--outputs", str(file), *words])
        return (code, *capsys.readouterr())

    return told


def test_every_service_of_a_stack_has_its_page(run: Any) -> None:
    """One service without access is said and fails the command. Whoever needs the commands has no time for a
    traceback, where there is no file, or none with outputs."""
    services = {"services": {"one": OUTPUTS, "two": {**OUTPUTS, "grantId": None}}}
    code, out, err = run(services)
    assert (code, out.count("# Emergency: "), "revoked already" in err) == (1, 1, True)
    assert "python -m operate verify --stack prod --revoked" in out
    assert run(services, "--service", "one")[0] == 0
    code, out, _ = run(services, "--json")
    ((service,), told) = json.loads(out), code
    assert (told, service["account"]) == (1, OUTPUTS["accountId"])
    assert service["actions"][0]["az"][0].startswith("az keyvault delete-policy --name kv-hub ")
    for content, said in ((None, "No such file"), ("# Emergency", "is not JSON")):
        code, _, err = run(content)
        assert (code, said in err) == (2, True)


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
    kind: str, named: list[str], code: int, told: str, run: Any
) -> None:
    """Whoever prints them has read what they do; what the outputs do not say counts as a loss."""
    found, out, err = run(
        {**OUTPUTS, "kind": kind}, *(word for name in named for word in ("--account", name))
    )
    assert (found, told in out + err) == (code, True)
    assert ("az keyvault delete-policy" in out) is (code == 0)
    assert ("revokeAccount: lang" in out) is (code == 0 and kind != "TextAnalytics")
