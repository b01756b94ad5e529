"""Whole lives of a binding, against an Azure in memory; and what a program marks as secret, which
is in no message: not in a failure of a check, an error, or the log."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from core.facts import Account
from provider.failure import ServiceError
from provider.wire import UNKNOWN, decode, encode
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    BINDING,
    CLIENT,
    KEY_ID,
    PRINCIPAL,
    USER,
    V1,
    V2,
    VAULT_ID,
    VAULT_URI,
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
    UPGRADE,
    VERSION,
    Engine,
    engine,
    refused,
)

INPUTS = {**BINDING, "accountDigest": "a"}
MICROSOFTS = "Microsoft.CognitiveServices"


async def test_a_binding_is_one_patch_of_the_encryption_alone(pulumi: Engine) -> None:
    """It sends the key, its version and its vault, and outputs what is bound; again where the account's
    digest changes, though the key is the same."""
    id, outputs = await pulumi.create(CMK, INPUTS)
    assert id == ACCOUNT_ID
    assert pulumi.azure.patches == [bound_to(key_vault_uri=VAULT_URI)]
    assert outputs.values == {
        **INPUTS,
        "keySource": "Microsoft.KeyVault",
        "keyName": "language-key",
        "keyVersion": V1,
        "keyVaultUri": VAULT_URI,
        "principalId": PRINCIPAL,
        "boundAt": "2025-06-15T15:06:40Z",
        "operationId": "op-1",
    }
    await pulumi.update(CMK, id, outputs.values, INPUTS, {**INPUTS, "accountDigest": "b"})
    assert pulumi.azure.patches == [bound_to(key_vault_uri=VAULT_URI)] * 2


async def test_an_assigned_identity_is_bound_by_its_client_id(pulumi: Engine) -> None:
    """Without it the service would use the account's own identity."""
    pulumi.azure.put(an_account(principal_id=None, user_assigned=(USER,)))
    _, outputs = await pulumi.create(CMK, {**INPUTS, "identityClientId": CLIENT})
    assert [patch.identity_client_id for patch in pulumi.azure.patches] == [CLIENT]
    assert outputs.values["principalId"] == PRINCIPAL


@pytest.mark.parametrize("behind", [None, an_account()], ids=["no account", "on Microsoft's keys"])
async def test_a_binding_is_not_forgotten_by_one_answer(pulumi: Engine, behind: Account | None) -> None:
    """One answer that does not show the binding may lag behind: the next one counts. An import has nothing
    that it could forget. A binding that is gone is bound again by the next update."""
    azure = pulumi.azure
    id, olds = await pulumi.create(CMK, INPUTS)
    azure.stale = [behind]
    assert (await pulumi.read(CMK, id, INPUTS, olds.values))[0] == id
    azure.stale = [behind]
    assert (await pulumi.read(CMK, id))[0] == ""
    azure.stale = [behind] * 2
    assert (await pulumi.read(CMK, id, INPUTS, olds.values))[0] == ""


async def test_another_version_bound_out_of_band_shows_in_the_inputs(pulumi: Engine) -> None:
    """A read gives the version that is really bound as input, so that the next update puts it right. Without
    the read the outputs tell, and the difference is marked as not the program's."""
    id, olds = await pulumi.create(CMK, INPUTS)
    pulumi.azure.put(an_account(encryption=bound_to(V2)))
    _, outputs, inputs = await pulumi.read(CMK, id, INPUTS, olds.values)
    assert inputs.values["keyUriWithVersion"] == key_uri(V2)
    assert "boundAt" not in outputs.values
    diff = await pulumi.diff(CMK, outputs.values, inputs.values, INPUTS)
    assert diff == {"keyUriWithVersion": "UPDATE"}
    diff = await pulumi.diff(CMK, outputs.values, INPUTS, INPUTS)
    assert diff == {"keyUriWithVersion": "UPDATE as read"}


async def test_a_binding_moves_to_another_vault(pulumi: Engine) -> None:
    """The version that it leaves is not looked for in the vault that it moves to."""
    elsewhere = VAULT_URI.replace("language", "former")
    pulumi.azure.put(an_account(encryption=bound_to(V2, key_vault_uri=f"{elsewhere}/")))
    old = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(V2, elsewhere)}
    await pulumi.update(CMK, ACCOUNT_ID, {**old, "keySource": "Microsoft.KeyVault"}, old, INPUTS)
    assert [patch.key_version for patch in pulumi.azure.patches] == [V1]


