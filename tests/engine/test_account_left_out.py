"""A destroy that leaves an account out: its data stays under its key, unless it was unbound on purpose."""

from __future__ import annotations

import pytest

from tests.engine.shared import done, refused
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
ACCOUNT, BINDING = "contoso-dev-account", "contoso-dev-binding"


@pytest.fixture
def judge(azure: RunningAzure, stack: Stack) -> Judge:
    """An unprotected stack with data."""
    stack.configure(protect=False)
    done(stack.deploy())
    found = Judge(azure, stack, account_name="lang-contoso-dev")
    found.write_data()
    return found


def urns(stack: Stack) -> dict[str, str]:
    """The URNs of the stack's resources by logical name."""
    return {one["urn"].rpartition("::")[2]: one["urn"] for one in stack.resources()}


def test_an_account_that_is_left_out_keeps_its_key(judge: Judge) -> None:
    """With or without the program; and each way that the refusal names leads out."""
    stack = judge.stack
    of = urns(stack)
    for words in ((), ("--run-program",)):
        refused(
            stack.pulumi("destroy", "--yes", "--exclude", of[ACCOUNT], *words),
            f"set encryption: microsoftManaged and unbindAccount: {judge.account_name}",
        )
        assert {ACCOUNT, BINDING, "contoso-dev-access"} <= {*urns(stack)}
    done(stack.pulumi("destroy", "--yes", "--exclude", of[ACCOUNT], "--exclude", of[BINDING]))
    assert judge.reads_data()
    assert judge.lapses() == []
    done(stack.deploy())
    stack.configure(encryption="microsoftManaged", unbindAccount=judge.account_name)
    done(stack.deploy())
    done(stack.pulumi("destroy", "--yes", "--exclude", of[ACCOUNT]))
    assert judge.reads_data()
    assert ACCOUNT in urns(stack)


def test_an_account_goes_with_its_binding(judge: Judge) -> None:
    """The first way that the refusal names: the whole destroy, which never unbinds."""
    stack = judge.stack
    assert not stack.pulumi("destroy", "--yes", "--target", urns(stack)[BINDING]).ok
    assert judge.lapses() == []
    done(stack.destroy())
    assert judge.lapses() == []
