"""The provider on Azure's clients and its own login, at the local Azure of this process; and keys whose
material was made outside Azure, imported as docs/managed-hsm.md says."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.keyvault.keys import JsonWebKey
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from localazure import faults
from localazure.keyvault.crypto import b64url
from provider.wire import Properties, encode
from tests.provider.rig import (
    ACCESS,
    CMK,
    HSM_ROLE,
    REVOCATION,
    UNBINDS,
    VERSION,
    FakeClock,
    create,
    engine,
    refused,
)
from tests.provider.world import GROUP, OPERATIONS, World
from tests.support.in_process import ENVIRON


@pytest.fixture
def world() -> World:
    return World()


async def test_an_hsms_own_roles_are_given_proven_and_taken() -> None:
    """Grant, access in effect, binding, and revocation, which shows in a refresh; no binding without access,
    and the way back to Microsoft's keys."""
    world = World(hsm=True)
    grant = {
        "scope": world.key_id,
        "principalId": world.principal,
        "roleDefinitionId": HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id,
    }
    pulumi = await engine(world.azure(), FakeClock())
    id, granted = await pulumi.create(HSM_ROLE, grant)
    access = {"keyId": world.key_id, "principalId": world.principal, "grantId": id}
    account = {**access, "accountId": world.account_id}
    _, valid = await pulumi.create(ACCESS, account)
    assert (valid.values["accessModel"], valid.values["proven"]) == ("managedHsm", False)
    binding = world.binding()
    bound_id, bound = await pulumi.create(CMK, binding)
    _, outputs, live = await pulumi.read(CMK, bound_id, binding, bound.values)
    assert (live.values, outputs) == (binding, bound)
    assert (await pulumi.create(ACCESS, account))[1].values["proven"]

    await pulumi.create(REVOCATION, {"keyId": world.key_id, "principalId": world.principal})
    assert (await pulumi.read(HSM_ROLE, id, grant, granted.values))[0] == ""
    again = pulumi.update(CMK, bound_id, bound.values, binding, {**binding, "accountDigest": "2"})
    await refused(again, "no role assignment at or above the key")
    assert world.bound_key == binding["keyUriWithVersion"]
    await pulumi.create(HSM_ROLE, grant)
    await pulumi.delete(CMK, bound_id, {**bound.values, **UNBINDS})
    assert world.bound_key is None


async def test_the_accounts_own_client_id_is_none(world: World) -> None:
    """Where Azure shows it of a binding by the account's own identity, the binding is as it was asked for, at
    once and when it is read."""
    world.cloud.behave(system_identity_client_id="echoed")
    inputs = world.binding()
    pulumi = await engine(world.azure())
    id, bound = await pulumi.create(CMK, inputs)
    shown = world.field.settled(world.account_id)["properties"]["encryption"]
    assert shown["keyVaultProperties"]["identityClientId"]
    assert (await pulumi.read(CMK, id, inputs, bound.values))[1:] == (bound, Properties(inputs))


async def test_a_state_asks_to_be_read_before_the_next_update(world: World) -> None:
    """Drift shows in each preview, also in a project that does not say `refresh: always`."""
    pulumi, news, how = await engine(world.azure()), encode(world.binding()), {"id": world.account_id}
    made = await pulumi.ask("Create", CMK, properties=news)
    changed = await pulumi.ask("Update", CMK, olds=made.properties, news=news, **how)
    read = await pulumi.ask("Read", CMK, inputs=news, **how)
    assert [one.refresh_before_update for one in (made, changed, read)] == [True] * 3


async def test_fails_telling_a_wrong_secret_from_a_wrong_service(world: World) -> None:
    """A login that Azure refuses is reported as that, with the setting to change, and is not retried."""
    clock, message = FakeClock(), r"(?s)client secret is wrong.*fix: set clientSecret"
    await refused(create(world.azure(clientSecret="wrong"), CMK, world.binding(), clock), message)
    assert clock.slept == []


async def test_a_login_host_in_trouble_is_outlived(world: World) -> None:
    """A token that cannot be had just now is asked for again, as late as the login host says."""
    clock, fault = FakeClock(), {"status": 429, "code": "temporarily_unavailable", "retry_after": 7}
    faults.add_fault(world.cloud, {"host": "login", "path": "/{tenant}/oauth2/v2.0/token", **fault})
    await create(world.azure(), CMK, world.binding(), clock)
    assert clock.slept[0] >= 7.0
    assert world.bound_key == world.uris[0]


