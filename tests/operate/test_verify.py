"""The proof holds only for what it says, and names everything that does not."""

from __future__ import annotations

from typing import Any, Self
from unittest.mock import MagicMock

import pytest
from azure.core import AzureClouds
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.cognitiveservices.models import Encryption, KeyVaultProperties

from operate import verify

VERSION = "0123456789abcdef0123456789abcdef"
KEY = f"https://kv-contoso.vault.azure.net/keys/cmk-contoso/{VERSION}"
GROUP = "/subscriptions/s/resourceGroups/g/providers"
ACCOUNT = f"{GROUP}/Microsoft.CognitiveServices/accounts/lang-a"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-contoso"
OUTPUTS = {"accountId": "/a", "endpoint": "https://e", "vaultId": "/v", "keyUriWithVersion": KEY}


def bound(version: str = VERSION, source: str = "Microsoft.KeyVault") -> Encryption:
    properties = KeyVaultProperties(
        key_vault_uri="https://kv-contoso.vault.azure.net/", key_name="cmk-contoso", key_version=version
    )
    return Encryption(key_source=source, key_vault_properties=properties)


def failed(encryption: Encryption | None) -> list[str]:
    return [check.claim for check in verify.binding(encryption, KEY) if not check.holds]


def test_account_bound_to_the_key_holds() -> None:
    """All four facts are compared, and a trailing slash of the vault's URI is no difference."""
    assert [check.claim for check in verify.binding(bound(), KEY)] == [
        "keySource",
        "keyVaultUri",
        "keyName",
        "keyVersion",
    ]
    assert failed(bound()) == []


@pytest.mark.parametrize(
    ("encryption", "claims"),
    [
        (None, ["keySource", "keyVaultUri", "keyName", "keyVersion"]),
        (
            Encryption(key_source="Microsoft.CognitiveServices"),
            ["keySource", "keyVaultUri", "keyName", "keyVersion"],
        ),
        (bound(version="f" * 32), ["keyVersion"]),
        (bound(source="Microsoft.CognitiveServices"), ["keySource"]),
    ],
)
def test_fails_naming_each_fact_that_differs(encryption: Encryption | None, claims: list[str]) -> None:
    """An account on Microsoft's keys, or on another version, is never called proven."""
    assert failed(encryption) == claims


def test_fails_on_a_key_without_a_version() -> None:
    """A stack whose key has no version proves nothing."""
    with pytest.raises(ValueError, match="not a key URI with a version"):
        list(verify.binding(bound(), "https://kv-contoso.vault.azure.net/keys/cmk-contoso"))


def test_a_failed_check_says_what_was_found_and_expected() -> None:
    """A reader sees both sides; nothing found is said in words."""
    text = str(verify.Check("keySource", "Microsoft.KeyVault", ""))
    assert "FAILED" in text
    assert "found nothing, expected Microsoft.KeyVault" in text


