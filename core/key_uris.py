"""Key URIs (`https://VAULT.vault.azure.net/keys/NAME/VERSION`) and vault URIs: parsed, checked and
compared. A managed HSM (`https://HSM.managedhsm.azure.net`) counts as a vault here.

Source of their form: learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from core.arm_ids import ArmId, MalformedError, in_managed_hsm, name_of
from core.clouds import ALL, PUBLIC, Cloud

_VERSION: Final = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_KEY_NAME: Final = re.compile(r"[0-9a-z-]{1,127}", re.IGNORECASE)
_VAULT_NAME: Final = re.compile(r"[a-z0-9-]{1,24}")
_HSM_PLACE: Final = ".managedhsm"


@dataclass(frozen=True)
class KeyUri:
    """A key in a vault or managed HSM. `vault_uri` is lower case without a slash at the end; `version` may be
    ""."""

    vault_uri: str
    name: str
    version: str = ""

    @classmethod
    def of(cls, vault_uri: str, name: str, version: str = "") -> KeyUri:
        """The key of that name in the vault at a URI of any spelling."""
        return cls(f"https://{vault_host(vault_uri)}", name, version)

    @property
    def host(self) -> str:
        """The vault's host: `contoso.vault.azure.net`."""
        return self.vault_uri.removeprefix("https://")

    @property
    def vault_name(self) -> str:
        """The vault's or managed HSM's name, lower case."""
        return self.host.partition(".")[0]

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM."""
        found = _endpoint(self.host)
        return found is not None and found.in_managed_hsm

    def is_in(self, vault: ArmId) -> bool:
        """Whether the key is in the vault or managed HSM of an id: a name may be taken by one of each."""
        return (self.vault_name, self.in_managed_hsm) == (vault.name.lower(), vault.in_managed_hsm)

    @property
    def text(self) -> str:
        """The URI, with the version where there is one."""
        return f"{self.vault_uri}/keys/{self.name}" + (f"/{self.version}" if self.version else "")

    def same_key(self, other: KeyUri) -> bool:
        """Whether both are versions of one key."""
        return (self.vault_uri, self.name.lower()) == (other.vault_uri, other.name.lower())

    def same_version(self, other: KeyUri) -> bool:
        """Whether both are the same version of one key."""
        return self.same_key(other) and self.version.lower() == other.version.lower()


def parse(text: str, cloud: Cloud | None = None) -> KeyUri:
    """Parses a key's URI, with or without a version. The vault must be in `cloud`, or in any cloud if
    None.

    Raises MalformedError.
    """
    suffix = (cloud or PUBLIC).vault_suffix
    expected = f"https://VAULT.{suffix}/keys/NAME/VERSION"
    parts = urlsplit(text.strip())
    if parts.scheme.lower() != "https":
        raise MalformedError(f"{text!r} is not an https URI; expected {expected}")
    host = vault_host(text)
    found = cloud_of(text)
    if found is None or (cloud is not None and found != cloud):
        raise MalformedError(
            f"the host {host!r} of {text!r} is not a key vault of {'this' if cloud else 'any Azure'} cloud; "
            f"expected VAULT.{suffix} or HSM.{(cloud or PUBLIC).hsm_suffix}"
        )
    words = parts.path.strip("/").split("/")
    if words[0] != "keys" or not 2 <= len(words) <= 3 or parts.query or parts.fragment:
        raise MalformedError(f"{text!r} does not name a key; expected {expected}")
    key = KeyUri(f"https://{host}", key_name(words[1]))
    if len(words) == 3:
        return replace(key, version=version(words[2]))
    return key


def key_name(text: str) -> str:
    """A key's name, unchanged. Raises MalformedError."""
    if not _KEY_NAME.fullmatch(text):
        raise MalformedError(f"{text!r} is not a key name; expected up to 127 letters, digits and hyphens")
    return text


def version(text: str) -> str:
    """A key version, unchanged. Raises MalformedError."""
    if not _VERSION.fullmatch(text):
        last = name_of(text)
        words = f"{text!r} is not a key version; expected 32 hexadecimal digits"
        raise MalformedError(words, last if _VERSION.fullmatch(last) else None)
    return text


def vault_host(uri: str) -> str:
    """The host of a vault's or a key's URI, lower case, without port 443; of a bare host, the host itself."""
    text = uri.strip()
    host = urlsplit(text).netloc if "://" in text else text.partition("/")[0]
    return host.lower().removesuffix(":443")


def vault_name(uri: str) -> str | None:
    """The name of the vault at a URI, lower case; None where it is no https URI of a vault."""
    named = place(uri)
    if named is None or is_hsm_place(named):
        return None
    return named


def place(uri: str) -> str | None:
    """A name for the vault or managed HSM at a URI, in lower case: messages show it, and no other vault or
    managed HSM has it. None for any other URI."""
    found = _endpoint(vault_host(uri))
    if found is None or ("://" in uri and not uri.strip().lower().startswith("https://")):
        return None
    name = vault_host(uri).partition(".")[0]
    return f"{name}{_HSM_PLACE}" if found.in_managed_hsm else name


def place_of(vault_id: str) -> str:
    """The name that `place` has for a vault or managed HSM, by its id."""
    return place_named(name_of(vault_id), vault_id)


def place_named(name: str, id: str) -> str:
    """The name that `place` has for a vault or managed HSM of a name; `id` of any shape tells which it is."""
    return name.lower() + (_HSM_PLACE if in_managed_hsm(id) else "")


def is_hsm_place(place: str) -> bool:
    """Whether what `place` gave is a managed HSM."""
    return place.endswith(_HSM_PLACE)


def same_vault(one: str, other: str) -> bool:
    """Whether two URIs are of one vault, whatever their path."""
    return vault_host(one) == vault_host(other)


def vault_uri(name: str, cloud: Cloud, *, in_managed_hsm: bool = False) -> str:
    """The URI of a vault by its name, or of a managed HSM, without a trailing slash."""
    return f"https://{name.lower()}.{cloud.hsm_suffix if in_managed_hsm else cloud.vault_suffix}"


def uri_of(vault: ArmId, cloud: Cloud) -> str:
    """The URI of the vault or managed HSM of an id, without a trailing slash."""
    return vault_uri(vault.name, cloud, in_managed_hsm=vault.in_managed_hsm)


def cloud_of(uri: str) -> Cloud | None:
    """The cloud of the vault or managed HSM at a URI; None where it is in none of them."""
    found = _endpoint(vault_host(uri))
    return found.cloud if found else None


def cli_options(vault_name: str, key_name: str, *, in_managed_hsm: bool) -> str:
    """The options that name a key to `az keyvault key`: `--vault-name VAULT --name KEY`, or `--hsm-name` for
    the HSM."""
    return f"--{'hsm' if in_managed_hsm else 'vault'}-name {vault_name} --name {key_name}"


class _Endpoint(NamedTuple):
    cloud: Cloud
    in_managed_hsm: bool


def _endpoint(host: str) -> _Endpoint | None:
    """The cloud of a vault's or managed HSM's host, and which of the two it is, by the text after its first
    label; None for any other host."""
    label, _, suffix = host.partition(".")
    suffixes = {cloud.vault_suffix: _Endpoint(cloud, in_managed_hsm=False) for cloud in ALL}
    suffixes |= {cloud.hsm_suffix: _Endpoint(cloud, in_managed_hsm=True) for cloud in ALL}
    if not _VAULT_NAME.fullmatch(label):
        return None
    return suffixes.get(suffix)
