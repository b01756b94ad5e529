"""An Azure in memory, the provider on it, and a certificate to log in with."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import Engine, engine


@pytest.fixture
async def pulumi() -> AsyncIterator[Engine]:
    """The provider on an Azure in memory, driven as the engine drives it. Its time passes when it waits."""
    async with engine(FakeAzure()) as served:
        yield served


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key under the password `hunter2`."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "deployer")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    secret = serialization.BestAvailableEncryption(b"hunter2")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    path = tmp_path_factory.mktemp("certificate") / "deployer.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
