"""The life of a KeyVersion: which version of the key it gives."""

from __future__ import annotations

from typing import Any

import pytest

from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    V1,
    V2,
    V3,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    a_version,
    key_uri,
)
from tests.provider.rig import CMK, VERSION, Engine, FailedError, FakeClock, engine

INPUTS = {"keyId": KEY_ID, "generation": 1}
NEXT = {"keyId": KEY_ID, "generation": 2}
LOST = ServiceError(0, "ServiceResponseError", "Connection aborted.")


async def test_the_newest_version_is_given_with_all_that_follows_from_it(
    fake: FakeAzure, pulumi: Engine
) -> None:
    """One read of the key gives its version, its URIs and its age."""
    fake.versions.append(a_version(V2))
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
    assert fake.calls == ["key_version"]


@pytest.mark.parametrize(
    ("environment", "suffix"),
    [("public", "azure.net"), ("usgovernment", "usgovcloudapi.net"), ("AzureChinaCloud", "azure.cn")],
)
@pytest.mark.parametrize(("type", "host"), [("vaults", "vault"), ("managedHSMs", "managedhsm")])
async def test_a_key_has_the_address_of_its_cloud(
    environment: str, suffix: str, type: str, host: str
) -> None:
    """In each cloud the URIs are its vaults' and managed HSMs'."""
    azure = FakeAzure()
    azure.versions = [a_version(type="RSA-HSM" if host == "managedhsm" else "RSA")]
    wanted = {**INPUTS, "keyId": KEY_ID.replace("/vaults/", f"/{type}/")}
    async with engine(azure, config={"environment": environment}) as pulumi:
        _, outputs = await pulumi.create(VERSION, wanted)
    assert (
        outputs.values["keyUriWithVersion"]
        == f"https://language-vault.{host}.{suffix}/keys/language-key/{V1}"
    )


EXPIRED = {"expires": 1_700_000_000}
DISABLED = {"enabled": False}
EARLY = {"not_before": 1_800_000_000}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize("unusable", [EXPIRED, DISABLED, EARLY], ids=["expired", "disabled", "early"])
async def test_the_version_in_use_stays_while_the_newest_cannot_be_used(
    fake: FakeAzure, pulumi: Engine, unusable: dict[str, Any], preview: bool
) -> None:
    """Nothing changes for an account that is on a version that can be used."""
    fake.versions += [a_version(V2), a_version(V3, **unusable)]
    olds = {"version": V2}
    outputs = await pulumi.update(VERSION, KEY_ID, olds, INPUTS, INPUTS, preview=preview)
    _, read, _ = await pulumi.read(VERSION, KEY_ID, INPUTS, olds)
    assert (outputs.values["version"], outputs.values["newestVersion"]) == (V2, V3)
    assert read.values["version"] == V2


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize("unusable", [EXPIRED, DISABLED], ids=["expired", "disabled"])
@pytest.mark.parametrize("current", [V3, ""], ids=["in use", "not used yet"])
async def test_fails_instead_of_going_back_to_an_older_version(
    fake: FakeAzure, pulumi: Engine, unusable: dict[str, Any], preview: bool, current: str
) -> None:
    """When the newest version cannot be used, an older one is bound only where `pin` asks for it; the error
    names both ways out, and both lead out."""
    fake.versions += [a_version(V2), a_version(V3, **unusable)]
    call: Any = (
        pulumi.update(VERSION, KEY_ID, {"version": V3}, INPUTS, INPUTS, preview=preview)
        if current
        else pulumi.create(VERSION, INPUTS, preview=preview)
    )
    with pytest.raises(FailedError) as failed:
        await call
    message = str(failed.value)
    rotate = "raise `generation`" if current else "run `az keyvault key rotate --vault-name language-vault"
    assert rotate in message
    assert f"set `pin: {V2}`" in message
    pinned = await pulumi.update(VERSION, KEY_ID, {"version": V3}, INPUTS, {**INPUTS, "pin": V2})
    assert pinned.values["version"] == V2
    rotated = await pulumi.update(VERSION, KEY_ID, {"version": V3}, INPUTS, NEXT)
    assert rotated.values["version"] == "4" * 32


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize(("hours_off", "expired"), [(-1, True), (1, False)], ids=["behind", "ahead"])
async def test_a_version_has_expired_when_it_has_by_azures_clock(
    *, fake: FakeAzure, pulumi: Engine, clock: FakeClock, hours_off: int, expired: bool, preview: bool
) -> None:
    """This machine's may be off, in both directions: half an hour before or after the version expires."""
    fake.answered_at = clock.time() - hours_off * 3600
    fake.versions = [a_version(expires=int(fake.answered_at) + (-1800 if expired else 1800))]
    inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
    for type, news in ((VERSION, INPUTS), (CMK, inputs)):
        if expired and not (preview and type == CMK):
            with pytest.raises(FailedError, match="expired on"):
                await pulumi.create(type, news, preview=preview)
        else:
            await pulumi.create(type, news, preview=preview)


