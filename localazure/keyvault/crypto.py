"""Key material and operations with it, on `cryptography`.

Owns: making, importing, wrapping, encrypting, signing. Does not own: access to keys, and their dates.
Private keys are PKCS8, base64, unencrypted: this cloud protects them with its home folder's mode.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from localazure import keys_ahead

RSA_SIZES = (2048, 3072, 4096)
RSA_TYPES = ("RSA", "RSA-HSM")
EC_TYPES = ("EC", "EC-HSM")
HSM_TYPES = ("RSA-HSM", "EC-HSM")
_CURVES: Mapping[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}
_SHA1, _SHA256 = hashes.SHA1(), hashes.SHA256()  # noqa: S303 - see RSA-OAEP
# RSA-OAEP is SHA-1 by its definition (RFC 7518, 4.3); clients choose it, this cloud does not.
_ENCRYPTIONS: Mapping[str, padding.AsymmetricPadding] = {
    "RSA-OAEP": padding.OAEP(mgf=padding.MGF1(_SHA1), algorithm=_SHA1, label=None),
    "RSA-OAEP-256": padding.OAEP(mgf=padding.MGF1(_SHA256), algorithm=_SHA256, label=None),
    "RSA1_5": padding.PKCS1v15(),
}
_LEAST_FILLING = 8
"""Bytes of random filling in RSA1_5 (RFC 8017, 7.2.1)."""
_SIGNATURES: Mapping[str, padding.AsymmetricPadding] = {
    "PS256": padding.PSS(padding.MGF1(_SHA256), padding.PSS.DIGEST_LENGTH),
    "RS256": padding.PKCS1v15(),
}
_AZURE_CURVE, _JOSE_CURVE = "P-256K", "secp256k1"
"""Azure's name of a curve that RFC 8812 names otherwise."""
ahead = keys_ahead.KeysAhead()
"""A server wants them."""
_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class CryptoError(ValueError):
    """The request does not fit the key: its type, size, algorithm or value."""


@dataclass(frozen=True)
class Material:
    """A new key pair: `private` is secret, `public` are the JWK members of the public half."""

    private: str
    public: Mapping[str, str]
    size: int | None


