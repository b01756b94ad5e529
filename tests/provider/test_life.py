"""Whole lives of a binding over gRPC, against an Azure in memory; and what a program marks as secret, which
is in no message: not in a failure of a check, an error, or the log."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from core.facts import Account
from provider.failure import ServiceError
from provider.wire import UNKNOWN, decode, encode
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    V1,
    V2,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    a_version,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import (
    ACCESS,
    CLEANUP,
    CMK,
    HSM_ROLE,
    REVOCATION,
    UNBINDS,
    VERSION,
    Engine,
    FailedError,
    FakeClock,
    engine,
)
from tests.provider.test_preflight import CLIENT, USER

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID, "accountDigest": "a"}


async def test_create_binds_by_one_patch_of_the_encryption_alone(fake: FakeAzure, pulumi: Engine) -> None:
    """A create sends the key, its version and its vault, and outputs what is bound."""
    id, outputs = await pulumi.create(CMK, INPUTS)
    assert id == ACCOUNT_ID
    assert fake.patches == [replace(bound_to(), key_vault_uri="https://language-vault.vault.azure.net")]
    assert outputs.values == {
        **INPUTS,
        "keySource": "Microsoft.KeyVault",
        "keyName": "language-key",
        "keyVersion": V1,
        "keyVaultUri": "https://language-vault.vault.azure.net",
        "principalId": PRINCIPAL,
        "boundAt": "2025-06-15T15:06:40Z",
        "operationId": "op-1",
    }


async def test_an_assigned_identity_is_bound_by_its_client_id(fake: FakeAzure, pulumi: Engine) -> None:
    """Without it the service would use the account's own identity."""
    fake.put(an_account(principal_id=None, user_assigned=(USER,)))
    _, outputs = await pulumi.create(CMK, {**INPUTS, "identityClientId": CLIENT})
    assert [patch.identity_client_id for patch in fake.patches] == [CLIENT]
    assert outputs.values["principalId"] == PRINCIPAL


async def test_a_binding_removed_out_of_band_is_gone(fake: FakeAzure, pulumi: Engine) -> None:
    """An account that went back to Microsoft's keys reads as gone, so that the next update binds it again."""
    id, olds = await pulumi.create(CMK, INPUTS)
    fake.put(an_account())
    assert (await pulumi.read(CMK, id, INPUTS, olds.values))[0] == ""


@pytest.mark.parametrize("behind", [None, an_account()], ids=["no account", "on Microsoft's keys"])
async def test_a_binding_is_not_forgotten_by_one_answer(
    fake: FakeAzure, pulumi: Engine, behind: Account | None
) -> None:
    """One answer that does not show the binding may lag behind: the next one counts. An import has nothing
    that it could forget."""
    id, olds = await pulumi.create(CMK, INPUTS)
    fake.stale = [behind]
    assert (await pulumi.read(CMK, id, INPUTS, olds.values))[0] == id
    fake.stale = [behind]
    assert (await pulumi.read(CMK, id))[0] == ""


async def test_another_version_bound_out_of_band_shows_in_the_inputs(fake: FakeAzure, pulumi: Engine) -> None:
    """A read gives the version that is really bound as input, so that the next update puts it right."""
    id, olds = await pulumi.create(CMK, INPUTS)
    fake.put(an_account(encryption=bound_to(V2)))
    _, outputs, inputs = await pulumi.read(CMK, id, INPUTS, olds.values)
    assert inputs.values["keyUriWithVersion"] == key_uri(V2)
    assert "boundAt" not in outputs.values
    diff = await pulumi.diff(CMK, outputs.values, inputs.values, INPUTS)
    assert diff.kinds == {"keyUriWithVersion": "UPDATE"}


async def test_drift_counts_without_a_refresh(pulumi: Engine) -> None:
    """Outputs with another version than the inputs are a difference, marked as not the program's."""
    olds = {**INPUTS, "keySource": "Microsoft.KeyVault", "keyUriWithVersion": key_uri(V2)}
    diff = await pulumi.diff(CMK, olds, INPUTS, INPUTS)
    assert diff.kinds == {"keyUriWithVersion": "UPDATE"}
    assert diff.in_inputs == {"keyUriWithVersion": False}


async def test_a_binding_moves_to_another_vault(fake: FakeAzure, pulumi: Engine) -> None:
    """The version that it leaves is not looked for in the vault that it moves to."""
    elsewhere = VAULT_URI.replace("language", "former")
    fake.put(an_account(encryption=bound_to(V2, key_vault_uri=f"{elsewhere}/")))
    old = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(V2, elsewhere)}
    await pulumi.update(CMK, ACCOUNT_ID, {**old, "keySource": "Microsoft.KeyVault"}, old, INPUTS)
    assert [patch.key_version for patch in fake.patches] == [V1]


