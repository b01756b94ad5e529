"""What a program marks as secret is in no message: not in a failure of a check, an error, or the log."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from provider.wire import encode
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    V1,
    VAULT_ID,
    FakeAzure,
    key_uri,
)
from tests.provider.rig import CMK, Engine, FailedError, FakeClock, engine

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
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
        pulumi, CMK, {**INPUTS, "vaultId": None, "keyUriWithVersion": value}, "keyUriWithVersion"
    )
    assert name == ""
    assert reason.startswith("keyUriWithVersion: ")
    for part in ("secret-host", "secret-version", "secret-text", "7777", "example"):
        assert part not in reason.lower()


async def test_what_is_no_secret_is_told_as_ever(pulumi: Engine) -> None:
    """With its property, and with what was expected."""
    news = {**INPUTS, "keyUriWithVersion": ELSEWHERE}
    ((name, reason),) = await failures(pulumi, CMK, news, "accountId")
    assert name == "keyUriWithVersion"
    assert "'secret-host.example.com'" in reason
    assert "expected VAULT.vault.azure.net" in reason


async def test_a_failure_of_another_input_does_not_tell_the_secret(pulumi: Engine) -> None:
    """That the vault is another one than the key's is said without the key's."""
    other = VAULT_ID.replace("language-vault", "other-vault")
    ((name, reason),) = await failures(pulumi, CMK, {**INPUTS, "vaultId": other}, "keyUriWithVersion")
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
            await pulumi.create(CMK, INPUTS, preview=True, secrets=secrets)
            said = ""
        else:
            with pytest.raises(FailedError) as failed:
                await pulumi.create(CMK, INPUTS, secrets=secrets)
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
