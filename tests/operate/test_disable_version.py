"""A key version is disabled only where no account needs it."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest

from core.facts import Account, Encryption, KeyVersion
from operate.__main__ import main
from operate.disable_version import StackKeys, problems

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


def found(accounts: list[Account], client: Any) -> StackKeys:
    """A stack of one key, with the accounts of its subscription."""
    return StackKeys({KEY: BOTH}, [], accounts, client)


@pytest.mark.parametrize(("others", "code"), [([bound("/b", OLD)], 1), ([bound("/b", NEW)], 0)])
def test_every_stack_that_uses_the_key_is_asked(
    others: list[Account], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An account of another stack may be in a subscription that the first knows nothing of. Nothing is
    disabled where one is bound to the version."""
    client = MagicMock()
    stacks = {"a": found([bound("/a", NEW)], client), "b": found(others, client)}
    monkeypatch.setattr(StackKeys, "of", lambda stack, _service: stacks[stack])
    words = ["disable-version", OLD, "--stack", "a", "--stack", "b"]
    assert main([*words, "--yes"]) == code
    assert client.json.call_count == (0 if code else 1)
    assert ("account /b is bound to f" in capsys.readouterr().err) is bool(code)
    client.reset_mock()
    assert main(words) == code
    assert client.json.call_count == 0