@pytest.mark.parametrize(
    ("type", "inputs"),
    [
        (CMK, BINDING),
        (VERSION, ("keyId", "accountId")),
        (ACCESS, ("keyId", "principalId", "grantId")),
        (REVOCATION, ("keyId", "principalId")),
        (CLEANUP, ("keyId", "accountId")),
        (HSM_ROLE, ("scope", "principalId", "roleDefinitionId")),
        (UPGRADE, ("accountId", "mode")),
    ],
)
async def test_a_preview_takes_what_is_not_known(pulumi: Engine, type: str, inputs: tuple[str, ...]) -> None:
    """Of every resource, as in the first preview: it asks nothing, and what only the act shows is unknown."""
    given = dict.fromkeys(inputs, UNKNOWN)
    id, outputs = await pulumi.create(type, given, preview=True)
    later = await pulumi.update(type, KEY_ID, {}, given, given, preview=True)
    assert (id, pulumi.azure.calls) == ("", [])
    assert UNKNOWN in outputs.values.values()
    assert later.values


async def test_delete_gives_the_account_back_and_is_done_when_there_is_nothing(pulumi: Engine) -> None:
    """A delete that unbinds PATCHes Microsoft's key source, and believes that the account is gone only when
    that is answered twice; an unbound or absent account needs nothing."""
    azure, inputs = pulumi.azure, {**INPUTS, **UNBINDS}
    id, olds = await pulumi.create(CMK, inputs)
    _, read, _ = await pulumi.read(CMK, id, inputs, olds.values)
    azure.failures["account"].append(ServiceError(404, "ResourceNotFound", ""))
    await pulumi.delete(CMK, id, read.values)
    assert [patch.key_source for patch in azure.patches] == ["Microsoft.KeyVault", MICROSOFTS]
    await pulumi.delete(CMK, id, INPUTS)
    azure.accounts.clear()
    await pulumi.delete(CMK, id, INPUTS)
    assert len(azure.patches) == 2


EARLIER = {"boundAt": "2026-01-01T00:00:00Z"}
"""Of a binding that an earlier run made."""


@pytest.mark.parametrize(
    ("another_provider", "news", "refuses", "stays"),
    [
        (False, {}, False, True),
        (True, {}, False, False),
        (True, {"keyUriWithVersion": key_uri(V2)}, True, True),
    ],
)
async def test_a_binding_that_unbinds_leaves_what_was_bound_after_it(
    pulumi: Engine, another_provider: bool, news: dict[str, str], refuses: bool, stays: bool
) -> None:
    """A binding with `onDelete: unbind` that has another name now, or was replaced: the engine makes the new
    one before it deletes the old one. The instance that bound the account in this run leaves it. To another
    instance an account that is bound to another version differs from the state of the old binding, and what
    to do is said. If it is bound to the same version, nothing at Azure tells the two apart: `onDelete` is
    what the program asked for, and a refresh then shows that the new one is gone."""
    azure, inputs = pulumi.azure, {**INPUTS, **UNBINDS}
    azure.versions.append(a_version(V2))
    other = await engine(azure)
    new = other if another_provider else pulumi
    id, olds = await pulumi.create(CMK, inputs)
    was = {**olds.values, **({} if another_provider else EARLIER)}
    _, created = await new.create(CMK, {**inputs, **news})
    deletion = pulumi.delete(CMK, id, was)
    if refuses:
        await refused(deletion, r"but the state of this binding says otherwise\n  fix: .*`pulumi")
    else:
        await deletion
    found, _, _ = await new.read(CMK, id, {**inputs, **news}, created.values)
    assert bool(found) == stays
    assert azure.accounts[ACCOUNT_ID.lower()].encryption.is_customer_managed == stays


@pytest.mark.parametrize(("leaves", "unbinds"), [(True, True), (False, False), (None, False)])
async def test_an_account_leaves_its_key_where_the_program_says_so(
    pulumi: Engine, leaves: bool | None, unbinds: bool
) -> None:
    """So does a service with `unbindAccount`: key, version and access stay, and the binding is not declared.
    That the program keeps the key for the account is not enough."""
    id, olds = await pulumi.create(CMK, INPUTS)
    version = {"keyId": KEY_ID, "accountId": ACCOUNT_ID.upper(), "accountLeaves": leaves}
    assert await pulumi.check(VERSION, version) == {}
    deletion = pulumi.delete(CMK, id, olds.values)
    if unbinds:
        await deletion
    else:
        ways = (
            "unbindAccount: language of a service, or onDelete: unbind of a binding that is declared by itse"
        )
        await refused(deletion, ways)
    assert len(pulumi.azure.patches) == 1 + unbinds


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_what_a_deletion_does_is_recorded_without_a_write(pulumi: Engine, preview: bool) -> None:
    """Also of an account whose access was revoked, which could not be bound again."""
    id, olds = await pulumi.create(CMK, INPUTS)
    calls, unbinding = len(pulumi.azure.calls), {**INPUTS, **UNBINDS}
    for old, new, kind in ((INPUTS, unbinding, "ADD"), (unbinding, INPUTS, "DELETE")):
        was = {**olds.values, **old}
        assert await pulumi.diff(CMK, was, old, new) == {"onDelete": kind}
        changed = await pulumi.update(CMK, id, was, old, new, preview=preview)
        assert changed.values == {**olds.values, **new}
    assert len(pulumi.azure.calls) == calls


