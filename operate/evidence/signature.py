"""The signature over a report: a key of a vault signs SHA256SUMS, and a time-stamping service states when
they existed. `openssl` alone verifies both, with the files of the report.

Source: learn.microsoft.com/rest/api/keyvault/keys/sign/sign, read on 2026-11-30; RFC 7518, 3.5 (PS256); RFC
3161, 2.4 and 3.4.
"""

import base64
import hashlib
from datetime import datetime
from typing import cast

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import PKIStatus

from core.key_uris import KeyUri
from operate.azure import LiveAzure
from operate.errors import OperateError
from operate.evidence.model import Signer

PUBLIC_KEY, SIGNATURE, TIMESTAMP = "signing-key.pem", "SHA256SUMS.sig", "SHA256SUMS.tsr"
VERIFY = (
    "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -verify signing-key.pem "
    "-signature SHA256SUMS.sig SHA256SUMS"
)
VERIFY_KEY = "openssl pkey -pubin -in signing-key.pem -outform DER | sha256sum"
"""Shows the fingerprint of the key that signed, to compare with that of the vault's key."""
VERIFY_TIME = "openssl ts -verify -data SHA256SUMS -in SHA256SUMS.tsr -CAfile authority.pem"
_ALGORITHM = "PS256"
_PUBLIC = serialization.PublicFormat.SubjectPublicKeyInfo
_SECONDS = 30
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)


class SignatureError(OperateError):
    """The report was not signed or not stamped; the message says why."""


def signer_of(azure: LiveAzure, uri: KeyUri) -> Signer:
    """The version of a key that the URI names, otherwise its newest one. Raises UnansweredError and
    SignatureError."""
    found = azure.get_in_vault(uri.vault_uri, f"/keys/{uri.name}" + (uri.version and f"/{uri.version}"))[
        "key"
    ]
    if "n" not in found:
        raise SignatureError(f"{uri.text}: found a key of type {found.get('kty')}, expected an RSA key")
    e, n = (int.from_bytes(_decoded(found[name]), "big") for name in ("e", "n"))
    public = rsa.RSAPublicNumbers(e, n).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, _PUBLIC)
    return Signer(found["kid"], _ALGORITHM, fingerprint(pem), pem.decode())


def signature(azure: LiveAzure, signer: Signer, sums: str) -> bytes:
    """The signature over SHA256SUMS, which is verified before it is trusted. Raises UnansweredError and
    SignatureError."""
    content = sums.encode()
    value = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    signed = _decoded(azure.sign(signer.key, {"alg": signer.algorithm, "value": value})["value"])
    if not is_signed(content, signed, signer.pem.encode()):
        raise SignatureError(f"{signer.key}: what the vault answered is no signature of this key")
    return signed


def fingerprint(pem: bytes) -> str:
    """The SHA-256 of a public key, as VERIFY_KEY shows it. Raises ValueError for what is no public key."""
    public = serialization.load_pem_public_key(pem)
    return hashlib.sha256(public.public_bytes(serialization.Encoding.DER, _PUBLIC)).hexdigest()


def is_signed(content: bytes, signed: bytes, pem: bytes) -> bool:
    """Whether `signed` is the signature of `content` by the private half of an RSA key. Raises ValueError for
    what is no public key."""
    public = cast("rsa.RSAPublicKey", serialization.load_pem_public_key(pem))
    try:
        public.verify(signed, content, _PSS, hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def timestamp(url: str, sums: str) -> bytes:
    """A time-stamping service's answer about SHA256SUMS (DER). Raises SignatureError. The reader judges
    whether to trust its certificate."""
    content = sums.encode()
    request = TimestampRequestBuilder(content, HashAlgorithm.SHA256, nonce=False).build()
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        answer = requests.post(url, request.as_bytes(), headers=headers, timeout=_SECONDS)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise SignatureError(f"the time-stamping service did not answer: {error}") from error
    stamp = _stamp(answer.content)
    if stamp is None or stamp.tst_info.message_imprint.message != hashlib.sha256(content).digest():
        raise SignatureError(f"the time-stamping service {url} granted no timestamp of this report")
    return answer.content


def stamped(content: bytes, answer: bytes, authority: bytes) -> datetime | None:
    """When a service stamped `content`, if the certificates of `authority` (PEM) vouch for its answer. Raises
    ValueError for what are no certificates."""
    roots = load_pem_x509_certificates(authority)
    stamp = _stamp(answer)
    try:
        if stamp and VerifierBuilder(roots=roots).build().verify_message(stamp, content):
            return stamp.tst_info.gen_time
    except VerificationError:
        return None
    return None


def _stamp(answer: bytes) -> TimeStampResponse | None:
    """A granted timestamp; None for any other answer."""
    try:
        stamp = decode_timestamp_response(answer)
    except ValueError:
        return None
    return stamp if stamp.status == PKIStatus.GRANTED else None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
