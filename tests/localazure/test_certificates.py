"""Signing in with a certificate: only a registered one, only its own application, only for a while."""

from __future__ import annotations

import base64
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from localazure import client_certificates, seed
from tests.support.azure import RunningAzure
from tests.support.front import Door, Reply, signer

TOKENS = f"https://login.microsoftonline.com/{seed.TENANT_ID}/oauth2/v2.0/token"
DEPLOYER = seed.DEPLOYER.client_id


@dataclass(frozen=True)
class Held:
    """A certificate with its private key, as its holder has it."""

    key: Any
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def file(self) -> bytes:
        private = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return bytes(private) + self.pem.encode()

    def thumbprint(self, algorithm: Any = hashes.SHA256) -> str:
        return base64.urlsafe_b64encode(self.certificate.fingerprint(algorithm())).rstrip(b"=").decode()


@cache
def held(name: str, *, days: int = 30, curve: bool = False) -> Held:
    """A certificate that was valid from 90 days ago to `days` from now."""
    key = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(90)).not_valid_after(now + timedelta(days))
    return Held(key, builder.sign(key, hashes.SHA256()))


@pytest.fixture
def door() -> Door:
    found = Door()
    client_certificates.register(found.cloud, DEPLOYER, held("deployer").pem)
    return found


def _assertion(
    by: Held, *, headers: dict[str, str] | None = None, algorithm: str = "PS256", **changes: Any
) -> str:
    now = time.time()
    claims = {"aud": TOKENS, "iss": DEPLOYER, "sub": DEPLOYER, "jti": str(uuid.uuid4()), "iat": now}
    claims = {**claims, "exp": now + 600, **changes}
    named = {"x5t#S256": by.thumbprint()} if headers is None else headers
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, by.key, algorithm, named)


def _ask(door: Door, assertion: str, client_id: str = DEPLOYER, **changes: str) -> Reply:
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_assertion_type": client_certificates.ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": "https://management.azure.com/.default",
        **changes,
    }
    return door.send("POST", TOKENS, content=urlencode(form).encode(), bearer="")


def test_azure_identity_signs_in_with_a_certificate(azure: RunningAzure) -> None:
    """CertificateCredential gets tokens with a registered certificate, and none with another one."""
    mine, other = held("mine"), held("other")
    told = azure.control("/certificates", {"clientId": DEPLOYER, "pem": mine.pem})
    assert told["thumbprint"] == mine.certificate.fingerprint(hashes.SHA1()).hex().upper()
    credential = CertificateCredential(seed.TENANT_ID, DEPLOYER, certificate_data=mine.file)
    with ResourceManagementClient(credential, seed.SUBSCRIPTION_ID) as client:
        assert isinstance(list(client.resource_groups.list()), list)
    stranger = CertificateCredential(seed.TENANT_ID, DEPLOYER, certificate_data=other.file)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        stranger.get_token("https://management.azure.com/.default")


def test_a_certificate_gives_the_same_principal_as_its_secret(door: Door) -> None:
    """The token names the application and says that a certificate proved it (`appidacr` 2)."""
    claims = signer().verify(_ask(door, _assertion(held("deployer"))).body["access_token"])
    assert (claims["oid"], claims["appidacr"]) == (seed.DEPLOYER.object_id, "2")


