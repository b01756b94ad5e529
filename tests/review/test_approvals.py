"""Approvals: which count, for what, and what a reader is told of those that do not."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.verdicts import Name
from review import approvals, report
from review.approvals import LONGEST, Approval, ApprovalError, People
from review.preview import read
from tests.review.build import (
    ACCOUNT,
    ACCOUNT_ID,
    BINDING,
    KEY_URI,
    NOBODY,
    TODAY,
    account,
    binding,
    bound,
    comment,
    digest,
    replaced,
    review,
    same,
    step,
    terminal,
)

REPLACED = step("replace", ACCOUNT, "a", account(), account())
CODE = review(REPLACED).rows[0].verdicts[0].code
GOOD = f"""
approvals:
  - account: lang
    verdict: account-replaced
    review: {CODE}
    reason: moved, data exported
    approver: alice@contoso.com
    expires: 2026-06-20
"""
ALICE = Approval("lang", Name.ACCOUNT_REPLACED, CODE, "moved", "alice", TODAY)


def made(*given: Approval, people: People = NOBODY) -> tuple[int, str]:
    reviewed = review(REPLACED, approvals=given, people=people)
    return reviewed.severity.exit_code, comment(reviewed)


def test_an_approved_loss_is_called_a_loss() -> None:
    """The headline says that data is lost, who approved it and until when; never that nothing gets worse."""
    code, text = made(*approvals.read(GOOD))
    assert code == 0
    headline = text.splitlines()[1]
    assert "data is LOST: approved by `alice@contoso.com`, until 2026-06-20" in headline
    assert "\u26a0" in headline
    assert "`alice@contoso.com` until 2026-06-20: `moved, data exported`" in text
    assert "nothing gets worse" not in text + terminal(review(REPLACED, approvals=approvals.read(GOOD)))


def test_an_approved_weakening_is_called_one() -> None:
    """What loses no data is told apart from what does."""
    opened = step("update", ACCOUNT, "a", account(), account(publicNetworkAccess="Enabled"))
    code = review(opened).rows[0].verdicts[0].code
    given = Approval("lang", Name.PROTECTION_WEAKENED, code, "r", "bob", TODAY)
    text = terminal(review(opened, approvals=(given,)))
    assert text.startswith("Encryption: protection gets WEAKER: approved by bob, until 2026-06-15\n")


@pytest.mark.parametrize(
    ("given", "people", "code", "words"),
    [
        # On its last day, by UTC, and not after; and not for months, of which nobody thought.
        (ALICE, NOBODY, 0, ""),
        (replace(ALICE, expires=date(2026, 6, 14)), NOBODY, 4, r"it ended on 2026-06-14 \(`moved`\)"),
        (replace(ALICE, expires=TODAY + LONGEST), NOBODY, 0, ""),
        (replace(ALICE, expires=TODAY + LONGEST + timedelta(days=1)), NOBODY, 4, "more than 14 days ahead"),
        # Account and verdict are the ones approved; ARM ids have no case.
        (replace(ALICE, account="other"), NOBODY, 4, ""),
        (replace(ALICE, verdict=Name.ACCOUNT_DELETED), NOBODY, 4, ""),
        (replace(ALICE, account=ACCOUNT_ID.upper()), NOBODY, 0, ""),
        # The approver is somebody else, and where the platform tells, one who approved the pull request.
        (ALICE, People(author="Alice"), 4, "its approver "),
        (ALICE, People("bob", frozenset({"carol"})), 4, "its approver "),
        (ALICE, People("bob", frozenset({"@alice", "carol"})), 0, ""),
        # An entry from an earlier update is still in the file.
        (replace(ALICE, review="0" * 64), NOBODY, 4, "it is for another update"),
    ],
)
def test_an_approval_counts_or_the_reader_is_told_why_not(
    given: Approval, people: People, code: int, words: str
) -> None:
    """By its day, its account and verdict, its approver and its update."""
    found, text = made(given, people=people)
    assert found == code
    assert re.search(f"does NOT count: .*{words}" if words else "", text)


def test_an_approval_is_for_one_stack_and_key() -> None:
    """For another it does not fit; nor in another commit, or after the update has run: test_scripts.py."""

    def code(stack: str, uri: str = KEY_URI) -> str:
        gone = read(digest(same(ACCOUNT, "a", account()), step("delete", BINDING, "b", binding(uri))))
        return report.make(replace(gone, stack=stack), (), TODAY).rows[0].verdicts[0].code

    other = code("prod", "https://kv.vault.azure.net/keys/other/" + "b" * 32)
    assert len({code("prod"), code("prod"), code("test"), other}) == 3


def test_a_widened_change_is_not_what_was_approved() -> None:
    """The approved loss passes, what came on top of it does not."""
    steps = replaced(bound(), BINDING, step("delete", BINDING, "b", binding()))
    alone = review(*steps).rows[0].verdicts[0]
    given = Approval("lang", Name.UNBOUND, alone.code, "r", "alice", TODAY)
    assert review(*steps, approvals=(given,)).severity.exit_code == 0
    wider = replaced(
        steps, ACCOUNT, step("update", ACCOUNT, "a", account(), account(publicNetworkAccess="Enabled"))
    )
    assert review(*wider, approvals=(given,)).severity.exit_code == 4


def test_the_comment_shows_the_entry_to_write() -> None:
    """Its block, with the three words that are a person's, is an approval that counts."""
    block = comment(review(REPLACED)).split("```yaml\n")[1].split("```")[0]
    said = block.replace("WHY", "moved").replace("WHO, not the author", "alice")
    (given,) = approvals.read(said.replace("YYYY-MM-DD, at most 14 days from now", "2026-06-20"))
    assert made(given)[0] == 0