def b64url(data: bytes) -> str:
    """Encodes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: Any) -> bytes:
    """Decodes base64url with or without padding. Raises CryptoError."""
    if not isinstance(text, str):
        raise CryptoError("expected a base64url string")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise CryptoError("expected a base64url string") from error


def generate(kty: str, *, size: int | None = None, curve: str | None = None) -> Material:
    """Makes a key pair: RSA of 2048 (the default), 3072 or 4096 bits, or EC on P-256 (the default)...

    Raises CryptoError for an unknown type, size or curve.
    """
    if kty in RSA_TYPES:
        bits = keys_ahead.SIZE if size is None else size
        if bits not in RSA_SIZES:
            raise CryptoError(f"key_size {size} is not supported; expected one of {list(RSA_SIZES)}")
        return _material(_new_rsa(bits))
    if kty in EC_TYPES:
        if (found := _CURVES.get(str(curve or "P-256"))) is None:
            raise CryptoError(f"crv {curve} is not supported; expected one of {sorted(_CURVES)}")
        return _material(ec.generate_private_key(found))
    raise CryptoError(f"kty {kty} is not supported; expected one of {[*RSA_TYPES, *EC_TYPES]}")


sample = cache(generate)
"""A key pair that is made once, for a write that is undone: an RSA key takes 50 ms to make."""


def from_jwk(jwk: Mapping[str, Any]) -> Material:
    """The key pair of a private JWK. Raises CryptoError if it is invalid or has the wrong size."""
    kty, curve = str(jwk.get("kty")).removesuffix("-HSM"), jwk.get("crv")
    plain = {**jwk, "kty": kty, "crv": _JOSE_CURVE if curve == _AZURE_CURVE else curve}
    try:
        key = (RSAAlgorithm if kty == "RSA" else ECAlgorithm).from_jwk(plain)
    except (InvalidKeyError, AttributeError, TypeError, ValueError) as error:
        raise CryptoError(f"the key is not valid: {error}") from error
    if not isinstance(key, _PrivateKey):
        raise CryptoError("the key has no private half")
    return _imported(key)


def from_pkcs8(der: bytes) -> Material:
    """The key pair of a private key in PKCS8. Raises CryptoError."""
    try:
        key = serialization.load_der_private_key(der, password=None)
    except (ValueError, TypeError) as error:
        raise CryptoError(f"the key is not valid: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CryptoError(f"a {type(key).__name__} is not supported")
    return _imported(key)


def _new_rsa(bits: int) -> _PrivateKey:
    ready = ahead.take() if bits == keys_ahead.SIZE else None
    if ready is not None:
        return _load(ready)
    return rsa.generate_private_key(keys_ahead.EXPONENT, bits)


def _imported(key: _PrivateKey) -> Material:
    material = _material(key)
    if isinstance(key, rsa.RSAPrivateKey) and material.size not in RSA_SIZES:
        raise CryptoError(f"key size {material.size} is not supported; expected one of {list(RSA_SIZES)}")
    return material


def encrypt(private: str, algorithm: str, data: bytes) -> bytes:
    """Encrypts (and wraps) with RSA-OAEP, RSA-OAEP-256 or RSA1_5. Raises CryptoError."""
    key, how = _rsa(private, algorithm, _ENCRYPTIONS)
    try:
        return key.public_key().encrypt(data, how)
    except ValueError as error:
        raise CryptoError(f"the value is too long for {algorithm}") from error


def decrypt(private: str, algorithm: str, data: bytes) -> bytes:
    """Undoes `encrypt`. Raises CryptoError also where another key encrypted the data."""
    key, how = _rsa(private, algorithm, _ENCRYPTIONS)
    try:
        if isinstance(how, padding.PKCS1v15):
            return _decrypt_pkcs1(key, data)
        return key.decrypt(data, how)
    except ValueError as error:
        raise CryptoError("the value was not encrypted with this key and algorithm") from error


def _decrypt_pkcs1(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    """RSA1_5 (RFC 8017, 7.2.2). Raises ValueError for wrong padding, for which OpenSSL itself gives random
    bytes, so that a client that names the wrong algorithm would take these for its data. What Key Vault
    answers nobody has observed (assumed: 400, as with the other algorithms)."""
    numbers, size = key.private_numbers(), key.key_size // 8
    modulus = numbers.public_numbers.n
    value = int.from_bytes(data)
    if len(data) != size or value >= modulus:
        raise ValueError("no value of this key")
    padded = pow(value, numbers.d, modulus).to_bytes(size)
    filling, end, message = padded[2:].partition(b"\0")
    if padded[:2] != b"\0\2" or len(filling) < _LEAST_FILLING or not end:
        raise ValueError("wrong padding")
    return message


def sign(private: str, algorithm: str, digest: bytes) -> bytes:
    """Signs a SHA-256 digest with PS256 or RS256 (RFC 7518, 3.1). Raises CryptoError."""
    key, how = _rsa(private, algorithm, _SIGNATURES)
    try:
        return key.sign(digest, how, utils.Prehashed(_SHA256))
    except ValueError as error:
        raise CryptoError(f"the value is no digest for {algorithm}: {error}") from error


def verify(private: str, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Whether `sign` made a signature of this digest with this key. Raises CryptoError."""
    key, how = _rsa(private, algorithm, _SIGNATURES)
    try:
        key.public_key().verify(signature, digest, how, utils.Prehashed(_SHA256))
    except InvalidSignature:
        return False
    except ValueError as error:
        raise CryptoError(f"the digest is none for {algorithm}: {error}") from error
    return True


@lru_cache(maxsize=256)
def _load(private: str) -> _PrivateKey:
    # The check takes ten times as long as a use, and only this module writes keys.
    key = serialization.load_der_private_key(
        base64.b64decode(private), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(f"stored key is a {type(key).__name__}; expected an RSA or EC private key")
    return key


def _material(key: _PrivateKey) -> Material:
    private = keys_ahead.pkcs8(key)
    if isinstance(key, rsa.RSAPrivateKey):
        jwk, size = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), key.key_size
        return Material(private, {name: jwk[name] for name in ("n", "e")}, size)
    jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    curve = _AZURE_CURVE if jwk["crv"] == _JOSE_CURVE else jwk["crv"]
    return Material(private, {"crv": curve, "x": jwk["x"], "y": jwk["y"]}, None)


def _rsa(
    private: str, algorithm: str, known: Mapping[str, padding.AsymmetricPadding]
) -> tuple[rsa.RSAPrivateKey, padding.AsymmetricPadding]:
    key = _load(private)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CryptoError(f"algorithm {algorithm} is not supported by an EC key")
    if algorithm not in known:
        raise CryptoError(f"algorithm {algorithm} is not supported; expected one of {[*known]}")
    return key, known[algorithm]
