"""What people type to name an account."""

from __future__ import annotations

import pytest

from operate.__main__ import main
from operate.azure import account_id

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
