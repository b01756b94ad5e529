"""Rotating a key: one version for each generation, also where an answer is lost, and none that is refused."""

from __future__ import annotations

from typing import Any

import pytest

from provider.failure import ServiceError
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    V1,
    V2,
    V3,
    FakeAzure,
    a_version,
)
from tests.provider.rig import VERSION, Engine, FailedError, FakeClock, engine

INPUTS = {"keyId": KEY_ID, "generation": 1}
NEXT = {"keyId": KEY_ID, "generation": 2}
LOST = ServiceError(0, "ServiceResponseError", "Connection aborted.")


async def rotate(pulumi: Engine, azure: FakeAzure) -> str:
    """Runs the update to the next generation until it ends well, as a person would; gives the version."""
    for _ in range(5):
        try:
            return str((await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)).values["version"])
        except FailedError:
            continue
    raise AssertionError(f"never ended well: {azure.calls}")


@pytest.mark.parametrize("name", ["vault", "key_version", "live_key_versions", "rotate"])
@pytest.mark.parametrize("failures", [1, 5, 7])
@pytest.mark.parametrize("effect", ["failures", "lost"])
async def test_a_rotation_is_made_once(
    *, fake: FakeAzure, pulumi: Engine, name: str, failures: int, effect: str
) -> None:
    """Without an answer at any call, before or after it had its effect, and run again: one new version."""
    getattr(fake, effect)[name] += [LOST] * failures
    assert await rotate(pulumi, fake) == V2
    assert [version.version for version in fake.versions] == [V1, V2]


async def test_the_last_try_is_not_repeated_without_a_look(fake: FakeAzure, pulumi: Engine) -> None:
    """No answer four times, and at the fifth only the answer is lost: the version is there, and none is made
    beside it."""
    fake.failures["rotate"] += [LOST] * 4
    fake.lost["rotate"] += [LOST]
    assert await rotate(pulumi, fake) == V2
    assert [version.version for version in fake.versions] == [V1, V2]


async def test_a_rotation_whose_state_was_lost_is_made_again(fake: FakeAzure, pulumi: Engine) -> None:
    """A run that died after the rotation, before its state was kept, makes one version more when it runs
    again, and gives that one."""
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    again = await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert [again.values["version"], len(fake.versions)] == [V3, 3]


@pytest.mark.parametrize("imported", [False, True], ids=["created", "imported"])
async def test_a_generation_that_is_raised_again_in_another_life_makes_a_version(
    fake: FakeAzure, pulumi: Engine, imported: bool
) -> None:
    """Rotated, destroyed, and made anew on the same key: each raise makes a version, as in the first life."""
    for life in (1, 2, 3):
        id, made = await pulumi.create(VERSION, INPUTS)
        if imported:
            _, made, _ = await pulumi.read(VERSION, id)
        rotated = await pulumi.update(VERSION, id, made.values, INPUTS, NEXT)
        assert len(fake.versions) == life + 1
        assert rotated.values["version"] == fake.versions[-1].version
        await pulumi.delete(VERSION, id, rotated.values)


async def test_older_versions_stay_as_they_are(fake: FakeAzure, pulumi: Engine) -> None:
    """A rotation neither disables nor deletes a version."""
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    await pulumi.delete(VERSION, KEY_ID)
    assert fake.versions == [a_version(), a_version(V2)]


