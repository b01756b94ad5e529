"""The life of a KeyVersion: which version it gives, and that a rotation is made exactly once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provider.failure import ServiceError
from provider.versions import NoVersionError, mark, newest_usable, rotated_to
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    KEY_ID,
    V1,
    V2,
    V3,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    a_vault,
    a_version,
    key_uri,
)
from tests.provider.rig import VERSION, Engine, FailedError, engine

INPUTS = {"keyId": KEY_ID, "generation": 1}
NEXT = {"keyId": KEY_ID, "generation": 2}
LOST = ServiceError(0, "ServiceResponseError", "Connection aborted.")


@pytest.mark.asyncio
async def test_the_newest_version_is_given_with_all_that_follows_from_it() -> None:
    """One read of the key tells its version, its URIs and its age."""
    azure = FakeAzure()
    azure.versions.append(a_version(V2))
    async with engine(azure) as pulumi:
        id, outputs = await pulumi.create(VERSION, INPUTS)
    assert id == KEY_ID
    assert outputs.values == {
        **INPUTS,
        "keyName": "language-key",
        "version": V2,
        "keyUri": f"{VAULT_URI}/keys/language-key",
        "keyUriWithVersion": key_uri(V2),
        "vaultUri": VAULT_URI,
        "createdAt": "2023-11-14T22:13:22Z",
        "newestVersion": V2,
    }
    assert azure.calls == ["key_version"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "unusable", [{"enabled": False}, {"expires": 1_700_000_000}, {"not_before": 1_800_000_000}]
)
async def test_a_version_that_cannot_be_used_is_passed_over(unusable: dict[str, Any]) -> None:
    """The newest version that is enabled and valid is given, and the current one is still told."""
    azure = FakeAzure()
    azure.versions += [a_version(V2), a_version(V3, **unusable)]
    async with engine(azure) as pulumi:
        _, outputs = await pulumi.create(VERSION, INPUTS)
    assert (outputs.values["version"], outputs.values["newestVersion"]) == (V2, V3)


@pytest.mark.asyncio
async def test_fails_when_no_version_can_be_used() -> None:
    """Without a usable version the reason for each is told."""
    azure = FakeAzure()
    azure.versions = [a_version(enabled=False)]
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match=f"the key version {V1} is disabled"):
            await pulumi.create(VERSION, INPUTS)


@pytest.mark.asyncio
@pytest.mark.parametrize("inputs", [INPUTS, {**INPUTS, "pin": V2}])
async def test_a_refresh_survives_a_key_without_a_usable_version(inputs: dict[str, Any]) -> None:
    """A refresh keeps what was, so that the update after it can rotate the key or take the pin away."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        _, olds = await pulumi.create(VERSION, INPUTS)
        azure.versions = [a_version(expires=1_700_000_000)]
        id, outputs, live = await pulumi.read(VERSION, KEY_ID, inputs, olds.values)
        assert (id, outputs, live.values) == (KEY_ID, olds, inputs)
        with pytest.raises(FailedError):
            await pulumi.read(VERSION, KEY_ID)


@pytest.mark.asyncio
async def test_a_pin_holds_a_version() -> None:
    """The pinned version is given though there is a newer one; one that does not exist is refused."""
    azure = FakeAzure()
    azure.versions.append(a_version(V2))
    async with engine(azure) as pulumi:
        _, outputs = await pulumi.create(VERSION, {"keyId": KEY_ID, "pin": V1})
        assert (outputs.values["version"], outputs.values["newestVersion"]) == (V1, V2)
        with pytest.raises(FailedError, match=f"has no version {V3}"):
            await pulumi.create(VERSION, {"keyId": KEY_ID, "pin": V3})


@pytest.mark.asyncio
async def test_a_rotation_by_somebody_else_shows_in_the_outputs() -> None:
    """After a read the newer version is given, and the inputs are as they were written."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        id, olds = await pulumi.create(VERSION, INPUTS)
        azure.versions.append(a_version(V2))
        _, outputs, inputs = await pulumi.read(VERSION, id, INPUTS, olds.values)
    assert outputs.values["keyUriWithVersion"] == key_uri(V2)
    assert inputs.values == INPUTS


@pytest.mark.asyncio
async def test_import_and_absence() -> None:
    """The key's id is enough for an import; a key that is gone reads as gone and cannot be created on."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        _, outputs, inputs = await pulumi.read(VERSION, KEY_ID)
        assert (inputs.values, outputs.values["version"]) == ({"keyId": KEY_ID}, V1)
        azure.versions.clear()
        assert (await pulumi.read(VERSION, KEY_ID, INPUTS, outputs.values))[0] == ""
        with pytest.raises(FailedError, match="there is no key"):
            await pulumi.create(VERSION, INPUTS)


