"""A key version is disabled only where no account needs it."""

from __future__ import annotations

import pytest

from core.facts import Account, Encryption, KeyVersion
from operate.disable_version import problems

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
