"""What keeps an account from being adopted, and what to do about it: without a cloud."""

import json
from unittest.mock import MagicMock

import pytest

from operate import login
from operate.__main__ import main
from operate.adopt import command
from operate.adopt.existing import Existing
from operate.evidence.model import NotChecked, Service
from operate.stack_file import PROGRAM
from tests.operate.adopt.accounts import body, by_role, found, in_hsm, texts
from tests.operate.evidence import made
from tests.operate.evidence.made import GROUP, NEW, OWN, account, vault, version


def test_the_commands_that_put_it_right_are_quoted() -> None:
    """A resource group may have parentheses in its name."""
    there = account(local_auth=True, id=account().id.replace("rg-contoso", "rg-found(1)"))
    assert f"--url '{there.id}?api-version=" in texts(("x", found(made.service(account=there))))


OFF = version(NEW, 3, enabled=False)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (found(made.of_account(provisioning_state="Accepted")), "provisioning state is Accepted"),
        (found(body=body(customSubDomainName="other")), "its subdomain is other"),
        (found(made.at_vault(purge_protection=False)), "--enable-purge-protection true"),
        (found(made.with_key(size=3072)), "the key has 3072 bits; expected 2048"),
        (found(made.with_key(OFF)), "is disabled"),
        (found(made.at_vault(policies=())), "may not use the key, so the data cannot be read"),
        (found(made.service(vault=NotChecked("403 no"))), "vault: not checked: 403 no"),
        (found(Service(account().id, NotChecked("404 gone"))), "account: not checked: 404 gone"),
        (by_role(GROUP, "x"), "az role assignment create"),
        (in_hsm("/keys"), f"role assignment create --hsm-name hsm-contoso --assignee-object-id {OWN} "),
        (in_hsm("/keys/another"), "may not use the key, so the data cannot be read"),
    ],
)
def test_what_would_have_to_change_is_refused(one: Existing, words: str) -> None:
    """With what to do about it; tests/remediation/test_adoption_leads_out.py follows each command."""
    assert words in texts(("x", one))


def test_a_refusal_is_json_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With every problem, and nothing written."""
    monkeypatch.chdir(PROGRAM)
    monkeypatch.setattr(login, "of_new_stack", lambda _: None)
    monkeypatch.setattr(command, "LiveAzure", lambda _: MagicMock())
    monkeypatch.setattr(command, "find", lambda *_: found(made.service(vault=NotChecked("403 no"))))
    words = ["adopt", "--stack", "none", "--account", account().id, "--name", "x", "--json"]
    assert main(words) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["written"] == []
    assert list(PROGRAM.glob("*.none.*")) == []
    assert any("vault: not checked: 403 no" in one for one in told["problems"])


def test_accounts_are_told_apart() -> None:
    """Two subscriptions in a stack are refused; a vault may be anywhere. Warnings and notes are told by the
    evidence, and do not keep an account outside."""
    elsewhere = account(id=account().id.replace("00000000000a", "00000000000b"))
    assert "2 subscriptions" in texts(("x", found()), ("x", found(made.service(account=elsewhere))))
    away = found(made.service(vault=vault(id=vault().id.replace("rg-contoso", "rg-keys"))))
    assert texts(("x", in_hsm())) == texts(("x", away)) == ""
    assert "others-did-unwrap" not in texts(("x", found(made.rich().services[0])))
