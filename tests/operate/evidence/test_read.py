"""ARM's answers as facts: what each property means, and what its absence means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from operate.__main__ import main
from operate.errors import OperateError
from operate.evidence import ask, read
from operate.evidence.live import Live
from operate.evidence.model import Binding, Deleted, Identity, Network

ACCOUNT = "/subscriptions/s/resourceGroups/rg(1)/providers/Microsoft.CognitiveServices/accounts/lang-x"
WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC)
OPEN = Network("Enabled", "Allow", "AzureServices", 0, 0, 0)


def account(**properties: Any) -> dict[str, Any]:
    return {"id": "/a", "name": "a", "location": "westeurope", "properties": properties}


def vault(**properties: Any) -> dict[str, Any]:
    return {"id": "/v", "name": "v", "location": "westeurope", "properties": {"tenantId": "t", **properties}}


def version(name: str, created: float, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"attributes": {"enabled": True, "created": created, **attributes}}}


@pytest.mark.parametrize(
    "text", ["lang-x", "/subscriptions/s", f"{ACCOUNT}/projects/p", f"{ACCOUNT}?a=b", ""]
)
def test_fails_for_what_is_no_account_id(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In words, by both commands that take one; and nothing is asked."""
    for words in (["evidence"], ["adopt", "--stack", "x", "--name", "x"]):
        with pytest.raises(SystemExit, match="2"):
            main([*words, "--account", text])
    assert capsys.readouterr().err.count("is not the ARM id of an account") == 2


def test_an_account_id_is_taken_as_people_paste_it() -> None:
    """In any case, with blanks around it or a slash at its end."""
    assert ask.account_id(f" {ACCOUNT}/\n") == ACCOUNT
    assert ask.account_id(ACCOUNT.upper()) == ACCOUNT.upper()


@pytest.mark.parametrize("word", ["", "AzureUSGovernment", "usgov", "china", " Public "])
def test_a_cloud_is_known_by_every_word_that_azure_native_takes(word: str) -> None:
    """ARM_ENVIRONMENT is read by both."""
    Live(word)
    with pytest.raises(OperateError, match="is not known"):
        Live(f"{word}x")


@pytest.mark.parametrize(
    "value",
    [
        WHEN.timestamp(),
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.1234567Z",
        "2026-01-31T13:00:00+01:00",
        WHEN,
    ],
)
def test_a_time_is_whole_seconds_of_utc(value: object) -> None:
    """In whatever shape a service tells it."""
    assert read.moment(value) == WHEN
    assert read.moment(None) is None
    assert read.moment("") is None


def test_an_account_that_says_nothing_is_on_microsofts_keys_with_local_auth() -> None:
    """What an account does not say is taken as the service's default, which is the less safe one."""
    found = read.account(account())
    assert found.binding == Binding("Microsoft.CognitiveServices")
    assert not found.binding.is_customer_managed
    assert found.local_auth
    assert found.network == OPEN
    assert found.network.is_open
    assert found.identities == ()
    assert found.user is None


def test_an_account_is_bound_by_its_user_assigned_identity() -> None:
    """The client id of the binding tells which identity uses the key."""
    body = account(
        encryption={
            "keySource": "Microsoft.KeyVault",
            "keyVaultProperties": {
                "keyVaultUri": "https://kv-x.vault.azure.net/",
                "keyName": "K",
                "keyVersion": "0A",
                "identityClientId": "C2",
            },
        }
    )
    body["identity"] = {
        "principalId": "p0",
        "userAssignedIdentities": {
            "/b": {"principalId": "p2", "clientId": "c2"},
            "/a": {"principalId": "p1", "clientId": "c1"},
        },
    }
    found = read.account(body)
    assert found.user == Identity("userAssigned", "p2", "c2")
    assert found.binding.vault_name == "kv-x"
    assert found.binding.key_uri == "https://kv-x.vault.azure.net/keys/k/0a"


def test_a_vault_that_says_nothing() -> None:
    """Soft delete is on for 90 days unless told otherwise; purge protection is off unless told to be on."""
    found = read.vault(vault())
    assert (found.soft_delete, found.retention_days, found.purge_protection) == (True, 90, False)
    assert not found.uses_rbac
    assert not read.vault(vault(enableSoftDelete=False)).soft_delete


@pytest.mark.parametrize(
    ("properties", "is_open"),
    [
        ({}, True),
        ({"publicNetworkAccess": "Disabled"}, False),
        ({"networkAcls": {"defaultAction": "Deny"}}, False),
        ({"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "10.0.0.1"}]}}, True),
        ({"networkAcls": {"ipRules": [{"value": "10.0.0.1"}]}}, False),
    ],
)
def test_a_network_is_open(properties: dict[str, Any], is_open: bool) -> None:
    """Open is what lets everybody knock."""
    assert read.vault(vault(**properties)).network.is_open is is_open


def test_the_versions_are_in_order_also_within_a_second() -> None:
    """The oldest comes first; of two in one second the key itself names the current."""
    body = {"id": "/k", "name": "k", "properties": {"kty": "RSA", "keyUriWithVersion": "https://v/keys/k/aa"}}
    found = read.key(body, [version("aa", 9), version("bb", 9), version("cc", 3)])
    assert [v.version for v in found.versions] == ["cc", "bb", "aa"]
    assert found.rotation is None
    assert found.operations == ()


def test_a_rotation_policy_that_only_notifies_rotates_nothing() -> None:
    """Only an action of type rotate, in any case, makes new versions."""
    notify = {"action": {"type": "Notify"}, "trigger": {"timeBeforeExpiry": "P30D"}}
    rotate = {"action": {"type": "Rotate"}, "trigger": {"timeAfterCreate": "P90D"}}
    for actions, expected in (([notify], ""), ([notify, rotate], "P90D")):
        policy = {"lifetimeActions": actions, "attributes": {"expiryTime": "P1Y"}}
        body = {"id": "/k", "name": "k", "properties": {"rotationPolicy": policy}}
        found = read.key(body, []).rotation
        assert found is not None
        assert found.rotates_after_create == expected
        assert found.rotates_before_expiry == ""


def test_what_one_block_of_a_role_excepts_another_may_give() -> None:
    """A role is all of its blocks: only what every one of them excepts is withheld."""
    assigned = {"properties": {"principalId": "p", "scope": "/s", "roleDefinitionId": "/r"}}
    blocks = [{"dataActions": ["*"], "notDataActions": ["unwrap", "sign"]}, {"dataActions": ["unwrap"]}]
    found = read.assignment(assigned, {"properties": {"permissions": blocks}})
    assert (found.data_actions, found.not_data_actions) == (("*", "unwrap"), ())
    found = read.assignment(assigned, {"properties": {"permissions": blocks[:1]}})
    assert found.not_data_actions == ("unwrap", "sign")


def test_what_is_deleted_has_its_end() -> None:
    """Deleted vaults and accounts say when they are gone for good."""
    body = {"name": "v", "properties": {"deletionDate": "2026-01-31T12:00:00Z"}}
    assert read.deleted("vault", body) == Deleted("vault", "v", WHEN, None)


def test_a_setting_names_what_is_on() -> None:
    """Categories and groups that are off are no audit; nor is one without a workspace."""
    logs = [{"category": "AuditEvent", "enabled": False}, {"categoryGroup": "allLogs", "enabled": True}]
    body = {"name": "s", "properties": {"workspaceId": "/w", "logs": logs}}
    assert read.diagnostic_setting(body).categories == ("allLogs",)
    assert read.diagnostic_setting(body).is_audit
    body["properties"] = {"logs": logs}
    assert not read.diagnostic_setting(body).is_audit
