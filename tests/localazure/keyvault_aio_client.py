"""A client program on the asynchronous SDKs; prints what came back, in hexadecimal digits.

It runs in a process of its own, since aiohttp reads SSL_CERT_FILE only once, when it is imported.
"""

from __future__ import annotations

import asyncio
import sys

from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.keys.aio import KeyClient
from azure.keyvault.keys.crypto import KeyWrapAlgorithm
from azure.keyvault.keys.crypto.aio import CryptographyClient


async def live(uri: str, data: bytes) -> bytes:
    """Creates a key, wraps and unwraps with it, and takes it away again."""
    async with DefaultAzureCredential() as credential, KeyClient(uri, credential) as keys:
        key = await keys.create_rsa_key("aio", size=2048)
        async with CryptographyClient(key, credential) as crypto:
            wrapped = await crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, data)
            result = await crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.encrypted_key)
        await keys.delete_key("aio")
        await keys.purge_deleted_key("aio")
        return bytes(result.key)


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(live(sys.argv[1], bytes.fromhex(sys.argv[2]))).hex())
