"""The arithmetic of rotation."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.facts import Key, RotationPolicy
from operate.evidence.collect import collect
from operate.evidence.history import newest, next_rotation, shifted
from tests.operate.evidence.door_azure import SUBSCRIPTION, DoorAzure, scene_across
from tests.operate.evidence.made import NEW, NOW, OLD, days, key, version
from tests.support.front import Door


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
        now = datetime.fromtimestamp(int(door.cloud.clock.now()), UTC)
        (service,) = collect(DoorAzure(door), "test", [account], now=now, days=1).services
        assert isinstance(service.key, Key)
        return service.key

    due = next_rotation(seen())
    assert due is not None
    door.cloud.clock.advance(due.timestamp() - door.cloud.clock.now() - 10)
    assert len(seen().versions) == 1
    door.cloud.clock.advance(20)
    assert len(seen().versions) == 2