@pytest.mark.parametrize(("found", "holds"), [("x", True), ("y", False)])
def test_one_failed_check_fails_the_proof(
    found: str, holds: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is that of all checks, and each is printed."""
    checks = [verify.Check("a", "x", found), verify.Check("b", "x", "x")]
    monkeypatch.setattr(verify, "verify", lambda outputs, **_: iter(checks))
    assert verify.prove(OUTPUTS, write_project=False) is holds
    assert [*map(str, checks)] == capsys.readouterr().out.splitlines()[1:]


def test_fails_when_the_cloud_cannot_be_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer that cannot be had is a failed proof, not a passed one."""

    def refuse(outputs: Any, **_: Any) -> None:
        raise ResourceNotFoundError("no such account")

    monkeypatch.setattr(verify, "verify", refuse)
    assert verify.prove(OUTPUTS, write_project=False) is False
    assert "no such account" in capsys.readouterr().out


def test_fails_naming_missing_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    """A stack that was never deployed is told so."""
    assert verify.prove({}, write_project=False) is False
    assert "accountId, endpoint, vaultId, keyUriWithVersion: run `pulumi up`" in capsys.readouterr().out


@pytest.mark.parametrize("vault", [{}, {"vaultId": "/v"}])
def test_fails_on_a_service_on_microsofts_keys_with_the_reason(
    vault: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that is to be on Microsoft's keys, never bound or unbound, proves nothing: said as it is, for
    another `pulumi up` would not help."""
    assert verify.prove({"accountId": "/a", "endpoint": "https://e", **vault}, write_project=False) is False
    printed = capsys.readouterr().out
    assert "/a is under no key of the customer's" in printed
    assert "pulumi up" not in printed


class FakeClient:
    """A Language endpoint that gives one answer after another; an int is a status, with a text."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self._answers = iter(answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def list_projects(self) -> list[str]:
        status, text = next(self._answers)
        if status == 200:
            return []
        error = HttpResponseError(text)
        error.status_code = status
        raise error


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        ([(403, "the key cannot be used")], True),
        ([(200, ""), (403, "the key cannot be used")], True),
        ([(200, ""), (200, "")], False),
        ([(403, "Access denied due to Virtual Network/Firewall rules.")], False),
        ([(403, "Public access is disabled. Please configure private endpoint.")], False),
        ([(401, "lacks the required data action")], False),
        ([(500, "busy")], False),
    ],
)
def test_revoked_data_is_refused_for_the_key_and_for_nothing_else(
    answers: list[tuple[int, str]], holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data that is still read at the deadline, and a refusal of the caller or network, prove nothing."""
    monkeypatch.setattr(verify, "ConversationAuthoringClient", lambda *_, **__: FakeClient(*answers))
    monkeypatch.setattr(verify, "_PAUSE_SECONDS", 0.001)
    clock = iter(range(100))
    monkeypatch.setattr("operate.verify.time.monotonic", lambda: next(clock))
    (check,) = verify.refused("https://e", DefaultAzureCredential(), 2 if len(answers) == 2 else 0)
    assert check.holds is holds


@pytest.mark.parametrize(
    ("endpoint", "login", "setting", "scope"),
    [
        (
            "https://lang-a.cognitiveservices.azure.com/",
            "login.microsoftonline.com",
            AzureClouds.AZURE_PUBLIC_CLOUD,
            "https://cognitiveservices.azure.com/.default",
        ),
        (
            "https://lang-a.cognitiveservices.azure.us/",
            "login.microsoftonline.us",
            AzureClouds.AZURE_US_GOVERNMENT,
            "https://cognitiveservices.azure.us/.default",
        ),
        (
            "https://LANG-A.cognitiveservices.azure.cn",
            "login.chinacloudapi.cn",
            AzureClouds.AZURE_CHINA_CLOUD,
            "https://cognitiveservices.azure.cn/.default",
        ),
    ],
)
def test_every_client_asks_the_cloud_that_the_account_is_in(
    endpoint: str, login: str, setting: AzureClouds, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Login, both management clients and the account's own endpoint are those of one cloud."""
    asked: dict[str, Any] = {}

    def recorder(name: str) -> Any:
        def make(*_: Any, **options: Any) -> Any:
            asked[name] = options
            raise_at_last = HttpResponseError("seen enough")
            return MagicMock(
                **{"accounts.get.return_value.properties": None, "vaults.get.side_effect": raise_at_last}
            )

        return make

    monkeypatch.setattr(verify, "DefaultAzureCredential", recorder("login"))
    monkeypatch.setattr(verify, "CognitiveServicesManagementClient", recorder("account"))
    monkeypatch.setattr(verify, "KeyVaultManagementClient", recorder("vault"))
    monkeypatch.setattr(verify, "ConversationAuthoringClient", recorder("data"))
    ids = {"accountId": ACCOUNT, "vaultId": VAULT, "endpoint": endpoint, "keyUriWithVersion": KEY}
    with pytest.raises(HttpResponseError, match="seen enough"):
        list(verify.verify(ids, write_project=False))
    list(verify.refused(endpoint, MagicMock(), 0))
    assert asked == {
        "login": {"authority": login},
        "account": {"cloud_setting": setting},
        "vault": {"cloud_setting": setting},
        "data": {"credential_scopes": [scope]},
    }