async def test_a_changed_digest_asserts_the_binding_again(fake: FakeAzure, pulumi: Engine) -> None:
    """A changed account digest is an update, though the key is the same."""
    news = {**INPUTS, "accountDigest": "b"}
    id, olds = await pulumi.create(CMK, INPUTS)
    assert (await pulumi.diff(CMK, olds.values, INPUTS, news)).kinds == {"accountDigest": "UPDATE"}
    await pulumi.update(CMK, id, olds.values, INPUTS, news)
    assert len(fake.patches) == 2


@pytest.mark.parametrize(
    ("type", "inputs"),
    [
        (CMK, ("accountId", "keyUriWithVersion", "vaultId")),
        (VERSION, ("keyId", "accountId")),
        (ACCESS, ("keyId", "principalId", "grantId")),
        (REVOCATION, ("keyId", "principalId")),
        (CLEANUP, ("keyId", "accountId")),
        (HSM_ROLE, ("scope", "principalId")),
    ],
)
async def test_a_preview_of_what_is_not_known_yet_is_made(type: str, inputs: tuple[str, ...]) -> None:
    """Of every resource, as in the first preview: it asks nothing, and what only the act shows is unknown."""
    azure, given = FakeAzure(), dict.fromkeys(inputs, UNKNOWN)
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(type, given, preview=True)
        later = await pulumi.update(type, KEY_ID, {}, given, given, preview=True)
    assert (id, azure.calls) == ("", [])
    assert UNKNOWN in outputs.values.values()
    assert later.values


async def test_delete_gives_the_account_back_and_is_done_when_there_is_nothing() -> None:
    """A delete that unbinds PATCHes Microsoft's key source; an unbound or absent account needs nothing."""
    azure, inputs = FakeAzure(), {**INPUTS, **UNBINDS}
    async with engine(azure) as pulumi:
        id, olds = await pulumi.create(CMK, inputs)
        _, read, _ = await pulumi.read(CMK, id, inputs, olds.values)
        await pulumi.delete(CMK, id, read.values)
        assert azure.patches[-1].key_source == "Microsoft.CognitiveServices"
        patches = len(azure.patches)
        await pulumi.delete(CMK, id, INPUTS)
        azure.accounts.clear()
        await pulumi.delete(CMK, id, INPUTS)
    assert len(azure.patches) == patches


EARLIER = {"boundAt": "2026-01-01T00:00:00Z"}
"""Of a binding that an earlier run made."""


