"""The mistakes of a first day, in the file of a stack and at the command line: what is made, what is printed,
and what leads out, which is typed as it is printed.

Does not own: what only a deployment meets, such as a lock, a lost state and a name that is taken
(tests/localazure/test_execution.py, test_ways_out.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from operate.__main__ import main
from tests.support.stack import ROOT

GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-hub"
LOG = f"{GROUP}/Microsoft.OperationalInsights/workspaces/log-hub"
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/v/subnets/s"
GUID = "5e8d1c54-3f0a-4c7b-9a61-0d2f7b9c4e10"
PIN = "a" * 32
FIX = "--fix"
"""The way out that the command itself goes."""
ZEROS = "00000000-0000-0000-0000-000000000000"
EXAMPLE = (ROOT / "Pulumi.dev.yaml").read_text()


def block(name: str) -> str:
    """A setting of the example with all that is in it."""
    (found,) = re.findall(rf"^  language-cmk:{name}:\n(?:    .*\n)+", EXAMPLE, re.MULTILINE)
    return str(found)


OWN_VAULT, KEY = block("vault"), block("key")


class Mistake(NamedTuple):
    """A text of the file is replaced by a wrong one; a pattern of what is then printed; and the way out: FIX,
    or the text that a reader of the message writes instead. What a pattern's group finds stands for {0}."""

    right: str
    wrong: str
    says: str
    way: str


def key(inner: str) -> str:
    return f"  language-cmk:key: {inner}\n"