@pytest.mark.parametrize("empty", ["", "# nothing yet\n", "approvals:\n", "approvals: []\n"])
def test_an_empty_file_approves_nothing(empty: str) -> None:
    """A file that is there from the start is no error."""
    assert approvals.read(empty) == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("- a", "expected one list"),
        ("approvals: [3]", "is int"),
        (GOOD + "other: 1\n", "expected one list"),
        (GOOD.replace("account: lang", "account: 'lang-*'"), "a pattern approves too much"),
        (GOOD.replace("account-replaced", "bound"), "verdict is 'bound'"),
        (GOOD.replace("reason", "because"), '"because" is not a field'),
        (GOOD.replace("    approver: alice@contoso.com\n", ""), "approver is None"),
        (GOOD.replace(f"    review: {CODE}\n", ""), "review is None"),
        (GOOD.replace(CODE, "any"), "64 hexadecimal digits"),
        (GOOD.replace("2026-06-20", "soon"), "expected a date"),
        (GOOD.replace("2026-06-20", "2026-06-30T10:00:00Z"), "expected a date"),
        ("a: b: c", "not YAML"),
        ("approvals: !!python/object:os.system {}", "found the tag"),
        # Of a name that stands twice YAML takes the last one, and who approves may have read the other.
        (
            GOOD.replace("    reason:", "    reason: a typo in a tag\n    reason:"),
            "twice in an object at line",
        ),
        (
            GOOD.replace("    verdict:", "    verdict: rotated\n    verdict:"),
            "twice in an object at line",
        ),
        (GOOD.replace("approvals:", "approvals: []\napprovals:"), "twice in an object at line"),
    ],
)
def test_fails_on_a_file_that_is_half_right(wrong: str, said: str) -> None:
    """A mistake in the file approves nothing and says what is wrong."""
    with pytest.raises(ApprovalError, match=said):
        approvals.read(wrong)


def test_every_problem_is_reported_at_once() -> None:
    """A person mends the file once. JSON is YAML, too."""
    wrong = {"verdict": "unbound", "reason": "r", "review": CODE, "approver": "a", "expires": "2026-01-02"}
    document = {"approvals": [wrong, {**wrong, "account": "l", "expires": "soon"}]}
    with pytest.raises(ApprovalError) as problem:
        approvals.read(json.dumps(document))
    assert "approval 1: account is None" in str(problem.value)
    assert "approval 2: expires is 'soon'" in str(problem.value)
    assert "approval 1: expires" not in str(problem.value)
