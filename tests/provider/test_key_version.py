"""The life of a KeyVersion: which version of the key it gives."""

from __future__ import annotations

from typing import Any

import pytest

from provider.failure import ServiceError
from provider.versions import NoVersionError, newest_usable
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    V1,
    V2,
    V3,
    VAULT_URI,
    FakeAzure,
    a_version,
    key_uri,
)
from tests.provider.rig import CMK, VERSION, FailedError, engine

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
    ("environment", "suffix"),
    [("public", "azure.net"), ("usgovernment", "usgovcloudapi.net"), ("AzureChinaCloud", "azure.cn")],
)
async def test_a_key_has_the_address_of_its_cloud(environment: str, suffix: str) -> None:
    """In each cloud the URIs are those of its vaults, and a binding there takes no other's."""
    inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri()}
    async with engine(FakeAzure(), config={"environment": environment}) as pulumi:
        _, outputs = await pulumi.create(VERSION, INPUTS)
        failures = await pulumi.check(CMK, inputs)
    assert (
        outputs.values["keyUriWithVersion"] == f"https://language-vault.vault.{suffix}/keys/language-key/{V1}"
    )
    assert list(failures) == ([] if suffix == "azure.net" else ["keyUriWithVersion"])


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


def test_fails_with_at_most_five_reasons() -> None:
    """A key with many dead versions does not fill the screen."""
    versions = [a_version(str(n) * 32, enabled=False) for n in range(1, 9)]
    with pytest.raises(NoVersionError, match="and 3 more"):
        newest_usable(versions, 0, "k")