async def test_a_newer_version_than_the_one_in_use_may_be_taken(fake: FakeAzure, pulumi: Engine) -> None:
    """The newest version that can be used counts, if it is younger than the one in use."""
    fake.versions = [a_version(V1, **EXPIRED), a_version(V2), a_version(V3, **DISABLED)]
    outputs = await pulumi.update(VERSION, KEY_ID, {"version": V1}, INPUTS, INPUTS)
    assert outputs.values["version"] == V2


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "create"])
@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ({"size": 1024}, "the key has 1024 bits; expected 2048"),
        ({"type": "EC", "size": None}, "of type EC"),
        ({"operations": ("sign", "wrapKey")}, "does not allow unwrapKey"),
    ],
)
async def test_fails_for_a_key_that_the_service_does_not_take(
    fake: FakeAzure, pulumi: Engine, key: dict[str, Any], reason: str, preview: bool
) -> None:
    """Such a key is refused before an account is made for it, in the preview too."""
    fake.versions = [a_version(**key)]
    with pytest.raises(FailedError, match=reason):
        await pulumi.create(VERSION, {"keyId": KEY_ID}, preview=preview)
    with pytest.raises(FailedError, match=reason):
        await pulumi.create(VERSION, {"keyId": KEY_ID, "pin": V1}, preview=preview)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "create"])
async def test_fails_when_no_version_can_be_used(fake: FakeAzure, pulumi: Engine, preview: bool) -> None:
    """Without a usable version the reason is given, and the command that makes one."""
    fake.versions = [a_version(enabled=False), a_version(V2, **EXPIRED)]
    with pytest.raises(FailedError) as failed:
        await pulumi.create(VERSION, INPUTS, preview=preview)
    message = str(failed.value)
    assert f"the key version {V2} expired on 2023-11-14T22:13:20Z" in message
    assert "run `az keyvault key rotate --vault-name language-vault --name language-key`" in message
    assert "pin" not in message


BY_RBAC = "[ForbiddenByRbac (Forbidden)] Caller is not authorized. Caller: name=KeyVault/ManagementPlane;"
BY_HSM = "Not authorized to access Microsoft.KeyVault/managedHsm/keys/read on /keys/language-key"


@pytest.mark.parametrize("call", ["create", "read"])
@pytest.mark.parametrize(
    ("key", "failure", "role"),
    [
        (KEY_ID, ServiceError(400, "ForbiddenByRbac", BY_RBAC, "reading"), "Key Vault Crypto Officer"),
        (
            KEY_ID.replace("vaults", "managedHSMs"),
            ServiceError(403, "AccessDenied", BY_HSM, "reading", "", "keys"),
            "Managed HSM Crypto User",
        ),
    ],
)
async def test_a_key_that_may_not_be_read_names_the_role(
    *, fake: FakeAzure, pulumi: Engine, call: str, key: str, failure: ServiceError, role: str
) -> None:
    """Resource Manager may refuse a key with 400 ForbiddenByRbac: the fix is a role on the vault, or in the
    managed HSM, which is asked itself."""
    fake.failures["key_version"].append(failure)
    with pytest.raises(FailedError, match=rf'--role "{role}"'):
        await getattr(pulumi, call)(VERSION, {"keyId": key} if call == "create" else key)