async def test_thirty_bindings_at_once_log_in_once(world: World) -> None:
    """Thirty accounts are bound together, each to the right version."""
    accounts = [world.field.account(GROUP, f"contoso-{number:02}") for number in range(30)]
    for one in accounts:
        world.field.policy(world.vault_id, one["identity"]["principalId"], ["get", "wrapKey", "unwrapKey"])
    pulumi = await engine(world.azure())
    made = [pulumi.create(CMK, {**world.binding(), "accountId": one["id"]}) for one in accounts]
    bound = [outputs.values["keyUriWithVersion"] for _, outputs in await asyncio.gather(*made)]
    assert bound == world.uris * 30
    assert len([path for _, path in world.wire.seen if path.endswith("/oauth2/v2.0/token")]) == 1


async def test_nothing_secret_is_written(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A whole life with every logger at its loudest shows no secret, no token and no key material."""
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "msal", "urllib3", "grpc", ""):
        logging.getLogger(name).setLevel(logging.DEBUG)
    azure, key = world.azure(), {"keyId": world.key_id, "generation": 1}
    sent: list[str] = []
    world.wire.before = lambda raw: sent.append(raw.headers.get("authorization", "").removeprefix("Bearer "))
    pulumi = await engine(azure, FakeClock())
    id, version = await pulumi.create(VERSION, key)
    account, bound = await pulumi.create(CMK, world.binding())
    rotated = await pulumi.update(VERSION, id, version.values, key, {**key, "generation": 2})
    await pulumi.read(CMK, account, world.binding(), bound.values)
    await pulumi.delete(CMK, account, {**bound.values, **UNBINDS})
    written = "\n".join([caplog.text, *(str(r.__dict__) for r in caplog.records), str(rotated), str(bound)])
    assert "login.microsoftonline.com" in written
    tokens = {token for token in sent if token}
    assert len(tokens) == 2, "one for Resource Manager, one for vaults"
    for secret in (*tokens, ENVIRON["ARM_CLIENT_SECRET"]):
        assert len(secret) > 10
        assert secret not in written
        assert secret.rpartition(".")[2] not in written
    modulus = world.keys.get_key("language-key").key.n.hex()  # type: ignore[attr-defined]
    assert modulus not in written


def numbers(private: rsa.RSAPrivateKey) -> dict[str, bytes]:
    """The members of a private JSON web key, as az makes them of a PEM file."""
    found = private.private_numbers()
    public = found.public_numbers
    whole = {"n": public.n, "e": public.e, "d": found.d, "p": found.p, "q": found.q}
    whole |= {"dp": found.dmp1, "dq": found.dmq1, "qi": found.iqmp}
    return {name: value.to_bytes((value.bit_length() + 7) // 8, "big") for name, value in whole.items()}


def transfer_file(kek: Any, private: rsa.RSAPrivateKey) -> bytes:
    """What an HSM's vendor makes for a key exchange key: its own wrapped key (key-vault/keys/
    byok-specification)."""
    public = rsa.RSAPublicNumbers(int.from_bytes(kek.key.e, "big"), int.from_bytes(kek.key.n, "big"))
    wrapping = os.urandom(32)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ciphertext = public.public_key().encrypt(wrapping, oaep) + aes_key_wrap_with_padding(wrapping, der)
    header = {"kid": kek.id, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}
    file = {"schema_version": "1.0.0", "header": header, "ciphertext": b64url(ciphertext)}
    return json.dumps(file | {"generator": "test"}).encode()


def made() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


async def test_a_pem_file_in_a_vault_is_bound_and_its_next_material_is_a_rotation(world: World) -> None:
    """As `az keyvault key import --pem-file` does it: the second import under the same name is a new version
    of it, and the first stays as it is, with the expiry that it was given."""
    expires = datetime(2040, 1, 1, tzinfo=UTC)
    material = [JsonWebKey(kty="RSA", key_ops=OPERATIONS, **numbers(made())) for _ in range(2)]
    first = str(world.keys.import_key("imported", material[0], expires_on=expires).id)
    await create(world.azure(), CMK, world.binding(first))
    assert world.bound_key == first
    world.keys.import_key("imported", material[1])
    versions = {one.id: one for one in world.keys.list_properties_of_key_versions("imported")}
    assert len(versions) == 2
    assert (versions[first].enabled, versions[first].expires_on) == (True, expires)


async def test_a_transfer_file_of_an_hsm_is_bound_in_a_managed_hsm() -> None:
    """By `az keyvault key import --byok-file`. Its material never leaves the two HSMs unwrapped; what the
    account is bound to is the sender's key."""
    world, private = World(hsm=True), made()
    kek = world.keys.create_rsa_key("kek", size=2048, hardware_protected=True, key_operations=["import"])
    jwk = JsonWebKey(kty="RSA-HSM", key_ops=OPERATIONS, t=transfer_file(kek, private))
    uri = str(world.keys.import_key("theirs", jwk).id)
    assert getattr(world.keys.get_key("theirs").key, "n", None) == numbers(private)["n"]
    world.assign("/keys/theirs", world.principal)
    await create(world.azure(), CMK, world.binding(uri))
    assert world.bound_key == uri
