"""What keeps an account from being adopted, and what to do about it: without a cloud."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from unittest.mock import MagicMock

import pytest

from core.facts import UserAssignedIdentity
from core.roles import HSM_CRYPTO_USER
from operate import login
from operate.__main__ import main
from operate.adopt import command
from operate.adopt.existing import Existing
from operate.evidence.model import NotChecked, Service
from operate.stack_file import PROGRAM
from tests.operate.adopt.accounts import KEY_ID, ROLE, body, by_role, found, in_hsm, texts
from tests.operate.evidence import made
from tests.operate.evidence.made import GROUP, NEW, OLD, OWN, account, key, vault, version


def test_the_commands_that_put_it_right_are_quoted() -> None:
    """A resource group may have parentheses in its name; the binding is written out whole."""
    group = "rg-found(1)"
    there = account(sku="S0", local_auth=True, id=account().id.replace("rg-contoso", group))
    told = texts(("x", found(made.service(account=there))))
    assert f"--url '{there.id}?api-version=" in told
    user = UserAssignedIdentity("/x", "c1", OWN)
    bound = replace(made.BOUND, identity_client_id="c1")
    one = found(made.service(account=account(user_assigned=(user,), encryption=bound)))
    encryption = one.body["properties"]["encryption"]["keyVaultProperties"]
    encryption["keyVaultUri"] = "https://kv-contoso.vault.azure.net/"
    one = replace(one, identity={"id": f"{GROUP}/x/id-xx", "name": "id-xx"})
    written = shlex.split(texts(("xx", one)).rsplit("--body ", 1)[1])[0]
    kept = json.loads(written)["properties"]["encryption"]["keyVaultProperties"]
    assert kept == {"keyVaultUri": "https://kv-contoso.vault.azure.net", "keyVersion": NEW}


VERSIONLESS = account(encryption=replace(made.BOUND, key_version=""))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (found(made.service(account=account(local_auth=True))), '{"disableLocalAuth": true}'),
        (
            found(made.service(account=account(provisioning_state="Accepted"))),
            "provisioning state is Accepted",
        ),
        (found(body=body(customSubDomainName=None)), "--custom-domain lang-contoso"),
        (found(body=body(customSubDomainName="other")), "its subdomain is other"),
        (found(made.service(vault=vault(purge_protection=False))), "--enable-purge-protection true"),
        (found(made.service(key=key(size=3072))), "the key has 3072 bits; expected 2048"),
        (found(made.service(key=key(version(NEW, 3, enabled=False)))), "is disabled"),
        (
            found(made.service(account=VERSIONLESS, key=key(version(OLD, 30), version(NEW, 3)))),
            f'"keyVersion": "{NEW}"',
        ),
        (
            found(made.service(account=VERSIONLESS, key=key(version(NEW, 3, enabled=False)))),
            f"set-attributes --id https://kv-contoso.vault.azure.net/keys/cmk/{NEW} --enabled true",
        ),
        (found(made.service(vault=vault(policies=()))), "may not use the key, so the data cannot be read"),
        (found(made.service(vault=NotChecked("403 no"))), "vault: not checked: 403 no"),
        (found(Service(account().id, NotChecked("404 gone"))), "account: not checked: 404 gone"),
        (by_role(GROUP, "x"), "az role assignment create"),
        (by_role(KEY_ID, "x", role=f"{ROLE}0"), "az role assignment create"),
        (
            in_hsm("/keys"),
            (
                f"az keyvault role assignment create --hsm-name hsm-contoso --assignee-object-id {OWN} "
                "--assignee-principal-type ServicePrincipal "
                "--role 'Managed HSM Crypto Service Encryption User' --scope /keys/cmk"
            ),
        ),
        (in_hsm(role=HSM_CRYPTO_USER), "az keyvault role assignment create"),
        (in_hsm("/keys/another"), "may not use the key, so the data cannot be read"),
    ],
)
def test_what_would_have_to_change_is_refused(one: Existing, words: str) -> None:
    """With what to do about it."""
    assert words in texts(("x", one))


def test_what_an_auditor_would_note_is_no_obstacle() -> None:
    """Warnings and notes are told by the evidence, and do not keep an account outside."""
    service = made.rich().services[0]
    assert "others-did-unwrap" not in texts(("x", found(service)))


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
    assert any("vault: not checked: 403 no" in one for one in told["problems"])


def test_accounts_are_told_apart() -> None:
    """Two subscriptions in a stack are refused; a vault may be anywhere."""
    elsewhere = account(id=account().id.replace("00000000000a", "00000000000b"))
    pairs = (("x", found()), ("x", found(made.service(account=elsewhere))))
    told = texts(*pairs)
    assert "2 subscriptions" in told
    away = vault(id=vault().id.replace("rg-contoso", "rg-keys"))
    assert texts(("x", in_hsm())) == texts(("x", found(made.service(vault=away)))) == ""
