"""The transfer file by which another HSM sends a key (BYOK): wrapped for a key exchange key of this vault.

Source: learn.microsoft.com/azure/key-vault/keys/byok-specification. The texts of errors are assumed.
"""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding

from localazure.cloud import Cloud
from localazure.keyvault import crypto, key_store
from localazure.keyvault.crypto import CryptoError, Material
from localazure.keyvault.models import Vault
from localazure.keyvault.usage import find_key, find_version

FIELD = "key_hsm"
"""The member of an imported JSON web key that holds the file."""
_HEADER = {"alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}


def material(cloud: Cloud, vault: Vault, sent: Any) -> Material:
    """The key pair in a transfer file. Raises CryptoError for one that this vault cannot open, and 404 for a
    key exchange key that is not here."""
    kid, ciphertext = _read(sent)
    name, _, version = kid.removeprefix(f"{vault.uri}keys/").partition("/")
    if not kid.startswith(f"{vault.uri}keys/"):
        raise CryptoError(f"the key exchange key {kid} is not in {vault.uri}")
    key = find_key(cloud, vault, name)
    found = find_version(key, version)
    if found.kty != "RSA-HSM" or found.operations != ("import",):
        raise CryptoError(
            f"the key exchange key {kid} is of type {found.kty} with key_ops {list(found.operations)}; "
            "expected RSA-HSM with import alone"
        )
    private = key_store.private_half(cloud, key, found)
    size = (found.size or 0) // 8
    wrapping = crypto.decrypt(private, "RSA-OAEP", ciphertext[:size])
    try:
        return crypto.from_pkcs8(aes_key_unwrap_with_padding(wrapping, ciphertext[size:]))
    except InvalidUnwrap as error:
        raise CryptoError("the private key was not wrapped with the wrapping key of the file") from error


def _read(sent: Any) -> tuple[str, bytes]:
    """The key exchange key's id; and the wrapped AES key with the wrapped private key."""
    try:
        file = json.loads(crypto.from_b64url(sent))
    except ValueError as error:
        raise CryptoError(f"{FIELD} is no transfer file: {error}") from error
    header = file.get("header") if isinstance(file, Mapping) else None
    if not isinstance(header, Mapping) or any(header.get(name) != value for name, value in _HEADER.items()):
        raise CryptoError(f"{FIELD} has not the header {_HEADER}")
    return str(header.get("kid") or ""), crypto.from_b64url(file.get("ciphertext"))
