"""Microsoft's keys and the customer's on one account, there and back, on the real engine."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from review.__main__ import main as review
from review.verdict import VerdictSeverity
from tests.engine.shared import done, refused
from tests.support.azure import RunningAzure
from tests.support.judge import KEY_VAULT, MICROSOFT, Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]


def test_customer_key_is_turned_on_and_off_on_one_account(
    stack: Stack, azure: RunningAzure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The account keeps its id and its data in both directions, also where its tier has to change. The way
    back is refused unless the account is named; then the binding alone goes, and the review says so."""
    judge = Judge(azure, stack)
    stack.configure(encryption="microsoftManaged", sku="F0", vault=None, key=None)
    done(stack.deploy())
    judge.write_data()
    before = judge.arm("GET", judge.account_id, "2024-10-01")["properties"]["internalId"]

    stack.configure(encryption=None, sku="S")
    done(stack.deploy())
    assert judge.reads_data()
    live = judge.arm("GET", judge.account_id, "2024-10-01")
    assert (live["properties"]["internalId"], live["sku"]["name"]) == (before, "S")

    stack.configure(encryption="microsoftManaged")
    refused(stack.deploy(), "encryption: changes to 'microsoftManaged'", "unbindAccount: lang-contoso-dev")

    stack.configure(unbindAccount="lang-contoso-dev")
    shown = stack.pulumi("preview", "--json", "--show-sames")
    (tmp_path / "preview.json").write_text(shown.output[shown.output.index("{") :])
    assert review([str(tmp_path / "preview.json")]) == VerdictSeverity.BLOCKED.exit_code
    assert "unbound" in capsys.readouterr().out.lower()
    turned_off = done(stack.deploy())
    assert "- 1 deleted" in turned_off.output
    assert judge.reads_data()
    sources = [source for source, _ in groupby(state["keySource"] for state in judge.history())]
    assert sources == [MICROSOFT, KEY_VAULT, MICROSOFT]
    kept = {resource["urn"].rsplit("::", 1)[1] for resource in stack.resources()}
    assert {"contoso-dev-vault", "contoso-dev-key", "contoso-dev-access"} <= kept

    stack.configure(encryption=None, unbindAccount=None)
    done(stack.deploy())
    assert judge.history()[-1]["keySource"] == KEY_VAULT
    assert judge.reads_data()


def test_account_of_a_user_assigned_identity_goes_back_and_forth_in_its_own_inputs(
    stack: Stack, azure: RunningAzure
) -> None:
    """Where the account states its key itself, one write of it takes it from the key and one puts it back."""
    judge = Judge(azure, stack)
    stack.configure(identity="userAssigned", vault=None, key=None)
    for encryption, named in ((None, None), ("microsoftManaged", "lang-contoso-dev"), (None, None)):
        stack.configure(encryption=encryption, unbindAccount=named)
        done(stack.deploy())
    assert [(state["why"], state["keySource"], state["readable"]) for state in judge.history()] == [
        ("PUT", KEY_VAULT, True),
        ("PUT", MICROSOFT, True),
        ("PUT", KEY_VAULT, True),
    ]
