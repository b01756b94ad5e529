"""The signature over a report: a key of a vault signs SHA256SUMS, and a time-stamping service states when
they existed. `openssl` alone verifies both, with the files of the report.

Source: learn.microsoft.com/rest/api/keyvault/keys/sign/sign, read on 2026-11-30; RFC 7518, 3.5 (PS256); RFC
3161, 2.4 and 3.4.
"""

import base64
import hashlib
from typing import cast

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

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
_SECONDS = 30
# TimeStampReq {version 1, messageImprint {sha256, DIGEST}, certReq TRUE} in DER, but for the digest.
_BEFORE_DIGEST = bytes.fromhex("30390201013031300d060960864801650304020105000420")
_AFTER_DIGEST = bytes.fromhex("0101ff")
_GRANTED = (b"\x02\x01\x00", b"\x02\x01\x01")


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
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der, pem = (
        public.public_bytes(one, form) for one in (serialization.Encoding.DER, serialization.Encoding.PEM)
    )
    return Signer(found["kid"], _ALGORITHM, hashlib.sha256(der).hexdigest(), pem.decode())


def signature(azure: LiveAzure, signer: Signer, sums: str) -> bytes:
    """The signature over SHA256SUMS, which is verified before it is trusted. Raises UnansweredError and
    SignatureError."""
    content = sums.encode()
    value = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    signed = _decoded(azure.sign(signer.key, {"alg": signer.algorithm, "value": value})["value"])
    public = cast("rsa.RSAPublicKey", serialization.load_pem_public_key(signer.pem.encode()))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    try:
        public.verify(signed, content, pss, hashes.SHA256())
    except InvalidSignature as error:
        raise SignatureError(f"{signer.key}: what the vault answered is no signature of this key") from error
    return signed


def timestamp(url: str, sums: str) -> bytes:
    """A time-stamping service's answer about SHA256SUMS (DER). Raises SignatureError. The reader judges
    whether to trust its certificate."""
    digest = hashlib.sha256(sums.encode()).digest()
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        asked = _BEFORE_DIGEST + digest + _AFTER_DIGEST
        answer = requests.post(url, asked, headers=headers, timeout=_SECONDS)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise SignatureError(f"the time-stamping service did not answer: {error}") from error
    # PKIStatusInfo comes first, and in it the status.
    if digest not in answer.content or not any(one in answer.content[:16] for one in _GRANTED):
        raise SignatureError(f"the time-stamping service {url} granted no timestamp of this report")
    return answer.content


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
