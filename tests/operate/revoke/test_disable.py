"""A key version is disabled only where no account needs it."""

from __future__ import annotations

import pytest
from azure.keyvault.keys import KeyProperties
from azure.keyvault.keys._generated.models import KeyAttributes

from operate.revoke.disable import Bound, problems

OLD, NEW = "f" * 32, "0123456789abcdef0123456789abcdef"
KEY = "https://kv-hub.vault.azure.net/keys/cmk"
OTHER_KEY = "https://kv-hub.vault.azure.net/keys/cmk-2"


def version(name: str, *, enabled: bool = True) -> KeyProperties:
    return KeyProperties(f"{KEY}/{name}", KeyAttributes(enabled=enabled))


BOTH = (version(OLD), version(NEW))


@pytest.mark.parametrize(
    ("bound", "versions", "words"),
    [
        ([Bound("/a", f"{KEY}/{OLD}")], BOTH, ["account /a is bound to f"]),
        ([], (version(NEW),), ["have no version f"]),
        ([], (version(OLD), version(NEW, enabled=False)), ["no other version that is enabled"]),
        ([Bound("/a", f"{KEY}/{NEW}")], BOTH, []),
        ([Bound("/a", f"https://other.vault.azure.net/keys/cmk/{OLD}")], BOTH, []),
        (
            [Bound("/a", f"{KEY}/"), Bound("/b", f"{OTHER_KEY}/")],
            BOTH,
            ["bound to the key without"],
        ),
    ],
)
def test_fails_to_disable_a_version_that_is_needed(
    bound: list[Bound], versions: tuple[KeyProperties, ...], words: list[str]
) -> None:
    """A version that an account uses or may use, one that is not there, and the last one stay enabled."""
    found = problems({KEY: versions}, [OLD], bound)
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_versions_of_several_keys_are_disabled_at_once() -> None:
    """Each version belongs to one key of the stack, so nobody has to say of which service it is."""
    other = version("e" * 32), version("d" * 32)
    keys = {KEY: BOTH, OTHER_KEY: other}
    assert problems(keys, [OLD, "e" * 32], []) == []
    assert problems(keys, [OLD, NEW], []) == [f"key {KEY} has no other version that is enabled"]