MISTAKES: dict[str, Mistake] = {
    "a region with a letter too few": Mistake(
        "location: westeurope", "location: westeurop", r"location: .* did you mean 'westeurope'\?", FIX
    ),
    "a region with a hyphen": Mistake(
        "location: westeurope",
        "location: west-europe",
        "not an Azure region, such as '(westeurope)'",
        "location: {0}",
    ),
    "a name that is too long": Mistake(
        "name: contoso-dev", f"name: {'a' * 30}", "give at most (21) characters as name", f"name: {'a' * 21}"
    ),
    "a name that is no name": Mistake(
        "name: contoso-dev",
        "name: Contoso_Dev",
        "lower-case letters, digits and single hyphens",
        "name: contoso-dev",
    ),
    "a misspelt setting": Mistake(
        "language-cmk:network", "language-cmk:netwrok", "did you mean 'network'", FIX
    ),
    "a misspelt setting in a group": Mistake("    access:", "    acess:", "did you mean 'access'", FIX),
    "a misspelt namespace": Mistake("language-cmk:name", "language_cmk:name", "expected 'language-cmk'", FIX),
    "a setting of another tool": Mistake(
        "  language-cmk:key:",
        "  language-cmk:customerManagedKey: {}\n  language-cmk:key:",
        "is unknown; known are .*(key), ",
        "  language-cmk:key:",
    ),
    "a mistyped word": Mistake(
        "access: open", "access: opne", "found 'opne', expected 'closed', 'selected', '(open)'", "access: {0}"
    ),
    "a word in capitals": Mistake("access: open", "access: OPEN", "found 'OPEN', expected 'closed'", FIX),
    "no flag": Mistake(
        "protect: false", "protect: 'off'", "found 'off', expected true or (false)", "protect: {0}"
    ),
    "a number in quotes": Mistake(
        "generation: 1", "generation: '1'", "found '1', expected a whole number", FIX
    ),
    "a number in words": Mistake(
        "generation: 1", "generation: one", "found 'one', expected a whole number", "generation: 1"
    ),
    "a number below zero": Mistake(
        "generation: 1", "generation: -1", "expected at least (0)", "generation: {0}"
    ),
    "an e-mail address": Mistake(
        "principalId: deployer",
        "principalId: ada@contoso.com",
        "run `az ad user show --id ada@contoso.com --query id --output tsv`",
        f"principalId: {GUID}",
    ),
    "an object id in braces": Mistake(
        "principalId: deployer", f"principalId: '{{{GUID}}}'", "neither an object id nor 'deployer'", FIX
    ),
    "an application's name": Mistake(
        "principalId: deployer",
        "principalId: claims-api",
        "neither an object id nor '(deployer)'",
        "principalId: {0}",
    ),
    "a misspelt role": Mistake("Language Writer", "Language Writter", "Services Language Writer'", FIX),
    "one where a list is expected": Mistake(
        "keyOperators:\n      - deployer", "keyOperators: deployer", "found 'deployer', expected a list", FIX
    ),
    "a list that names one twice": Mistake(
        "      - deployer\n", "      - deployer\n      - deployer\n", "is listed 2 times; list it once", FIX
    ),
    "a vault's name as its id": Mistake(
        OWN_VAULT,
        "  language-cmk:vault: {id: kv-hub}\n",
        "run `az keyvault show --name kv-hub --query id",
        f"  language-cmk:vault: {{id: {VAULT}}}\n",
    ),
    "a vault's URI as its id": Mistake(
        OWN_VAULT,
        "  language-cmk:vault: {id: 'https://kv-hub.vault.azure.net/'}\n",
        "run `az keyvault show --name kv-hub --query id",
        f"  language-cmk:vault: {{id: {VAULT}}}\n",
    ),
    "an address of the portal": Mistake(
        OWN_VAULT,
        f"  language-cmk:vault: {{id: 'https://portal.azure.com/#@contoso.com/resource{VAULT}/overview'}}\n",
        f"give '{VAULT}'",
        FIX,
    ),
    "a key's URI as its id": Mistake(
        KEY,
        key("{id: 'https://kv-hub.vault.azure.net/keys/own'}"),
        r'run `echo "\$\(az keyvault show --name kv-hub --query id --output tsv\)/keys/own"`',
        key(f"{{id: {VAULT}/keys/own}}"),
    ),
    "a key's id with its version": Mistake(
        KEY, key(f"{{id: {VAULT}/keys/own/versions/{PIN}}}"), "leave out /versions/", FIX
    ),
    "a version's URI": Mistake(
        KEY,
        key(f"{{pin: 'https://kv-hub.vault.azure.net/keys/own/{PIN}'}}"),
        "expected 32 hexadecimal digits",
        FIX,
    ),
    "the latest version": Mistake(
        KEY,
        key("{pin: latest}"),
        "'latest' is not a key version; expected 32 hexadecimal digits",
        key(f"{{pin: {PIN}}}"),
    ),
    "a workspace's own id": Mistake(
        "newWorkspace: true",
        f"workspaceId: {GUID}",
        r'run `az monitor log-analytics workspace list --query "\[\?customerId==',
        f"workspaceId: {LOG}",
    ),
    "a workspace made and given": Mistake(
        "newWorkspace: true",
        f"newWorkspace: true\n    workspaceId: {LOG}",
        "remove one of them",
        f"workspaceId: {LOG}",
    ),
    "a number as a tag": Mistake(
        "owner: platform", "owner: 17", "found 17, expected text; put it in quotes", FIX
    ),
    "tags as a list": Mistake(
        "language-cmk:tags:\n    environment: dev\n    owner: platform",
        "language-cmk:tags: [dev]",
        "expected an object of names and texts",
        "language-cmk:tags: {environment: dev}",
    ),
    "the free tier": Mistake(
        "protect: false",
        "protect: false\n  language-cmk:sku: F0",
        "use '(S)', or set encryption",
        "protect: false\n  language-cmk:sku: {0}",
    ),
    "a hardware key in a standard vault": Mistake(
        "generation: 1", "generation: 1\n    type: RSA-HSM", "set vault.sku: premium", FIX
    ),
    "everybody's address range": Mistake(
        "access: open",
        "access: selected\n    allowedIpRanges: [0.0.0.0/0]",
        "remove allowedIpRanges, and set network.access: (open)",
        "access: {0}",
    ),
    "networks that nothing opens": Mistake(
        "access: open", "allowedIpRanges: [16.17.18.0/24]", "networks are listed; expected 'selected'", FIX
    ),
    "selected without networks": Mistake(
        "access: open",
        "access: selected",
        "'selected' needs (allowedIpRanges)",
        "access: selected\n    {0}: [16.17.18.0/24]",
    ),
    "private without a subnet": Mistake(
        "access: open",
        "access: private",
        r"network.(subnetId): is required with access: private",
        f"access: private\n    {{0}}: {SUBNET}",
    ),
    "a path set as a name": Mistake(
        "  language-cmk:network:\n    access: open",
        "  language-cmk:network.access: open",
        "run `pulumi config rm language-cmk:network.access`",
        FIX,
    ),
    "a name beside services": Mistake(
        "protect: false",
        "protect: false\n  language-cmk:services: [{name: claims}]",
        "with services, each has its own name",
        FIX,
    ),
    "two services of one name": Mistake(
        "language-cmk:name: contoso-dev",
        "language-cmk:services: [{name: claims}, {name: claims}]",
        r"services\[0\] and services\[1\] are named 'claims'",
        "language-cmk:services: [{name: claims}, {name: fraud}]",
    ),
    "the zeros of the example": Mistake(
        "  language-cmk:name:",
        f"  azure-native:subscriptionId: {ZEROS}\n  language-cmk:name:",
        "without the line, the login's own counts",
        "  language-cmk:name:",
    ),
    "a tab": Mistake("    access: open", "\taccess: open", "not YAML: .*at line", "    access: open"),
    "a setting twice": Mistake(
        "    access: open",
        "    access: open\n    access: closed",
        '"access" stands twice',
        "    access: open",
    ),
}
COMMANDS: dict[str, tuple[list[str], str]] = {
    "a word that is none": (["setings", "--stack", "dev"], "invalid choice: 'setings' .*settings"),
    "no stack": (["verify"], "the following arguments are required: --stack"),
    "a stack without a file": (
        ["settings", "--stack", "claims"],
        "cp Pulumi.prod.example.yaml Pulumi.claims.yaml",
    ),
    "an account's name": (
        ["evidence", "--account", "lang-x"],
        "run `az resource list --resource-type Microsoft.CognitiveServices/accounts --name lang-x",
    ),
}
"""Words after `operate`, and what is printed of them."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a stack's file alone."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", MISTAKES)
def test_what_is_printed_leads_out(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the mistake, and with what it says the check is clean; where the command corrects it,
    the message says so, too."""
    mistake, file = MISTAKES[name], folder / "Pulumi.dev.yaml"
    assert mistake.right in EXAMPLE
    file.write_text(EXAMPLE.replace(mistake.right, mistake.wrong, 1))
    check = ["settings", "--stack", "dev"]
    assert main(check) == 1
    said = capsys.readouterr().out
    found = re.search(mistake.says, said)
    assert found, said
    assert ("settings --stack dev --fix`" in said) is (mistake.way == FIX), said
    if mistake.way == FIX:
        check = [*check, FIX]
    else:
        file.write_text(
            EXAMPLE.replace(mistake.right, mistake.way.replace("{0}", (*found.groups(), "")[0]), 1)
        )
    assert main(check) == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_words_are_told_with_the_right_ones(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At the command line, with an exit code that no success has."""
    words, says = COMMANDS[name]
    try:
        code = main(words)
    except SystemExit as ended:
        code = int(str(ended.code))
    said = capsys.readouterr()
    assert code > 0
    assert re.search(says, said.out + said.err), said