@pytest.mark.parametrize("audience", [TOKENS, TOKENS.removesuffix("oauth2/v2.0/token") + "v2.0"])
def test_older_clients_sign_in_too(door: Door, audience: str) -> None:
    """RS256 with the SHA-1 thumbprint, and the issuer as audience, are taken as well."""
    by = held("deployer")
    headers = {"x5t": by.thumbprint(hashes.SHA1)}
    assert _ask(door, _assertion(by, headers=headers, algorithm="RS256", aud=audience)).status == 200


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"exp": 1}, 700024),
        ({"nbf": 4102444800}, 700024),
        ({"aud": "https://management.azure.com"}, 700023),
        ({"aud": TOKENS.replace(seed.TENANT_ID, seed.OTHER_TENANT_ID)}, 700023),
        ({"iss": seed.READER.client_id}, 700021),
        ({"sub": seed.READER.client_id}, 700021),
        ({"jti": None}, 700027),
        ({"exp": None}, 700027),
        ({"headers": {}}, 700027),
        ({"headers": {"x5t#S256": "c3RyYW5nZXI"}}, 700027),
    ],
)
def test_fails_for_an_assertion_that_proves_nothing(door: Door, changes: Any, number: int) -> None:
    """Over, not begun, for or about somebody else, or by no known certificate: 401 and no token."""
    reply = _ask(door, _assertion(held("deployer"), **changes))
    assert (reply.status, reply.body["error"], reply.body["error_codes"]) == (401, "invalid_client", [number])
    assert "access_token" not in reply.body


def test_fails_for_a_certificate_of_somebody_else(door: Door) -> None:
    """Another key under a registered thumbprint, or another application's certificate, is refused."""
    stranger, own = held("stranger"), held("deployer")
    forged = _assertion(stranger, headers={"x5t#S256": own.thumbprint()})
    assert _ask(door, forged).body["error_codes"] == [700027]
    reader = seed.READER.client_id
    theirs = _assertion(own, iss=reader, sub=reader)
    assert _ask(door, theirs, client_id=reader).body["error_codes"] == [700027]


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_fails_without_a_signature_of_a_key_pair(door: Door, algorithm: str) -> None:
    """`alg: none`, and a signature with the public certificate as its secret, are refused."""
    by = held("deployer")
    secret: Any = None if algorithm == "none" else b"k" * 32
    claims = {"aud": TOKENS, "iss": DEPLOYER, "sub": DEPLOYER, "jti": "1", "exp": time.time() + 600}
    sent = jwt.encode(claims, secret, algorithm, {"x5t#S256": by.thumbprint()})
    assert _ask(door, sent).body["error_codes"] == [700027]


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "\x00", "e30.e30."])
def test_fails_for_an_assertion_that_is_none(door: Door, assertion: str) -> None:
    """Text that is no token is a refusal, not an error of the server."""
    assert _ask(door, assertion).body["error_codes"] in ([50027], [700027])


def test_fails_with_a_certificate_that_is_over(door: Door) -> None:
    """Registered or not, a certificate counts within its validity only."""
    old = held("old", days=-1)
    client_certificates.register(door.cloud, DEPLOYER, old.pem)
    assert _ask(door, _assertion(old)).body["error_codes"] == [700027]


def test_fails_with_an_assertion_of_another_kind(door: Door) -> None:
    """An assertion whose type is not the one that is published is none; then a secret is missing."""
    reply = _ask(door, _assertion(held("deployer")), client_assertion_type="saml2-bearer")
    assert reply.body["error_codes"] == [7000218]


@pytest.mark.parametrize("curve", [False, True])
def test_fails_to_register_what_is_no_rsa_certificate(door: Door, curve: bool) -> None:
    """Neither text nor a certificate with an EC key is accepted."""
    pem = held("curve", curve=True).pem if curve else "x"
    with pytest.raises(ValueError, match=r"certificate|PEM|MalformedFraming"):
        client_certificates.register(door.cloud, DEPLOYER, pem)


def test_no_private_key_is_kept(door: Door) -> None:
    """A file that holds certificate and key registers the certificate; of the key nothing is stored."""
    both = held("both")
    client_certificates.register(door.cloud, DEPLOYER, both.file.decode())
    assert _ask(door, _assertion(both)).status == 200
    assert "PRIVATE" not in repr(door.cloud.store.scan("principal.certificate"))


def test_a_principal_that_goes_takes_its_certificates_along(door: Door) -> None:
    """After the end of its principal a certificate opens nothing."""
    from localazure.directory import delete_principal

    delete_principal(door.cloud, seed.DEPLOYER.object_id)
    assert _ask(door, _assertion(held("deployer"))).body["error_codes"] == [700016]
    assert door.cloud.store.scan("principal.certificate") == []