async def test_fails_to_unbind_a_kind_that_cannot_go_back(pulumi: Engine) -> None:
    """A Foundry account with projects stays bound; the message says what can be done instead."""
    pulumi.azure.put(an_account(kind="AIServices", manages_projects=True, encryption=bound_to()))
    failed = await refused(pulumi.delete(CMK, ACCOUNT_ID, {**INPUTS, **UNBINDS}))
    assert "cannot go back to Microsoft-managed keys" in str(failed)
    assert f"`pulumi state delete {shlex.quote(pulumi.urn(CMK))}`" in str(failed)
    assert pulumi.azure.patches == []


ELSEWHERE = key_uri(vault_uri="https://secret-host.example.com")
OTHER_VAULT = VAULT_ID.replace("language-vault", "other-vault")
TELLS_THE_KEY = {"keyUriWithVersion", "keyName", "keyVersion", "keyVaultUri"}


async def test_secret_inputs_stay_secret_and_so_does_what_tells_them(pulumi: Engine) -> None:
    """A key URI given as a secret makes the outputs that repeat it secret, also in the state that is kept
    when the end of a change was not seen."""
    _, outputs = await pulumi.create(CMK, INPUTS, secrets=("keyUriWithVersion",))
    assert outputs.secrets == TELLS_THE_KEY
    pulumi.azure.failures["progress"] += [ServiceError(503, "ServiceUnavailable", "down")] * 9
    failed = await refused(pulumi.create(CMK, INPUTS, secrets=("keyUriWithVersion",)))
    assert decode(failed.partial.properties).secrets == TELLS_THE_KEY
    assert key_uri() not in str(failed)


KEY = "keyUriWithVersion"
SECRETS: tuple[tuple[str, dict[str, Any], str, str, str], ...] = (
    # Of a secret itself, no property is named.
    (KEY, {"vaultId": None, KEY: ELSEWHERE.upper()}, "", "keyUriWithVersion: ", "secret-host"),
    (KEY, {"vaultId": None, KEY: f"{ELSEWHERE}'\"\n"}, "", "keyUriWithVersion: ", "example"),
    (KEY, {"vaultId": None, KEY: key_uri("secret-version")}, "", "keyUriWithVersion: ", "secret-version"),
    (KEY, {"vaultId": None, KEY: 7777}, "", "keyUriWithVersion: ", "7777"),
    # Of another input, what was expected is told.
    ("accountId", {KEY: ELSEWHERE}, KEY, "expected VAULT.vault.azure.net", ACCOUNT_ID),
    (KEY, {"vaultId": OTHER_VAULT}, "vaultId", "other-vault", "language-vault"),
)


@pytest.mark.parametrize(("secret", "news", "property", "tells", "hides"), SECRETS)
async def test_a_malformed_secret_is_refused_without_it(
    *, pulumi: Engine, secret: str, news: dict[str, Any], property: str, tells: str, hides: str
) -> None:
    """The engine prints the value of the property that a failure names (pulumi 3.259, pkg/resource/deploy/
    step_generator.go, `issueCheckFailures`)."""
    given = encode({**BINDING, **news}, (secret,))
    request = provider_pb2.CheckRequest(urn=pulumi.urn(CMK), type=CMK, news=given)
    (failure,) = (await pulumi.send("Check", request)).failures
    assert failure.property == property
    assert tells in failure.reason
    assert hides not in failure.reason.lower()


@pytest.mark.parametrize("preview", [True, False])
async def test_errors_and_the_log_do_not_tell_a_secret(pulumi: Engine, *, preview: bool) -> None:
    """Neither what is refused, nor what is waited for or said by the way."""
    pulumi.azure.vaults.clear()
    call = pulumi.create(CMK, BINDING, preview=preview, secrets=("keyUriWithVersion", "vaultId"))
    failed = None if preview else await refused(call)
    if preview:
        await call
    said = "".join(request.message for request in pulumi.heard) + str(failed)
    assert "[secret]" in said
    for part in ("language-vault", "language-key", V1):
        assert part not in said


async def test_a_secret_argument_of_a_function_is_in_no_message(pulumi: Engine) -> None:
    """A malformed one, and one that is part of an argument."""
    for token, args, secret in (
        ("getWrittenVault", {"vaultId": f"{VAULT_ID}/secret-part"}, "vaultId"),
        ("checkDeployment", {"resources": [{"id": "/secret-part", "action": "no"}]}, "resources"),
    ):
        request = provider_pb2.InvokeRequest(tok=f"azure-cmk:index:{token}", args=encode(args, (secret,)))
        (failure,) = (await pulumi.send("Invoke", request)).failures
        assert "secret-part" not in failure.reason
