"""`operate settings --fix`: what has one answer is written into the stack's file, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.environment import NAMESPACE
from core.service.problem import Problem
from operate.__main__ import main
from operate.checked_settings import correct, judged
from operate.stack_file import of_text
from settings import SettingsError
from settings.fixes import corrected
from settings.shared import SharedSettings
from tests.support.stack import ROOT
from tests.support.wrong_arguments import WRONG

GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-hub"
HSM_KEY = f"{GROUP}/Microsoft.KeyVault/managedHSMs/hsm-hub/keys/own"
GUID = "5e8d1c54-3f0a-4c7b-9a61-0d2f7b9c4e10"
PORTAL = "https://portal.azure.com/#@contoso.com/resource"
HEAD = """\
# What the platform team decided.
config:
  language-cmk:name: claims  # fixed for ever
  language-cmk:location: westeurope
"""
LINES: dict[str, tuple[str, str]] = {
    "a misspelt setting": (
        "language-cmk:netwrok:  # who reaches it\n    access: closed",
        "language-cmk:network:  # who reaches it\n    access: closed",
    ),
    "a misspelt setting in a group": (
        "language-cmk:network: {acess: closed}",
        "language-cmk:network: {access: closed}",
    ),
    "a misspelt namespace": ("language_cmk:sku: S", "language-cmk:sku: S"),
    "a nearly right word": ("language-cmk:access: Granted # now", "language-cmk:access: granted # now"),
    "a number as text": ("language-cmk:key: {generation: '2'}", "language-cmk:key: {generation: 2}"),
    "a flag as text": (
        "language-cmk:audit: {newWorkspace: 'true'}",
        "language-cmk:audit: {newWorkspace: true}",
    ),
    "a number for text": ("language-cmk:tags:\n    costs: 17", "language-cmk:tags:\n    costs: '17'"),
    "a tag with dots": ("language-cmk:tags:\n    a.b/c: 17", "language-cmk:tags:\n    a.b/c: '17'"),
    "one where a list is": (
        "language-cmk:vault:\n    keyOperators: deployer",
        "language-cmk:vault:\n    keyOperators: [deployer]",
    ),
    "one service to remove": ("language-cmk:removedServices: old", "language-cmk:removedServices: [old]"),
    "a list that names one twice": (
        "language-cmk:vault:\n    keyOperators:\n      - deployer # us\n      - deployer\n      # the end",
        "language-cmk:vault:\n    keyOperators:\n      - deployer # us\n      # the end",
    ),
    "a short list that names one three times": (
        "language-cmk:vault: {keyOperators: [deployer, deployer, deployer]}",
        "language-cmk:vault: {keyOperators: [deployer]}",
    ),
    "a path that was set as a name": (
        "language-cmk:network.access: closed\n  language-cmk:tags:\n    a: b # c",
        "language-cmk:tags:\n    a: b # c\n  language-cmk:network: {access: closed}",
    ),
    "a path that was set as a name beside its group": (
        "language-cmk:key.generation: 2\n  language-cmk:key:\n    name: own",
        "language-cmk:key:\n    name: own\n    generation: 2",
    ),
    "a tier that the key needs": (
        "language-cmk:key: {type: RSA-HSM}",
        "language-cmk:key: {type: RSA-HSM}\n  language-cmk:vault: {sku: premium}",
    ),
    "a tier that the key needs in a vault with a name": (
        "language-cmk:vault:\n    name: kv-own # ours\n  language-cmk:key: {type: RSA-HSM}",
        "language-cmk:vault:\n    name: kv-own # ours\n    sku: premium\n  language-cmk:key: {type: RSA-HSM}",
    ),
    "an access model of a managed HSM": (
        f"language-cmk:accessModel: rbac\n  language-cmk:key: {{id: {HSM_KEY}}}",
        f"language-cmk:key: {{id: {HSM_KEY}}}",
    ),
    "an address of the portal": (
        f"language-cmk:vault: {{id: '{PORTAL}{VAULT}/overview'}}",
        f"language-cmk:vault: {{id: {VAULT}}}",
    ),
    "a key's id with its version": (
        f"language-cmk:key: {{id: {VAULT}/keys/own/versions/{'0' * 32}}}",
        f"language-cmk:key: {{id: {VAULT}/keys/own}}",
    ),
    "a version's URI": (
        f"language-cmk:key:\n    pin: https://kv-hub.vault.azure.net/keys/own/{'a' * 32}",
        f"language-cmk:key:\n    pin: {'a' * 32}",
    ),
    "an object id in braces": (
        f"language-cmk:callers:\n    - principalId: '{{{GUID.upper()}}}'",
        f"language-cmk:callers:\n    - principalId: {GUID}",
    ),
    "a name of several services": (
        "language-cmk:services:\n    - name: fraud\n    - name: wires",
        "",
    ),
}
"""Lines of a stack's file, and what they become."""
SEVERAL_ANSWERS = {
    "free tier with a customer's key",
    "everyone's address range",
    "rotation after expiry",
    "unknown region",
    "a pin that is no version",
    "a pin of an account that follows its key",
    "unknown tier",
    "unknown part to keep as found",
    "selected without networks",
    "private without a subnet",
    "bad account name",
    "bad vault name",
    "a template of a bad name",
    "bad vault id",
    "a customer's key of a global account",
    "the upgrade of a kind that has none",
    "a vault that is both made and existing",
    "the tier of a vault that exists",
    "a key of no size",
    "a key that is too large for the kind",
    "settings of a key that exists",
    "a key without a customer's key",
    "an operator that is nobody",
    "an operator by an e-mail address",
    "negative generation",
    "expiry within days",
    "two workspaces",
    "two resource groups",
    "a key of another vault",
    "a template that makes longer ones",
    "operators of a managed HSM",
    "projects that are not managed",
}
"""Rows of tests/support/wrong_arguments.json that need a person's decision."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a stack's file alone."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", LINES)
def test_what_has_one_answer_is_written_and_the_next_check_is_clean(name: str, folder: Path) -> None:
    """In place: comments, order and all other lines stay."""
    wrong, right = LINES[name]
    before, after = f"{HEAD}  {wrong}\n", f"{HEAD}  {right}\n"
    if name == "a name of several services":
        after = before.replace("  language-cmk:name: claims  # fixed for ever\n", "")
    file = folder / "Pulumi.prod.yaml"
    file.write_text(before)
    assert judged("prod")[0].result == "FAILED"
    shown = correct(Path(file.name))
    assert file.read_text() == after
    assert judged("prod")[0].result == "ok"
    assert [line for line in shown.splitlines() if line.startswith("--- ")] == ["--- Pulumi.prod.yaml"]
    assert correct(Path(file.name)) == ""


@pytest.mark.parametrize(
    ("access", "becomes"), [("closed", "closed"), ("private", "private"), ("open", "selected")]
)
def test_no_fix_opens_what_somebody_has_closed(access: str, becomes: str, folder: Path) -> None:
    """Listed networks contradict it, and only a person knows which of both is meant."""
    file = folder / "Pulumi.prod.yaml"
    subnet = f", subnetId: {GROUP}/Microsoft.Network/virtualNetworks/net/subnets/ai" * (access == "private")
    line = f"  language-cmk:network: {{access: {{}}, allowedIpRanges: [8.8.8.8]{subnet}}}\n"
    file.write_text(HEAD + line.replace("{}", access))
    assert "networks are listed" in judged("prod")[0].found
    correct(Path(file.name))
    assert file.read_text() == HEAD + line.replace("{}", becomes)


@pytest.mark.parametrize("wrong", ["language-cmk:netwrok", "language_cmk:network"])
def test_no_fix_gives_a_setting_twice(wrong: str, folder: Path) -> None:
    """Beside a misspelt setting stands the right one: only a person knows which value is meant, and the file
    could not be read with both."""
    file = folder / "Pulumi.prod.yaml"
    before = f"{HEAD}  {wrong}: {{access: open}}\n  language-cmk:network: {{access: closed}}\n"
    file.write_text(before)
    told = judged("prod")[0]
    assert (told.result, "--fix" in told.found) == ("FAILED", False)
    assert correct(Path(file.name)) == ""
    assert file.read_text() == before


@pytest.mark.parametrize("flow", [False, True], ids=["block", "flow"])
def test_every_fix_of_a_refusal_leads_to_a_clean_check(folder: Path, *, flow: bool) -> None:
    """Of all arguments that are refused alike everywhere; the others need a decision, and stay as they
    are."""
    undecided = set()
    for name, (wrong, _) in WRONG.items():
        given = {"name": "claims", "location": "westeurope", **wrong}
        config = {f"{NAMESPACE}{key}": value for key, value in given.items()}
        before = yaml.safe_dump({"config": config}, default_flow_style=flow)
        file = folder / "Pulumi.prod.yaml"
        file.write_text(before)
        told = judged("prod")[0]
        assert told.result == "FAILED"
        correct(Path(file.name))
        assert ("--fix` corrects" in told.found) is (file.read_text() != before), told.found
        if file.read_text() == before:
            undecided.add(name)
        else:
            assert judged("prod")[0].result == "ok", (name, judged("prod")[0].found)
    assert undecided == SEVERAL_ANSWERS


def test_the_command_shows_the_difference_and_what_is_left(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code says whether anything is left; JSON stays JSON."""
    file = folder / "Pulumi.prod.yaml"
    file.write_bytes(f"{HEAD}  language-cmk:netwrok: {{access: closed}}\n".replace("\n", "\r\n").encode())
    assert main(["settings", "--stack", "prod"]) == 1
    assert "settings --stack prod --fix` corrects 1 of 1 in the stack's file" in capsys.readouterr().out
    assert main(["settings", "--stack", "prod", "--fix"]) == 0
    said = capsys.readouterr().out
    assert "-  language-cmk:netwrok: {access: closed}" in said
    assert "+  language-cmk:network: {access: closed}" in said
    assert file.read_bytes().count(b"\r\n") == 5
    file.write_text(f"{HEAD}  language-cmk:acess: granted\n  language-cmk:sku: F0\n")
    assert main(["settings", "--stack", "prod", "--fix", "--json"]) == 1
    (line,) = json.loads(capsys.readouterr().out)
    assert line["found"].startswith("1 setting is wrong")
    assert "language-cmk:access: granted" in file.read_text()


