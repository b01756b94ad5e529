"""The parts of a Key Vault key's URI, and which of them a customer-managed key must have."""

from __future__ import annotations

import re
from typing import Final

HOSTS: Final = ("vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net", "vault.microsoftazure.de")
"""Key Vault's DNS suffix in each Azure cloud. A managed HSM is no Key Vault; the service document asks for
one."""

_HOST: Final = "|".join(re.escape(host) for host in HOSTS)
_VAULT: Final = re.compile(
    rf"https://(?P<vault>[a-z][a-z0-9-]{{1,22}}[a-z0-9])\.(?:{_HOST})(?::443)?/?$", re.IGNORECASE
)
_KEY: Final = re.compile(
    r"(?P<vault>https://[^/]+)/keys/(?P<key>[^/?#]+)(?:/(?P<version>[^/?#]*))?/?$", re.IGNORECASE
)
KEY_NAME: Final = re.compile(r"[0-9A-Za-z-]{1,127}$")
VERSION: Final = re.compile(r"[0-9a-f]{32}$", re.IGNORECASE)


def vault_name(vault_uri: str) -> str | None:
    """The vault's name in its URI, lower case; None when it is no https URI of a vault in a known cloud."""
    match = _VAULT.match(vault_uri)
    return match["vault"].lower() if match else None


def split_key_uri(uri: str) -> tuple[str, str, str | None] | None:
    """Vault URI, key name and version (None when there is none) of a key's URI; None when it is no such
    URI."""
    match = _KEY.match(uri)
    return (match["vault"], match["key"], match["version"] or None) if match else None
