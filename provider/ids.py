"""The names of things: ARM ids and key URIs, taken apart, checked and compared.

Owns the spelling rules. Does not know whether anything exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_GROUP = rf"/subscriptions/(?P<subscription>{_GUID})/resourceGroups/(?P<group>[^/]+)/providers"
_ACCOUNT = re.compile(
    rf"{_GROUP}/Microsoft\.CognitiveServices/accounts/(?P<name>[a-zA-Z0-9][a-zA-Z0-9_.-]*)", re.IGNORECASE
)
_VAULT = re.compile(rf"{_GROUP}/Microsoft\.KeyVault/vaults/(?P<name>[a-zA-Z0-9-]{{3,24}})", re.IGNORECASE)
_KEY = re.compile(
    rf"(?P<vault>{_GROUP}/Microsoft\.KeyVault/vaults/(?P<name>[a-zA-Z0-9-]{{3,24}}))/keys/(?P<key>[a-zA-Z0-9-]{{1,127}})",
    re.IGNORECASE,
)
_VERSION = re.compile(r"[0-9a-fA-F]{32}")
_KEY_NAME = re.compile(r"[a-zA-Z0-9-]{1,127}")
_GUID_ONLY = re.compile(_GUID)


Parser = Callable[[str], object]


class MalformedError(ValueError):
    """A name that cannot be right; the message says what was found and what is expected."""


@dataclass(frozen=True)
class AccountId:
    """An account's ARM id, in the caller's spelling."""

    text: str
    subscription: str
    group: str
    name: str

    @property
    def key(self) -> str:
        """What two spellings of one id have in common."""
        return self.text.lower()


@dataclass(frozen=True)
class VaultId:
    """A vault's ARM id, in the caller's spelling."""

    text: str
    subscription: str
    group: str
    name: str


@dataclass(frozen=True)
class KeyId:
    """The ARM id of a key, without a version."""

    text: str
    vault: VaultId
    name: str


@dataclass(frozen=True)
class KeyUri:
    """One version of a key, as the data plane names it.

    `vault_uri` has no trailing slash and a lower-case host: `https://contoso.vault.azure.net`.
    """

    vault_uri: str
    name: str
    version: str

    @property
    def vault_name(self) -> str:
        return self.host.partition(".")[0]

    @property
    def host(self) -> str:
        return self.vault_uri.removeprefix("https://")

    @property
    def text(self) -> str:
        return f"{self.vault_uri}/keys/{self.name}/{self.version}"

    def same_key(self, other: KeyUri) -> bool:
        """Whether both are versions of one key."""
        return (self.vault_uri, self.name.lower()) == (other.vault_uri, other.name.lower())

    def same_version(self, other: KeyUri) -> bool:
        return self.same_key(other) and self.version.lower() == other.version.lower()


def account_id(text: str) -> AccountId:
    """Raises MalformedError unless `text` is the ARM id of a Cognitive Services account."""
    found = _ACCOUNT.fullmatch(text)
    if not found:
        raise MalformedError(
            f"{text!r} is not the ARM id of an account; expected "
            "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP"
            "/providers/Microsoft.CognitiveServices/accounts/NAME"
        )
    return AccountId(text, found["subscription"], found["group"], found["name"])


def vault_id(text: str) -> VaultId:
    """Raises MalformedError unless `text` is the ARM id of a key vault."""
    found = _VAULT.fullmatch(text)
    if not found:
        hint = "; the service takes no keys of a managed HSM" if "/managedhsms/" in text.lower() else ""
        raise MalformedError(
            f"{text!r} is not the ARM id of a key vault; expected "
            "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP"
            f"/providers/Microsoft.KeyVault/vaults/NAME{hint}"
        )
    return VaultId(text, found["subscription"], found["group"], found["name"])


def key_id(text: str) -> KeyId:
    """Raises MalformedError unless `text` is the ARM id of a key without a version."""
    found = _KEY.fullmatch(text)
    if not found:
        hint = "; leave /versions/... away, and use `pin` to hold a version" if "/versions/" in text else ""
        raise MalformedError(
            f"{text!r} is not the ARM id of a key; expected /subscriptions/SUBSCRIPTION/resourceGroups/GROUP"
            f"/providers/Microsoft.KeyVault/vaults/VAULT/keys/NAME{hint}"
        )
    vault = VaultId(found["vault"], found["subscription"], found["group"], found["name"])
    return KeyId(text, vault, found["key"])


def key_uri(text: str, vault_suffix: str) -> KeyUri:
    """Takes a versioned key URI apart; its host must be `NAME.` + `vault_suffix`.

    Raises MalformedError with the reason. A URI without a version is refused: the Language service does not
    follow rotations, so a version that nobody named would be kept for ever. A key in a managed HSM is
    refused: "You must use Azure Key Vault to store your customer-managed keys" (the service's page on
    encryption of data at rest), and Resource Manager tells nothing about such a key or the access to it.
    Keys in hardware are had as RSA-HSM keys of a Premium vault.
    """
    parts = urlsplit(text)
    expected = f"https://VAULT.{vault_suffix}/keys/NAME/VERSION"
    if parts.scheme != "https":
        raise MalformedError(f"{text!r} is not an https URI; expected {expected}")
    # Resource Manager's published examples write a key's URI with the port.
    host = (parts.netloc or "").lower().removesuffix(":443")
    if ".managedhsm." in host:
        raise MalformedError(
            f"{host!r} is a managed HSM, but the service takes keys of Azure Key Vault alone; for a key in "
            f"hardware make an RSA-HSM key of 2048 bits in a Premium vault: {expected}"
        )
    if not re.fullmatch(rf"[a-z0-9-]+\.{re.escape(vault_suffix)}", host):
        raise MalformedError(
            f"the host {host!r} of {text!r} is not a key vault of this cloud; expected VAULT.{vault_suffix}"
        )
    segments = parts.path.strip("/").split("/")
    if segments[:1] != ["keys"] or not 2 <= len(segments) <= 3 or parts.query or parts.fragment:
        raise MalformedError(f"{text!r} does not name a key; expected {expected}")
    if not _KEY_NAME.fullmatch(segments[1]):
        raise MalformedError(
            f"{segments[1]!r} is not a key's name; expected letters, digits and dashes, at most 127"
        )
    if len(segments) == 2:
        raise MalformedError(
            f"{text!r} has no version; the service does not follow rotations, so the binding must name one: "
            "take keyUriWithVersion of an azure-cmk KeyVersion, which follows them"
        )
    if not _VERSION.fullmatch(segments[2]):
        raise MalformedError(f"the version {segments[2]!r} of {text!r} is not 32 hexadecimal digits")
    return KeyUri(f"https://{host}", segments[1], segments[2])


def version(text: str) -> str:
    """Raises MalformedError unless `text` is a key version."""
    if not _VERSION.fullmatch(text):
        raise MalformedError(f"{text!r} is not a key version; expected 32 hexadecimal digits")
    return text


def client_id(text: str) -> str:
    """Raises MalformedError unless `text` is a client id (not a principal id, not an ARM id: both
    look alike)."""
    if not _GUID_ONLY.fullmatch(text):
        raise MalformedError(
            f"{text!r} is not a client id; expected the GUID `clientId` of the user-assigned identity "
            "(az identity show --query clientId), or nothing for the system-assigned one"
        )
    return text


def principal_id(text: str) -> str:
    """Raises MalformedError unless `text` is the object id of an identity."""
    if not _GUID_ONLY.fullmatch(text):
        raise MalformedError(
            f"{text!r} is not a principal id; expected the GUID `principalId` of the account's identity "
            "(az cognitiveservices account show --query identity.principalId), or of the user-assigned one"
        )
    return text
