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

from localazure.keyvault.crypto import b64url
from tests.provider.rig import CMK, create
from tests.provider.world import OPERATIONS, World


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


async def test_a_pem_file_in_a_vault_is_bound_and_its_next_material_is_a_rotation() -> None:
    """The second import under the same name is a new version of it; the first stays enabled. Its expiry is
    the one given."""
    world, expires = World(), datetime(2040, 1, 1, tzinfo=UTC)
    first = from_pem(world.keys, "imported", made(), expires_on=expires)
    await create(world.azure(), CMK, world.binding(first))
    assert world.bound_key == first
    second = from_pem(world.keys, "imported", made())
    assert first.rpartition("/")[0] == second.rpartition("/")[0]
    properties = {one.id: one for one in world.keys.list_properties_of_key_versions("imported")}
    assert properties[first].enabled
    assert properties[first].expires_on == expires


async def test_a_transfer_file_of_an_hsm_is_bound_in_a_managed_hsm() -> None:
    """Its material never leaves the two HSMs unwrapped; what the account is bound to is the sender's key."""
    world, private = World(hsm=True), made()
    uri = from_file(world.keys, "theirs", transfer_file(exchange_key(world.keys), private))
    assert getattr(world.keys.get_key("theirs").key, "n", None) == numbers(private)["n"]
    world.assign("/keys/theirs", world.principal)
    await create(world.azure(), CMK, world.binding(uri))
    assert world.bound_key == uri
