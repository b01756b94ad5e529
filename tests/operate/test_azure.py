"""What people type to name an account."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from operate.__main__ import main
from operate.azure import UnansweredError, _answered
from operate.options import _account

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
    assert _account(f" {ACCOUNT}/\n") == ACCOUNT
    assert _account(ACCOUNT.upper()) == ACCOUNT.upper()


def test_a_refused_login_is_told_in_the_words_of_entra() -> None:
    """In one line, without the trace ids that mean nothing to who reads it."""
    said = "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation ID: 2"
    body: dict[str, Any] = {"error": "invalid_client", "error_description": said}
    response = SimpleNamespace(status_code=401, reason="", headers={}, text=lambda: json.dumps(body))

    def refused() -> None:
        raise ClientAuthenticationError(message="Authentication failed", response=response)

    with pytest.raises(UnansweredError) as found:
        _answered(refused)
    assert str(found.value) == "the login was refused: AADSTS7000215: Invalid client secret provided."


def test_the_sdk_says_nothing_beside_the_command() -> None:
    """azure-identity warns of what the command reports itself; without a handler, Python prints that."""
    program = (
        "import logging, operate.__main__ as command\n"
        "try: command.main(['--help'])\n"
        "except SystemExit: logging.getLogger('azure.identity').warning('said twice')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (ran.stderr, "usage" in ran.stdout) == ("", True)
