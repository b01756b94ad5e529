"""What the engine's log shows while the provider works."""

from __future__ import annotations

import re

import pytest
from pulumi.runtime.proto import engine_pb2

from core import effects
from core.values import Mark
from provider.failure import Progress, ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    V1,
    V2,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    SlowGrant,
    a_vault,
    a_version,
    an_account,
    key_uri,
)
from tests.provider.rig import CMK, Engine, FakeClock, engine

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
LATER = Mark.UNKNOWN.value


async def test_what_is_waited_for_is_told_with_the_time_so_far() -> None:
    """While access does not count yet, each wait names it, Azure's answer and the time, by resource."""
    clock = FakeClock()
    # No pause is longer than 36 s, so the last one begins in the second minute, whatever the jitter.
    async with engine(SlowGrant(clock, 100), clock) as pulumi:
        await pulumi.create(CMK, INPUTS)
        urn = pulumi.urn(CMK)
    assert pulumi.heard
    for request in pulumi.heard:
        assert (request.urn, request.ephemeral, request.severity) == (urn, True, engine_pb2.INFO)
    waits = pulumi.progress
    assert waits[0] == (
        "waiting for the access to the key to be in effect everywhere: changing: Azure answered 400 "
        "BadRequest: KeyVaultProperties is invalid [correlation id corr] (0 s so far)"
    )
    assert re.search(r"\(1 min \d\d s so far\)$", waits[-1])


async def test_every_kind_of_wait_is_told(fake: FakeAzure, pulumi: Engine) -> None:
    """A busy account, an operation, a throttled and a failing service each say what is waited for."""
    fake.failures["vault"].append(ServiceError(503, "ServiceUnavailable", "down", "reading the vault"))
    fake.failures["key_version"].append(
        ServiceError(429, "TooManyRequests", "slow down", "reading the key", retry_after=17)
    )
    fake.failures["bind"].append(ServiceError(409, "Conflict", "another operation", "changing"))
    fake.progress_script = [Progress("Updating", retry_after=9), Progress("Updating"), Progress("Succeeded")]
    await pulumi.create(CMK, INPUTS)
    waits = "\n".join(pulumi.progress)
    for words in (
        "asking again: reading the vault: Azure answered 503 ServiceUnavailable: down (0 s so far)",
        "asking again: reading the key: Azure answered 429 TooManyRequests: slow down (",
        "waiting for another change of the account to end: changing: Azure answered 409 Conflict",
        "waiting for the operation on language, Updating (",
    ):
        assert words in waits


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_what_was_not_checked_stays_in_the_log(fake: FakeAzure, pulumi: Engine, preview: bool) -> None:
    """In a preview and in an update, what may not be read is said, and not overwritten afterwards. Azure
    itself judges the binding then."""
    fake.failures["vault"].append(ServiceError(403, "AuthorizationFailed", "may not read", "reading"))
    await pulumi.create(CMK, INPUTS, preview=preview)
    assert len(fake.patches) == (not preview)
    (message,) = pulumi.said
    assert message == (
        "not checked: the vault could not be read: reading: Azure answered 403 AuthorizationFailed: "
        "may not read"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"keyUriWithVersion": key_uri(V2)}, [effects.REBOUND.format(V2, V1)]),
        (
            {"keyUriWithVersion": f"{VAULT_URI}/keys/language-key"},
            [effects.REBOUND.format(effects.NEWEST, V1)],
        ),
        (
            {"keyUriWithVersion": key_uri(name="other")},
            [
                effects.KEY_CHANGED.format(
                    effects.key("language-vault", "other", V1),
                    effects.key("language-vault", "language-key", V1),
                )
            ],
        ),
        ({"keyUriWithVersion": UNKNOWN}, [effects.BOUND.format(effects.key("language-vault", LATER, LATER))]),
    ],
    ids=["unchanged", "another version", "the newest version", "another key", "not known yet"],
)
async def test_a_binding_by_itself_tells_what_it_does_to_the_data(
    fake: FakeAzure, pulumi: Engine, change: dict[str, str], said: list[str]
) -> None:
    """A preview says so for the account, in the words of its review, and the update does not repeat it."""
    pulumi.parent = ""
    fake.put(an_account(kind="AIServices"))
    await pulumi.create(CMK, INPUTS, preview=True)
    bound = effects.BOUND.format(effects.key("language-vault", "language-key", V1))
    assert pulumi.said == [f"encryption of language: {bound}"]
    id, olds = await pulumi.create(CMK, INPUTS)
    fake.versions.append(a_version(V2))
    news = {**INPUTS, "accountDigest": "b", **change}
    await pulumi.update(CMK, id, olds.values, INPUTS, news, preview=True)
    assert pulumi.said[1:] == [f"encryption of language: {one}" for one in said]


async def test_a_binding_of_a_component_leaves_that_to_the_component(pulumi: Engine) -> None:
    """A service tells what its update does to the data, so its binding does not tell it once more."""
    await pulumi.create(CMK, INPUTS, preview=True)
    assert pulumi.said == []


async def test_a_preview_warns_of_what_the_same_update_may_still_put_right() -> None:
    """A missing grant is a warning in the preview, with the rule and the way out."""
    azure = FakeAzure(a_vault(policies=()))
    async with engine(azure) as pulumi:
        await pulumi.create(CMK, INPUTS, preview=True)
    (request,) = pulumi.heard
    assert request.severity == engine_pb2.WARNING
    assert request.message.startswith("would be refused unless this update changes it: identity-has-access: ")


async def test_an_engine_that_is_gone_fails_nothing() -> None:
    """Messages to an engine that does not listen are dropped; the binding goes on."""
    clock = FakeClock()
    async with engine(SlowGrant(clock, 5), clock, listens=False) as pulumi:
        _, outputs = await pulumi.create(CMK, INPUTS)
    assert outputs.values["keyUriWithVersion"] == key_uri()