async def test_a_binding_that_has_another_name_now_is_deleted_without_a_write(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """The engine makes the binding of the new name and then deletes that of the old one; so it does with one
    that is replaced. The account stays bound: the instance of the provider that has bound it in this run
    knows it. Another one is in test_races.py."""
    id, olds = await pulumi.create(CMK, INPUTS)
    await pulumi.check(CMK, INPUTS)
    await pulumi.create(CMK, INPUTS)
    await pulumi.delete(CMK, id, {**olds.values, **EARLIER})
    fake.accounts.clear()
    await pulumi.delete(CMK, id, olds.values)
    assert {patch.key_source for patch in fake.patches} == {"Microsoft.KeyVault"}


@pytest.mark.parametrize(
    ("another_provider", "news", "refuses", "stays"),
    [
        (False, {}, False, True),
        (True, {}, False, False),
        (True, {"keyUriWithVersion": key_uri(V2)}, True, True),
    ],
)
async def test_a_binding_that_unbinds_leaves_what_was_bound_after_it(
    another_provider: bool, news: dict[str, str], refuses: bool, stays: bool
) -> None:
    """A binding with `onDelete: unbind` that has another name now. The instance that bound the account in
    this run leaves it. To another instance an account that is bound to another version differs from the
    state of the old binding, and what to do is said. If it is bound to the same version, nothing at Azure
    tells the two apart: `onDelete` is what the program asked for, and a refresh then shows that the new one
    is gone."""
    azure = FakeAzure()
    azure.versions.append(a_version(V2))
    inputs = {**INPUTS, **UNBINDS}
    async with engine(azure) as old, engine(azure) as other:
        new = other if another_provider else old
        id, olds = await old.create(CMK, inputs)
        was = {**olds.values, **({} if another_provider else EARLIER)}
        _, created = await new.create(CMK, {**inputs, **news})
        refused = pytest.raises(
            FailedError, match=r"but the state of this binding says otherwise\n  fix: .*`pulumi"
        )
        with refused if refuses else nullcontext():
            await old.delete(CMK, id, was)
        found, _, _ = await new.read(CMK, id, {**inputs, **news}, created.values)
    assert bool(found) == stays
    assert azure.accounts[ACCOUNT_ID.lower()].encryption.is_customer_managed == stays


@pytest.mark.parametrize(("leaves", "unbinds"), [(True, True), (False, False), (None, False)])
async def test_an_account_leaves_its_key_where_the_program_says_so_in_this_run(
    fake: FakeAzure, pulumi: Engine, leaves: bool | None, unbinds: bool
) -> None:
    """So does a service with `unbindAccount`: key, version and access stay, and the binding is not declared.
    That the program keeps the key for the account is not enough."""
    id, olds = await pulumi.create(CMK, INPUTS)
    version = {"keyId": KEY_ID, "accountId": ACCOUNT_ID.upper(), "accountLeaves": leaves}
    assert await pulumi.check(VERSION, version) == {}
    if unbinds:
        await pulumi.delete(CMK, id, olds.values)
    else:
        with pytest.raises(FailedError, match="unbindAccount: lang"):
            await pulumi.delete(CMK, id, olds.values)
    assert len(fake.patches) == 1 + unbinds


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_what_a_deletion_does_is_recorded_without_a_write(
    fake: FakeAzure, pulumi: Engine, preview: bool
) -> None:
    """Also of an account whose access was revoked, which could not be bound again."""
    id, olds = await pulumi.create(CMK, INPUTS)
    for old, new, kind in (
        (INPUTS, {**INPUTS, **UNBINDS}, "ADD"),
        ({**INPUTS, **UNBINDS}, INPUTS, "DELETE"),
    ):
        assert (await pulumi.diff(CMK, {**olds.values, **old}, old, new)).kinds == {"onDelete": kind}
        calls = len(fake.calls)
        changed = await pulumi.update(CMK, id, {**olds.values, **old}, old, new, preview=preview)
        assert changed.values == {**olds.values, **new}
        assert len(fake.calls) == calls


async def test_secret_inputs_stay_secret_and_so_does_what_tells_them(pulumi: Engine) -> None:
    """A key URI given as a secret makes the outputs that repeat it secret."""
    _, outputs = await pulumi.create(CMK, INPUTS, secrets=("keyUriWithVersion",))
    assert outputs.secrets == {"keyUriWithVersion", "keyName", "keyVersion", "keyVaultUri"}


async def test_secrets_stay_secret_in_what_an_unfinished_change_leaves(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """The state that is kept when the end of a change was not seen hides what the whole one would."""
    fake.failures["progress"] += [ServiceError(503, "ServiceUnavailable", "down")] * 9
    with pytest.raises(FailedError) as failed:
        await pulumi.create(CMK, INPUTS, secrets=("keyUriWithVersion",))
    left = decode(failed.value.partial.properties)
    assert left.secrets == {"keyUriWithVersion", "keyName", "keyVersion", "keyVaultUri"}
    assert key_uri() not in str(failed.value)


async def test_one_404_does_not_forget_a_bound_account(fake: FakeAzure, pulumi: Engine) -> None:
    """A delete believes that the account is gone only when it is answered twice."""
    id, olds = await pulumi.create(CMK, INPUTS)
    fake.failures["account"].append(ServiceError(404, "ResourceNotFound", ""))
    await pulumi.delete(CMK, id, {**olds.values, **UNBINDS})
    assert fake.patches[-1].key_source == "Microsoft.CognitiveServices"


async def test_a_key_uri_with_the_port_of_https_is_the_same_key() -> None:
    """What Azure or a program writes with `:443` is read, compared and imported without a difference."""
    azure, port = FakeAzure(), f"{VAULT_URI}:443"
    azure.put(an_account(encryption=bound_to(key_vault_uri=f"{port}/")))
    written = {**INPUTS, "keyUriWithVersion": key_uri(vault_uri=port)}
    async with engine(azure) as pulumi:
        _, outputs, inputs = await pulumi.read(CMK, ACCOUNT_ID)
        assert inputs.values["keyUriWithVersion"] == key_uri()
        assert (await pulumi.diff(CMK, outputs.values, inputs.values, written)).kinds == {}
        updated = await pulumi.update(CMK, ACCOUNT_ID, outputs.values, inputs.values, written)
        _, _, again = await pulumi.read(CMK, ACCOUNT_ID, written, updated.values)
    assert azure.patches[-1].key_vault_uri == VAULT_URI
    assert again.values["keyUriWithVersion"] == written["keyUriWithVersion"]


async def test_a_binding_that_stays_does_not_say_that_its_account_does(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """A destroy deletes a binding that is declared by itself first and its account after that."""
    fake.put(an_account(encryption=bound_to()))
    with pytest.raises(FailedError, match="stays on its key") as refused:
        await pulumi.delete(CMK, ACCOUNT_ID, INPUTS)
    assert "but not the account" not in str(refused.value)
    assert "onDelete: unbind of a binding that is declared by itself, also before" in str(refused.value)


async def test_fails_to_unbind_a_kind_that_cannot_go_back(fake: FakeAzure, pulumi: Engine) -> None:
    """A Foundry account with projects stays bound; the message says what can be done instead."""
    fake.put(an_account(kind="AIServices", manages_projects=True, encryption=bound_to()))
    with pytest.raises(FailedError, match="cannot go back to Microsoft-managed keys") as refused:
        await pulumi.delete(CMK, ACCOUNT_ID, {**INPUTS, **UNBINDS})
    assert f"`pulumi state delete {shlex.quote(pulumi.urn(CMK))}`" in str(refused.value)
    assert fake.patches == []


GIVEN = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
TELLING = ("language-vault", "language-key", V1)
ELSEWHERE = key_uri(vault_uri="https://secret-host.example.com")


async def failures(pulumi: Engine, type: str, news: dict[str, Any], *secrets: str) -> list[tuple[str, str]]:
    """What a check refuses: the property, whose value the engine prints, and the reason."""
    response = await pulumi.stub.Check(
        provider_pb2.CheckRequest(urn=pulumi.urn(type), type=type, news=encode(news, secrets))
    )
    return [(failure.property, failure.reason) for failure in response.failures]


@pytest.mark.parametrize(
    "value",
    [ELSEWHERE, ELSEWHERE.upper(), f"{ELSEWHERE}'\"\n", key_uri("secret-version"), "secret-text", 7777],
)
async def test_a_malformed_secret_is_refused_without_it(pulumi: Engine, value: Any) -> None:
    """The engine prints the value of the property that a failure names (pulumi 3.259, pkg/resource/deploy/
    step_generator.go, `issueCheckFailures`), so that a failure about a secret names none."""
    ((name, reason),) = await failures(
        pulumi, CMK, {**GIVEN, "vaultId": None, "keyUriWithVersion": value}, "keyUriWithVersion"
    )
    assert name == ""
    assert reason.startswith("keyUriWithVersion: ")
    for part in ("secret-host", "secret-version", "secret-text", "7777", "example"):
        assert part not in reason.lower()


async def test_what_is_no_secret_is_told_as_ever(pulumi: Engine) -> None:
    """With its property, and with what was expected."""
    news = {**GIVEN, "keyUriWithVersion": ELSEWHERE}
    ((name, reason),) = await failures(pulumi, CMK, news, "accountId")
    assert name == "keyUriWithVersion"
    assert "'secret-host.example.com'" in reason
    assert "expected VAULT.vault.azure.net" in reason


async def test_a_failure_of_another_input_does_not_tell_the_secret(pulumi: Engine) -> None:
    """That the vault is another one than the key's is said without the key's."""
    other = VAULT_ID.replace("language-vault", "other-vault")
    ((name, reason),) = await failures(pulumi, CMK, {**GIVEN, "vaultId": other}, "keyUriWithVersion")
    assert (name, "other-vault" in reason, "language-vault" in reason) == ("vaultId", True, False)


async def test_a_misspelt_secret_setting_is_refused_without_its_value(pulumi: Engine) -> None:
    """The engine prints the value of the setting that a failure names, marked as a secret or not."""
    request = provider_pb2.CheckRequest(news=encode({"clientSecert": "hunter2"}))
    (failure,) = (await pulumi.stub.CheckConfig(request)).failures
    assert (failure.property, failure.reason) == ("", "unknown setting azure-cmk:clientSecert")


@pytest.mark.parametrize("preview", [True, False])
async def test_errors_and_the_log_do_not_tell_a_secret(*, preview: bool) -> None:
    """Neither what is refused, nor what is waited for or said by the way."""
    azure = FakeAzure()
    azure.vaults.clear()
    async with engine(azure, FakeClock()) as pulumi:
        secrets = ("keyUriWithVersion", "vaultId")
        if preview:
            await pulumi.create(CMK, GIVEN, preview=True, secrets=secrets)
            said = ""
        else:
            with pytest.raises(FailedError) as failed:
                await pulumi.create(CMK, GIVEN, secrets=secrets)
            said = str(failed.value)
    said += "".join(request.message for request in pulumi.heard)
    assert "[secret]" in said
    for part in TELLING:
        assert part not in said


async def test_a_secret_argument_of_a_function_is_in_no_message(pulumi: Engine) -> None:
    """A malformed one, and one that is part of an argument."""
    for token, args, secret in (
        ("getManagedHsmKey", {"keyId": f"{KEY_ID}/secret-part"}, "keyId"),
        ("checkDeployment", {"resources": [{"id": "/secret-part", "action": "no"}]}, "resources"),
    ):
        request = provider_pb2.InvokeRequest(tok=f"azure-cmk:index:{token}", args=encode(args, (secret,)))
        (failure,) = (await pulumi.stub.Invoke(request)).failures
        assert "secret-part" not in failure.reason
