"""The API versions by age."""

import re
from datetime import date, timedelta

from core import api_versions

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(-preview)?")
LOOKED_UP_ON = date(2026, 11, 28)
"""The day on which Azure's pages were last asked whether a version ends."""


def older_than(years: int) -> list[tuple[str, str]]:
    """The versions that are so old on the day of the look-up, with what they are for, the oldest first."""
    last = (LOOKED_UP_ON - timedelta(days=365 * years)).isoformat()
    versions = {name: value for name, value in vars(api_versions).items() if isinstance(value, str)}
    dated = {name: value for name, value in versions.items() if name.isupper() and _DAY.fullmatch(value)}
    return sorted((value, name) for name, value in dated.items() if value < last)


def test_the_oldest_versions() -> None:
    """Azure ends versions by age. Whoever adds one here has looked up when it ends."""
    assert older_than(3) == [
        ("2015-04-01", "ACTIVITY_LOG"),
        ("2020-05-01", "LOCKS"),
        ("2020-09-01", "ENDPOINTS"),
        ("2020-10-01", "ROLE_ELIGIBILITY"),
        ("2021-04-01", "RESOURCES"),
        ("2021-05-01-preview", "DIAGNOSTIC_SETTINGS"),
        ("2022-04-01", "AUTHORIZATION"),
        ("2022-10-01", "WORKSPACES"),
        ("2022-12-01", "SUBSCRIPTIONS"),
        ("2023-01-01", "ACTION_GROUPS"),
        ("2023-01-31", "IDENTITIES"),
        ("2023-04-01", "PROJECTS"),
        ("2023-05-01", "STORAGE_ACCOUNTS"),
    ]


def test_no_version_of_key_vault_ends() -> None:
    """What is asked of Key Vault is asked by the version from which on Azure refuses none."""
    assert api_versions.VAULTS >= "2026-02-01"
    assert date(2027, 2, 27) == api_versions.VAULTS_RETIRE_ON
