"""What people type to name a cloud or an account."""

from __future__ import annotations

import argparse

import pytest

from core import clouds
from operate.__main__ import main
from operate.azure import account_id, add_cloud

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-00000000000a"
ACCOUNT = f"{SUBSCRIPTION}/resourceGroups/rg(1)/providers/Microsoft.CognitiveServices/accounts/lang-x"


@pytest.mark.parametrize("text", ["lang-x", SUBSCRIPTION, f"{ACCOUNT}/projects/p", f"{ACCOUNT}?a=b", ""])
@pytest.mark.parametrize("words", [["evidence"], ["adopt", "--stack", "x", "--name", "x"]])
def test_fails_for_what_is_no_account_id(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By both commands that take one, with the shape that is expected; and nothing is asked."""
    with pytest.raises(SystemExit, match="2"):
        main([*words, "--account", text])
    assert "/resourceGroups/GROUP/providers/Microsoft.CognitiveServices" in capsys.readouterr().err


def test_an_account_id_is_taken_as_people_paste_it() -> None:
    """In any case, with blanks around it or a slash at its end."""
    assert account_id(f" {ACCOUNT}/\n") == ACCOUNT
    assert account_id(ACCOUNT.upper()) == ACCOUNT.upper()


def chosen(*words: str) -> object:
    parser = argparse.ArgumentParser()
    add_cloud(parser)
    return parser.parse_args(words).cloud


def test_the_cloud_is_that_of_the_words_or_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """--cloud, else ARM_ENVIRONMENT, in every spelling that azure-native takes; else the public one."""
    monkeypatch.delenv("ARM_ENVIRONMENT", raising=False)
    assert chosen() == clouds.PUBLIC
    monkeypatch.setenv("ARM_ENVIRONMENT", "AzureUSGovernment")
    assert chosen() == clouds.US_GOVERNMENT
    assert chosen("--cloud", "China") == clouds.CHINA
    with pytest.raises(SystemExit, match="2"):
        chosen("--cloud", "nowhere")