async def test_the_first_generation_of_a_key_that_had_none_rotates_it(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """Absent is 0: a stack without `generation` that sets it to 1 gets a new version."""
    outputs = await pulumi.update(VERSION, KEY_ID, {}, {"keyId": KEY_ID}, INPUTS)
    assert outputs.values["version"] == V2


async def test_a_stack_that_begins_with_a_generation_rotates_nothing(fake: FakeAzure, pulumi: Engine) -> None:
    """A key is as old as its stack, and a state that has the generation already is at it."""
    id, outputs = await pulumi.create(VERSION, INPUTS)
    assert (await pulumi.diff(VERSION, outputs.values, INPUTS, INPUTS)).kinds == {}
    await pulumi.update(VERSION, id, outputs.values, INPUTS, {**INPUTS, "accountId": ACCOUNT_ID})
    assert "rotate" not in fake.calls


class SlowOperator(FakeAzure):
    """A vault in which the deployer's rights on the data plane count only from a moment of the clock on."""

    def __init__(self, clock: FakeClock, delay: float) -> None:
        super().__init__()
        self._clock, self._delay = clock, delay

    def _enter(self, name: str) -> None:
        super()._enter(name)
        if name in ("live_key_versions", "rotate") and self._clock.now() < self._delay:
            denied = "The user 'x' does not have keys list permission on key vault 'language-vault'."
            raise ServiceError(403, "Forbidden", denied, "listing", "ForbiddenByPolicy")


async def test_an_operators_grant_that_is_not_in_effect_yet_is_waited_for() -> None:
    """A rotation waits for the deployer's own access as a binding waits for the account's."""
    clock = FakeClock()
    async with engine(SlowOperator(clock, 1200), clock) as pulumi:
        outputs = await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert outputs.values["version"] == V2
    assert 1200 <= clock.now() <= 1240
    assert any("waiting for the deploying principal's access" in text for text in pulumi.progress)


async def test_fails_without_an_operators_grant() -> None:
    """A right that nobody granted is waited as long as a new one may take; the error has the command."""
    clock = FakeClock()
    async with engine(SlowOperator(clock, 10_000), clock) as pulumi:
        with pytest.raises(FailedError, match="--key-permissions get list rotate"):
            await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert 1500 <= clock.now() < 1540
    (told,) = [text for text in pulumi.said if "if nobody made one, stop this" in text]
    assert "--key-permissions get list rotate" in told


CLOSED = ServiceError(
    403, "Forbidden", "Public network access is disabled.", "listing", "ForbiddenByConnection"
)
DENIED = ServiceError(403, "Forbidden", "x does not have keys list permission", "", "ForbiddenByPolicy")


@pytest.mark.parametrize("failures", [[CLOSED], [LOST] * 5, [DENIED]])
async def test_a_preview_tells_that_the_vault_does_not_answer(
    fake: FakeAzure, pulumi: Engine, failures: list[ServiceError]
) -> None:
    """The update may run on another machine, or make the grant: it is told, with the ways out."""
    fake.failures["live_key_versions"] = list(failures)
    await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT, preview=True)
    (told,) = [text for text in pulumi.said if "the rotation is refused: " in text]
    assert failures[0].text in told


async def test_a_vault_out_of_reach_is_not_rotated(fake: FakeAzure, pulumi: Engine) -> None:
    """The update is refused before anything is made."""
    fake.failures["live_key_versions"] = [CLOSED]
    with pytest.raises(FailedError, match="or leave generation as it was and let the vault's"):
        await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert "rotate" not in fake.calls


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ({"generation": 3}, {"generation": 2}, "a rotation cannot be undone"),
        ({"generation": 3}, {}, "from 3 to none, but a rotation cannot be undone"),
        ({}, {"generation": 1, "pin": V1}, "the account could not follow"),
        ({"generation": 1}, {"generation": 2, "pin": V1}, "the account could not follow"),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
async def test_fails_a_generation_that_makes_no_sense(
    *, fake: FakeAzure, pulumi: Engine, old: dict[str, Any], new: dict[str, Any], reason: str, preview: bool
) -> None:
    """A generation goes up, and not under a pin; the preview says so already."""
    with pytest.raises(FailedError, match=reason):
        await pulumi.update(
            VERSION, KEY_ID, {}, {"keyId": KEY_ID, **old}, {"keyId": KEY_ID, **new}, preview=preview
        )
    assert len(fake.versions) == 1
