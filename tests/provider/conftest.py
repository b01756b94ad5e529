"""The provider on an Azure in memory, and a certificate to log in with."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import Engine, engine


@pytest.fixture
async def pulumi() -> Engine:
    """The provider on an Azure in memory, driven as the engine drives it. Its time passes when it waits."""
    return await engine(FakeAzure())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key under the password `hunter2`."""
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("deployer", key_type=trustme.KeyType.RSA)
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    secret = serialization.BestAvailableEncryption(b"hunter2")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    path = tmp_path_factory.mktemp("certificate") / "deployer.pem"
    path.write_bytes(pem + issued.cert_chain_pems[0].bytes())
    return path
