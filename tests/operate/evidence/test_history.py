"""A key over time: since when a version is bound, who used it, which is newest, when the next one is due."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from core.facts import Key, RotationPolicy
from operate.evidence.history import bound_since, newest, next_rotation, rows_of, shifted, silence
from operate.evidence.model import NotChecked
from tests.operate.evidence.door_azure import SUBSCRIPTION, DoorAzure, read, scene_across
from tests.operate.evidence.made import NEW, NOW, OLD, OTHER, account, days, key, row, use, version
from tests.support.front import Door


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


@pytest.mark.parametrize(
    ("duration", "back", "expected"),
    [
        ("P540D", False, "2025-07-24"),
        ("P18M", False, "2025-07-31"),
        ("P1M", False, "2024-02-29"),
        ("P1Y", False, "2025-01-31"),
        ("P2W", False, "2024-02-14"),
        ("PT36H", False, "2024-02-02"),
        ("P30D", True, "2024-01-01"),
        ("P2M", True, "2023-11-30"),
    ],
)
def test_a_moment_is_shifted(duration: str, back: bool, expected: str) -> None:
    """Months end where the shorter month ends; the rest is plain addition."""
    start = datetime(2024, 1, 31, 12, tzinfo=UTC)
    assert f"{shifted(start, duration, back=back):%Y-%m-%d}" == expected


@pytest.mark.parametrize("duration", ["", "P", "540", "P-1D", "PT", "P1.5Y"])
def test_fails_for_what_is_no_duration(duration: str) -> None:
    """A duration that is none is refused, never taken for zero."""
    with pytest.raises(ValueError, match=r"ISO 8601|duration|no time|fractional"):
        shifted(NOW, duration)


def test_the_newest_is_the_last_that_can_be_used() -> None:
    """Disabled, expired and not yet valid versions are passed over."""
    usable, off = version(OLD, 30), version(NEW, 20, enabled=False)
    over = version("c" * 32, 10, expires_in=-1)
    assert newest(key(usable, off, over), NOW) == usable
    assert newest(key(off, over), NOW) is None
    assert newest(key(version(NEW, 10, expires_in=0)), NOW) is None


def test_the_next_rotation_counts_from_the_last_version() -> None:
    """The vault's clock starts with the last version, enabled or not."""
    found = key(version(OLD, 100), version(NEW, 40, enabled=False))
    assert next_rotation(found) == NOW - days(40) + days(540)


def test_a_rotation_before_expiry_needs_an_expiry() -> None:
    """Without one the vault never rotates."""
    policy = RotationPolicy(rotates_before_expiry="P30D")
    assert next_rotation(key(version(NEW, 10, expires_in=90), rotation=policy)) == NOW + days(60)
    assert next_rotation(key(version(NEW, 10, expires_in=None), rotation=policy)) is None


def test_the_next_rotation_is_when_the_vault_rotates() -> None:
    """Until the time that is told there is one version, and right after it there are two."""
    door = Door()
    account = scene_across(door, SUBSCRIPTION, SUBSCRIPTION)

    def seen() -> Key:
        (service,) = read(DoorAzure(door), account).services
        assert isinstance(service.key, Key)
        return service.key

    due = next_rotation(seen())
    assert due is not None
    door.cloud.clock.advance(due.timestamp() - door.cloud.clock.now() - 10)
    assert len(seen().versions) == 1
    door.cloud.clock.advance(20)
    assert len(seen().versions) == 2
