"""Signing in with a certificate: which ones an application has, and whether an assertion proves to hold one.

Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials (claims and header of an
assertion) and .../reference-error-codes (the numbers of a refusal); what a text says beyond them is assumed.
A certificate that comes along in an assertion (`x5c`) proves nothing: only a registered one does.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import UTC, datetime

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from localazure.cloud import Cloud
from localazure.directory import CERTIFICATE

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "RS256"]
_OTHER_APPLICATION = (
    700021,
    "Client assertion application identifier doesn't match 'client_id' parameter.",
)


class AssertionRefusedError(Exception):
    """An assertion that proves nothing, with Microsoft Entra's number of the reason."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number, self.text = number, text


def register(cloud: Cloud, client_id: str, pem: str) -> str:
    """Lets an application sign in with a certificate (PEM, RSA); its SHA-1 thumbprint, 40 hex digits.

    Raises ValueError for what is no certificate with an RSA key. A private key in the text is ignored.
    """
    certificate = x509.load_pem_x509_certificate(pem.encode())
    if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
        raise ValueError("the certificate's key is no RSA key")  # noqa: TRY004 - a value, not a type of ours
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - Entra's name for it
    body = {"pem": certificate.public_bytes(Encoding.PEM).decode()}
    cloud.store.put(CERTIFICATE, f"{client_id}|{thumbprint}", body)
    return thumbprint


def check(cloud: Cloud, client_id: str, assertion: str, audiences: Collection[str]) -> None:
    """Lets an assertion pass that a certificate of this application signed for one of these audiences.

    Raises AssertionRefusedError. An assertion's times are the machine's, as a token's are.
    """
    certificate = _signer(cloud, client_id, assertion)
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise AssertionRefusedError(
            700027,
            "Client assertion failed signature validation. The certificate is not within its validity.",
        )
    try:
        claims = jwt.decode(
            assertion,
            certificate.public_key(),  # type: ignore[arg-type] # register takes RSA alone
            algorithms=_ALGORITHMS,
            audience=list(audiences),
            issuer=client_id,
            options={"require": ["aud", "exp", "iss", "sub", "jti"]},
        )
    except jwt.InvalidIssuerError as error:
        raise AssertionRefusedError(*_OTHER_APPLICATION) from error
    except jwt.InvalidAudienceError as error:
        raise AssertionRefusedError(
            700023, "Client assertion audience claim does not match Realm issuer."
        ) from error
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise AssertionRefusedError(700024, "Client assertion is not within its valid time range.") from error
    except jwt.PyJWTError as error:
        raise AssertionRefusedError(700027, "Client assertion failed signature validation.") from error
    if claims["sub"] != client_id:
        raise AssertionRefusedError(*_OTHER_APPLICATION)


def _signer(cloud: Cloud, client_id: str, assertion: str) -> x509.Certificate:
    """The registered certificate that the header of an assertion names by its thumbprint."""
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.PyJWTError as error:
        raise AssertionRefusedError(50027, "JWT token is invalid or malformed.") from error
    named = {name: header[name] for name in ("x5t#S256", "x5t") if isinstance(header.get(name), str)}
    for _, body in cloud.store.scan(CERTIFICATE, f"{client_id}|"):
        certificate = x509.load_pem_x509_certificate(body["pem"].encode())
        own = {
            "x5t#S256": _encoded(certificate.fingerprint(hashes.SHA256())),
            "x5t": _encoded(certificate.fingerprint(hashes.SHA1())),  # noqa: S303 - RFC 7515, 4.1.7
        }
        if named and all(own[name] == value.rstrip("=") for name, value in named.items()):
            return certificate
    raise AssertionRefusedError(
        700027,
        "Client assertion failed signature validation. The certificate with identifier used to sign the "
        "client assertion is not registered on application. [Reason - The key was not found., Thumbprint of "
        f"key used by client: '{', '.join(named.values())}', Application '{client_id}']",
    )


def _encoded(fingerprint: bytes) -> str:
    return base64.urlsafe_b64encode(fingerprint).rstrip(b"=").decode()
