"""What the audit log tells: since when a version is bound, who used it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from operate.evidence.history import bound_since, rows_of, silence
from operate.evidence.model import NotChecked
from tests.operate.evidence.made import NEW, NOW, OLD, OTHER, account, days, key, row, use, version


def test_bound_since_is_the_first_use_by_the_account() -> None:
    """Not somebody else's use, not a refused one, not one of another version."""
    log = use(row(9, OTHER), row(8, refused=True), row(7, of=OLD), row(6, operation="KeyWrap"), row(5))
    found = bound_since(account(), key(version(NEW, 30)), log)
    assert found.not_before == NOW - days(30)
    assert found.not_after == row(6).first
    assert found.source.startswith("audit log")


def test_bound_since_is_not_known_without_use() -> None:
    """Then the version's age is the one limit, and the reason is said."""
    silent = bound_since(account(), key(version(NEW, 30)), use(row(7, of=OLD)))
    assert (silent.not_before, silent.not_after) == (NOW - days(30), None)
    assert "has no use of this version" in silent.source
    unread = bound_since(account(), NotChecked("x"), NotChecked("no workspace"))
    assert (unread.not_before, unread.not_after) == (None, None)
    assert "no workspace" in unread.source


@pytest.mark.parametrize(
    ("ages", "quiet"),
    [
        ((*range(20, 30), *range(9)), (19, 9)),
        ((*range(12, 30), *range(9)), None),
        (range(30), None),
        ((29, 20, 10, 0), None),
        ((3,), None),
        ((), None),
    ],
    ids=["ten days", "three days", "none", "seldom in use", "one day", "nothing"],
)
def test_a_log_that_falls_silent_is_told(ages: Iterable[int], quiet: tuple[int, int] | None) -> None:
    """A week or more without a record, of a key that is in use every few days; of one that seldom is, nobody
    can tell."""
    found = silence([row(age) for age in ages])
    assert found == (None if quiet is None else tuple(row(age).day for age in quiet))


def test_rows_of_a_key_are_of_no_other() -> None:
    """A vault has other keys; a row that names no key may be about any."""
    mine, nobody = row(3), row(2, key_uri="")
    another = row(1, key_uri="https://kv-contoso.vault.azure.net/keys/cmk-2/0")
    assert rows_of("CMK", use(mine, nobody, another)) == (mine, nobody)
