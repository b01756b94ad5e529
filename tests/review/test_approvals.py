from __future__ import annotations

from datetime import date

import pytest

from review import approvals, markdown
from review.approvals import Approval, ApprovalError
from review.verdict import Name
from tests.review.build import ACCOUNT, ACCOUNT_ID, TODAY, account, review, step

GOOD = """
approvals:
  - account: lang
    verdict: account-replaced
    reason: moved, data exported
    approver: alice@contoso.com
    expires: 2026-06-30
"""


def made(*found: Approval) -> tuple[int, str]:
    reviewed = review(step("replace", ACCOUNT, "a", account(), account()), approvals=found)
    return reviewed.severity.exit_code, markdown.render(reviewed)


def test_an_approval_lets_its_verdict_pass_and_is_shown() -> None:
    """The reader sees who approved what, why and until when."""
    code, comment = made(*approvals.read(GOOD))
    assert code == 0
    assert "`alice@contoso.com` until 2026-06-30: `moved, data exported`" in comment


def test_an_approval_counts_on_its_last_day_and_not_after() -> None:
    """Expiry is by the UTC day."""
    last = Approval("lang", Name.ACCOUNT_REPLACED, "r", "a", TODAY)
    assert made(last)[0] == 0
    ended = Approval("lang", Name.ACCOUNT_REPLACED, "the reason", "a", date(2026, 6, 14))
    code, comment = made(ended)
    assert code == 4
    assert "ENDED on 2026-06-14 (`the reason`)" in comment


@pytest.mark.parametrize(
    "one",
    [
        Approval("other", Name.ACCOUNT_REPLACED, "r", "a", TODAY),
        Approval("lang", Name.ACCOUNT_DELETED, "r", "a", TODAY),
    ],
)
def test_an_approval_of_something_else_passes_nothing(one: Approval) -> None:
    """Account and verdict must both be the ones approved; what is not used is said."""
    code, comment = made(one)
    assert code == 4
    assert "approvals that no verdict asks for" in comment


def test_an_approval_may_name_the_arm_id_in_any_case() -> None:
    """ARM ids have no case."""
    assert made(Approval(ACCOUNT_ID.upper(), Name.ACCOUNT_REPLACED, "r", "a", TODAY))[0] == 0


def test_json_is_read_like_yaml() -> None:
    """JSON is YAML, and its dates are texts."""
    (found,) = approvals.read(
        '{"approvals": [{"account": "l", "verdict": "unbound", "reason": "r", '
        '"approver": "a", "expires": "2026-01-02"}]}'
    )
    assert found.expires == date(2026, 1, 2)


@pytest.mark.parametrize("empty", ["", "# nothing yet\n", "approvals:\n", "approvals: []\n"])
def test_an_empty_file_approves_nothing(empty: str) -> None:
    """A file that is there from the start is no error."""
    assert approvals.read(empty) == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("approvals: 3", "wanted one list"),
        ("- a", "wanted one list"),
        ("approvals: [3]", "is int"),
        (GOOD + "other: 1\n", "wanted one list"),
        (GOOD.replace("account: lang", "account: 'lang-*'"), "patterns approve too much"),
        (GOOD.replace("account-replaced", "bound"), 'verdict is "bound"'),
        (GOOD.replace("account-replaced", "everything"), 'verdict is "everything"'),
        (GOOD.replace("reason", "because"), '"because" is not known'),
        (GOOD.replace("    approver: alice@contoso.com\n", ""), "approver is missing"),
        (GOOD.replace("2026-06-30", "soon"), "wanted a date"),
        (GOOD.replace("2026-06-30", "2026-06-30T10:00:00Z"), "wanted a date"),
        ("a: b: c", "not YAML or JSON"),
        ("approvals: !!python/object:os.system {}", "not YAML or JSON"),
    ],
)
def test_fails_on_a_file_that_is_half_right(wrong: str, said: str) -> None:
    """A mistake in the file approves nothing and says what is wrong."""
    with pytest.raises(ApprovalError, match=said):
        approvals.read(wrong)


def test_every_problem_is_told_at_once() -> None:
    """A person mends the file once."""
    twice = GOOD.replace("lang", "") + GOOD.replace("approvals:\n", "").replace("2026-06-30", "soon")
    with pytest.raises(ApprovalError) as problem:
        approvals.read(twice)
    assert "approval 1: account is missing" in str(problem.value)
    assert "approval 2: expires is 'soon'" in str(problem.value)
