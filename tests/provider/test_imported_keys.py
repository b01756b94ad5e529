"""Key material made outside Azure, imported as docs/managed-hsm.md says, ends in a key that is bound."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

from azure.keyvault.keys import JsonWebKey, KeyClient
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from localazure.keyvault.crypto import b64url
from provider.azure import Azure
from tests.provider.fault_matrix import PATIENT_SECONDS, recording_client
from tests.provider.rig import CMK, create
from tests.provider.world import World

OPERATIONS = ["wrapKey", "unwrapKey"]


def numbers(private: rsa.RSAPrivateKey) -> dict[str, bytes]:
    """The members of a private JSON web key, as az makes them of a PEM file."""
    found = private.private_numbers()
    public = found.public_numbers
    whole = {"n": public.n, "e": public.e, "d": found.d, "p": found.p, "q": found.q}
    whole |= {"dp": found.dmp1, "dq": found.dmq1, "qi": found.iqmp}
    return {name: value.to_bytes((value.bit_length() + 7) // 8, "big") for name, value in whole.items()}


def from_pem(keys: KeyClient, name: str, private: rsa.RSAPrivateKey, **options: Any) -> str:
    """`az keyvault key import --pem-file`; the key's URI with its version."""
    hardware = options.pop("hardware_protected", False)
    jwk = JsonWebKey(kty="RSA-HSM" if hardware else "RSA", key_ops=OPERATIONS, **numbers(private))
    return str(keys.import_key(name, jwk, hardware_protected=hardware, **options).id)


def transfer_file(kek: Any, private: rsa.RSAPrivateKey, kid: str = "") -> bytes:
    """What an HSM's vendor makes for a key exchange key: its own wrapped key (key-vault/keys/
    byok-specification)."""
    public = rsa.RSAPublicNumbers(int.from_bytes(kek.key.e, "big"), int.from_bytes(kek.key.n, "big"))
    wrapping = os.urandom(32)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ciphertext = public.public_key().encrypt(wrapping, oaep) + aes_key_wrap_with_padding(wrapping, der)
    header = {"kid": kid or kek.id, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}
    file = {"schema_version": "1.0.0", "header": header, "ciphertext": b64url(ciphertext)}
    return json.dumps(file | {"generator": "test"}).encode()


def from_file(keys: KeyClient, name: str, file: bytes) -> str:
    """`az keyvault key import --byok-file`; the key's URI with its version."""
    jwk = JsonWebKey(kty="RSA-HSM", key_ops=OPERATIONS, t=file)
    return str(keys.import_key(name, jwk).id)


def exchange_key(keys: KeyClient) -> Any:
    """`az keyvault key create --kty RSA-HSM --ops import`."""
    return keys.create_rsa_key("kek", size=2048, hardware_protected=True, key_operations=["import"])


def made(size: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


async def bind(world: World, uri: str, vault_id: str) -> None:
    inputs = {"accountId": world.account_id(), "keyUriWithVersion": uri, "vaultId": vault_id}
    await create(Azure(recording_client(PATIENT_SECONDS)), CMK, inputs)


async def test_a_pem_file_in_a_vault_is_bound_and_its_next_material_is_a_rotation(world: World) -> None:
    """The second import under the same name is a new version of it, which is then bound; the first stays
    enabled. Its expiry is the one given."""
    keys, expires = world.keys(), datetime(2040, 1, 1, tzinfo=UTC)
    first = from_pem(keys, "imported", made(), expires_on=expires)
    await bind(world, first, world.vault_id())
    assert world.bound_key() == first
    second = from_pem(keys, "imported", made())
    assert first.rpartition("/")[0] == second.rpartition("/")[0]
    properties = {one.id: one for one in keys.list_properties_of_key_versions("imported")}
    assert properties[first].enabled
    assert properties[first].expires_on == expires


async def test_a_transfer_file_of_an_hsm_is_bound_in_a_managed_hsm(world: World) -> None:
    """Its material never leaves the two HSMs unwrapped; what the account is bound to is the sender's key."""
    world.make_hsm()
    keys, private = world.hsm_keys(), made()
    uri = from_file(keys, "theirs", transfer_file(exchange_key(keys), private))
    assert getattr(keys.get_key("theirs").key, "n", None) == numbers(private)["n"]
    role = world.hsm_role(HSM_CRYPTO_SERVICE_ENCRYPTION_USER)
    world.hsm_roles().create_role_assignment("/keys/theirs", role, world.principal())
    await bind(world, uri, world.hsm_id())
    assert world.bound_key() == uri
