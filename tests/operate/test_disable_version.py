"""A key version is disabled only where no account needs it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.facts import Account, Encryption, KeyVersion
from core.key_uris import KeyUri
from core.login import Login
from operate.azure import LiveAzure
from operate.disable_version import NotDisabledError, StackKeys, problems, retire
from operate.revoke import ServiceAccess
from provider.azure_client import AzureClient

OLD, NEW = "f" * 32, "0123456789abcdef0123456789abcdef"
VAULT = "https://kv-hub.vault.azure.net"
KEY, OTHER_KEY = (VAULT, "cmk"), (VAULT, "cmk-2")


def version(name: str, *, enabled: bool = True) -> KeyVersion:
    return KeyVersion(name, enabled=enabled)


def bound(id: str, name: str, key: str = "CMK", vault: str = f"{VAULT}/") -> Account:
    """An account bound to a version, spelt as Azure may spell it."""
    return Account(id, encryption=Encryption("Microsoft.KeyVault", vault, key, name))


BOTH = (version(OLD), version(NEW))


@pytest.mark.parametrize(
    ("accounts", "versions", "words"),
    [
        ([bound("/a", OLD)], BOTH, ["account /a is bound to f"]),
        ([], (version(NEW),), ["have no version f"]),
        ([], (version(OLD), version(NEW, enabled=False)), ["no other version that is enabled"]),
        ([bound("/a", NEW)], BOTH, []),
        ([bound("/a", OLD, vault="https://other.vault.azure.net")], BOTH, []),
        (
            [bound("/a", ""), bound("/b", "", "cmk-2"), Account("/c")],
            BOTH,
            ["bound to the key without"],
        ),
    ],
)
def test_fails_to_disable_a_version_that_is_needed(
    accounts: list[Account], versions: tuple[KeyVersion, ...], words: list[str]
) -> None:
    """A version that an account uses or may use, one that is not there, and the last one stay enabled."""
    found = problems({KEY: versions}, [OLD], accounts)
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_versions_of_several_keys_are_disabled_at_once() -> None:
    """Each version belongs to one key of the stack, so nobody has to say of which service it is."""
    other = version("e" * 32), version("d" * 32)
    keys = {KEY: BOTH, OTHER_KEY: other}
    assert problems(keys, [OLD, "e" * 32], []) == []
    assert problems(keys, [OLD, NEW], []) == [f"key {VAULT}/keys/cmk has no other version that is enabled"]


class Found(StackKeys):
    """A stack of one service, whose vault and subscriptions are as they are written down."""

    def __init__(self, versions: tuple[KeyVersion, ...], accounts: list[Account]) -> None:
        service = ServiceAccess("/a", "p", "/vault", KeyUri(VAULT, "CMK", OLD), "")
        super().__init__([service], {KEY: versions}, [], AzureClient(Login()), LiveAzure(Login()))
        self.there, self.disabled = accounts, list[str]()

    def accounts(self) -> list[Account]:
        return self.there

    def disable(self, key: KeyUri) -> None:
        self.disabled.append(key.version)


FIRST, SECOND = replace(version(OLD), created=10), replace(version(NEW), created=20)


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ([bound("/A", NEW)], ""),
        ([bound("/a", OLD)], "account /a is bound to f"),
        ([bound("/a", NEW), bound("/b", OLD)], "account /b is bound to f"),
        ([bound("/a", NEW), bound("/b", "")], "bound to the key without"),
        ([], "account /a is not bound to any version"),
        ([Account("/a")], "account /a is not bound to any version"),
    ],
)
def test_old_versions_are_retired_only_when_every_account_has_followed(
    accounts: list[Account], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack's own accounts, and all others of its subscriptions. Nothing is disabled else, nor where
    nobody said to do it; a key that was not named is left alone."""
    found = Found((FIRST, SECOND), accounts)
    monkeypatch.setattr(StackKeys, "of", lambda _stack: found)
    if words:
        with pytest.raises(NotDisabledError, match=words):
            retire("prod", ["kv-hub/cmk"], yes=True)
        assert found.disabled == []
        return
    old = [KeyUri(VAULT, "cmk", OLD).text]
    assert retire("prod", ["kv-hub/cmk"], yes=False) == old
    assert retire("prod", ["kv-hub/other"], yes=True) == []
    assert found.disabled == []
    assert retire("prod", ["kv-hub/cmk"], yes=True) == old
    assert found.disabled == [OLD]