def test_what_cannot_be_read_is_left_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text that is no YAML, a file of another form, and no file."""
    assert main(["settings", "--stack", "prod", "--fix"]) == 1
    for text in ("config: [", "- a\n", "config: 3\n"):
        (folder / "Pulumi.prod.yaml").write_text(text)
        assert main(["settings", "--stack", "prod", "--fix"]) == 1
        assert (folder / "Pulumi.prod.yaml").read_text() == text
    capsys.readouterr()


def test_a_secret_is_never_rewritten(folder: Path) -> None:
    """Its value is not known here: only its key is corrected; a shared setting is in another file."""
    file = folder / "Pulumi.prod.yaml"
    file.write_text(
        f"{HEAD}  language-cmk:tagz:\n    secure: v1:x\n  language-cmk:vault.name:\n    secure: v1:y\n"
    )
    correct(Path(file.name))
    assert "  language-cmk:vault: {name: {secure: 'v1:y'}}" in file.read_text()
    (folder / "fleet.yaml").write_text("stacks: [prod]\nsettings: {netwrok: {access: closed}}\n")
    file.write_text(HEAD)
    correct(Path(file.name))
    assert file.read_text() == HEAD


def problems_of(text: str) -> Sequence[Problem]:
    try:
        of_text(Path("Pulumi.dev.yaml"), text).settings(SharedSettings())
    except SettingsError as error:
        return error.problems
    return ()


EXAMPLE = (ROOT / "Pulumi.dev.yaml").read_text()


@given(st.data())
def test_typing_mistakes_in_a_real_file_are_undone(data: Any) -> None:
    """Two letters of any key in the stack's file of this repository change places: the file is as before."""
    config = yaml.safe_load(EXAMPLE)["config"]
    names = [f"  {key}:" for key in config if len(key.removeprefix(NAMESPACE)) > 4]
    keys = [*names, "    access:", "    keyOperators:", "    generation:"]
    text = EXAMPLE
    for key in data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True)):
        start = key.index(":") + 1 if NAMESPACE in key else 4
        at = data.draw(st.integers(start, len(key) - 3))
        text = text.replace(f"{key}", f"{key[:at]}{key[at + 1]}{key[at]}{key[at + 2 :]}", 1)
    for _ in range(len(keys)):
        text = corrected(text, problems_of(text))
    assert text == EXAMPLE