@pytest.mark.asyncio
async def test_previews_tell_what_is_certain() -> None:
    """A known key tells its version; an unknown or absent key, or a coming rotation, tells none."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        _, known = await pulumi.create(VERSION, INPUTS, preview=True)
        assert known.values["version"] == V1
        rotation = await pulumi.update(VERSION, KEY_ID, known.values, INPUTS, NEXT, preview=True)
        assert rotation.values["keyUri"] == f"{VAULT_URI}/keys/language-key"
        assert rotation.values["keyUriWithVersion"] == rotation.values["newestVersion"] == UNKNOWN
        azure.versions.clear()
        _, absent = await pulumi.create(VERSION, INPUTS, preview=True)
        _, unknown = await pulumi.create(VERSION, {"keyId": UNKNOWN}, preview=True)
    assert absent.values["version"] == unknown.values["version"] == unknown.values["vaultUri"] == UNKNOWN
    assert "rotate" not in azure.calls


async def rotate(pulumi: Engine, azure: FakeAzure) -> str:
    """Runs the update to the next generation until it ends well, as a person would; gives the version."""
    for _ in range(5):
        try:
            return str((await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)).values["version"])
        except FailedError:
            continue
    raise AssertionError(f"never ended well: {azure.calls}")


@pytest.mark.asyncio
@pytest.mark.parametrize("copies_tags", [False, True])
@pytest.mark.parametrize("name", ["vault", "key_version", "live_key_versions", "tag_key_version", "rotate"])
@pytest.mark.parametrize("failures", [1, 5, 7])
@pytest.mark.parametrize("effect", ["failures", "lost"])
async def test_a_rotation_is_made_exactly_once(
    copies_tags: bool, name: str, failures: int, effect: str
) -> None:
    """Cut off at any call, before or after it had its effect, and run again: one new version, no more."""
    azure = FakeAzure()
    azure.copies_tags = copies_tags
    getattr(azure, effect)[name] += [LOST] * failures
    async with engine(azure) as pulumi:
        assert await rotate(pulumi, azure) == V2
    assert [version.version for version in azure.versions] == [V1, V2]


@pytest.mark.asyncio
async def test_a_rotation_whose_state_was_lost_is_not_made_again() -> None:
    """A run that died after the rotation, before its state was kept, is run again without another version."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
        again = await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert again.values["version"] == V2
    assert azure.calls.count("rotate") == 1


@pytest.mark.asyncio
async def test_each_generation_makes_one_version_also_when_the_vault_copies_tags() -> None:
    """A mark of an earlier rotation does not hide that a later one is still to be made."""
    azure = FakeAzure()
    azure.copies_tags = True
    async with engine(azure) as pulumi:
        for old, new in ((1, 2), (2, 3), (3, 7)):
            await pulumi.update(
                VERSION,
                KEY_ID,
                {},
                {"keyId": KEY_ID, "generation": old},
                {"keyId": KEY_ID, "generation": new},
            )
    assert len(azure.versions) == 4


@pytest.mark.asyncio
async def test_older_versions_stay_as_they_are() -> None:
    """A rotation neither disables nor deletes a version; the first generation makes none."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        await pulumi.create(VERSION, INPUTS)
        await pulumi.update(VERSION, KEY_ID, {}, {"keyId": KEY_ID}, INPUTS)
        assert "rotate" not in azure.calls
        await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
        await pulumi.delete(VERSION, KEY_ID)
    assert [replace(v, tags={}) for v in azure.versions] == [a_version(), a_version(V2)]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ({"generation": 3}, {"generation": 2}, "a rotation cannot be taken back"),
        ({"generation": 1}, {"generation": 2, "pin": V1}, "the account could not follow"),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
async def test_fails_a_generation_that_makes_no_sense(
    old: dict[str, Any], new: dict[str, Any], reason: str, preview: bool
) -> None:
    """A generation goes up, and not under a pin; the preview says so already."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match=reason):
            await pulumi.update(
                VERSION, KEY_ID, {}, {"keyId": KEY_ID, **old}, {"keyId": KEY_ID, **new}, preview=preview
            )
    assert len(azure.versions) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "vault", "reason"),
    [
        ({"size": 3072}, {}, "3072 bits, wanted 2048"),
        ({"kty": "EC"}, {}, "of type EC"),
        ({"operations": ("sign",)}, {}, "does not allow wrapKey and unwrapKey"),
        ({}, {"purge_protection": None}, "no purge protection"),
        ({}, {"soft_delete": False}, "no soft delete"),
    ],
)
async def test_fails_to_rotate_a_key_that_no_account_could_follow(
    key: dict[str, Any], vault: dict[str, Any], reason: str
) -> None:
    """A version that cannot be bound is not made, since it would become the current one."""
    azure = FakeAzure()
    azure.versions = [a_version(**key)]
    azure.vaults[VAULT_ID.lower()] = a_vault(**vault)
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match=reason):
            await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)
    assert len(azure.versions) == 1


@pytest.mark.asyncio
async def test_fails_with_the_right_that_is_missing() -> None:
    """A deployer without rights on the data plane is told which to have."""
    azure = FakeAzure()
    denied = "The user 'x' does not have keys rotate permission on key vault 'language-vault'."
    azure.failures["rotate"].append(ServiceError(403, "Forbidden", denied, "rotating", "ForbiddenByPolicy"))
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="--key-permissions get list update rotate"):
            await pulumi.update(VERSION, KEY_ID, {}, INPUTS, NEXT)


def test_two_stacks_do_not_take_each_other_for_themselves() -> None:
    """The mark names the resource: another stack's rotation to the same generation is not ours."""
    ours, theirs = mark("urn:a", 2), mark("urn:b", 2)
    versions = [a_version(tags={"azure-cmk-rotation": f"{theirs}:1"}), a_version(V2)]
    assert rotated_to(versions, ours) is None
    assert rotated_to(versions, theirs) == versions[1]


def test_versions_of_one_second_do_not_confuse_a_rotation() -> None:
    """Azure tells ages in whole seconds; whether a rotation was made is told by the number of versions."""
    ours = mark("urn:a", 2)
    versions = [a_version(created=5, tags={"azure-cmk-rotation": f"{ours}:1"}), a_version(V2, created=5)]
    assert rotated_to(versions, ours) is not None
    assert rotated_to(versions[:1], ours) is None


def test_fails_with_at_most_five_reasons() -> None:
    """A key with many dead versions does not fill the screen."""
    versions = [a_version(str(n) * 32, enabled=False) for n in range(1, 9)]
    with pytest.raises(NoVersionError, match="and 3 more"):
        newest_usable(versions, 0, "k")