@pytest.mark.parametrize("inputs", [INPUTS, {**INPUTS, "pin": V2}])
async def test_a_refresh_survives_a_key_without_a_usable_version(
    fake: FakeAzure, pulumi: Engine, inputs: dict[str, Any]
) -> None:
    """A refresh keeps what was, so that the update after it can rotate the key or take the pin away."""
    _, olds = await pulumi.create(VERSION, INPUTS)
    fake.versions = [a_version(expires=1_700_000_000)]
    id, outputs, live = await pulumi.read(VERSION, KEY_ID, inputs, olds.values)
    assert (id, outputs, live.values) == (KEY_ID, olds, inputs)
    with pytest.raises(FailedError):
        await pulumi.read(VERSION, KEY_ID)


async def test_a_pin_holds_a_version(fake: FakeAzure, pulumi: Engine) -> None:
    """The pinned version is given though there is a newer one; one that does not exist is refused."""
    fake.versions.append(a_version(V2))
    _, outputs = await pulumi.create(VERSION, {"keyId": KEY_ID, "pin": V1})
    assert (outputs.values["version"], outputs.values["newestVersion"]) == (V1, V2)
    with pytest.raises(FailedError, match=f"has no version {V3}"):
        await pulumi.create(VERSION, {"keyId": KEY_ID, "pin": V3})


async def test_a_rotation_by_somebody_else_shows_in_the_outputs(fake: FakeAzure, pulumi: Engine) -> None:
    """After a read the newer version is given, and the inputs are as they were written."""
    id, olds = await pulumi.create(VERSION, INPUTS)
    fake.versions.append(a_version(V2))
    _, outputs, inputs = await pulumi.read(VERSION, id, INPUTS, olds.values)
    assert outputs.values["keyUriWithVersion"] == key_uri(V2)
    assert inputs.values == INPUTS


async def test_a_key_that_is_gone(fake: FakeAzure, pulumi: Engine) -> None:
    """A key that is gone reads as gone and cannot be created on."""
    fake.versions.clear()
    assert (await pulumi.read(VERSION, KEY_ID, INPUTS, {"version": V1}))[0] == ""
    with pytest.raises(FailedError, match="there is no key"):
        await pulumi.create(VERSION, INPUTS)


async def test_previews_tell_what_is_certain(fake: FakeAzure, pulumi: Engine) -> None:
    """A known key shows its version, an unknown one and a coming rotation none; an absent one is refused."""
    _, known = await pulumi.create(VERSION, INPUTS, preview=True)
    assert known.values["version"] == V1
    rotation = await pulumi.update(VERSION, KEY_ID, known.values, INPUTS, NEXT, preview=True)
    assert rotation.values["keyUri"] == f"{VAULT_URI}/keys/language-key"
    assert rotation.values["keyUriWithVersion"] == rotation.values["newestVersion"] == UNKNOWN
    fake.versions.clear()
    with pytest.raises(FailedError, match=r"there is no key .*az keyvault key recover"):
        await pulumi.create(VERSION, INPUTS, preview=True)
    fake.vaults.clear()
    with pytest.raises(FailedError, match=r"there is no vault .*az keyvault recover --name language-vault"):
        await pulumi.create(VERSION, INPUTS, preview=True)
    _, unknown = await pulumi.create(VERSION, {"keyId": UNKNOWN}, preview=True)
    assert unknown.values["version"] == unknown.values["vaultUri"] == UNKNOWN
    assert "rotate" not in fake.calls
