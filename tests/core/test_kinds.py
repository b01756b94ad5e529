"""The kinds of accounts, as a table."""

from datetime import date
from pathlib import Path

import pytest

from core import kind_limits, kinds
from core.kinds import AccountKind
from localazure.cognitive.kinds import find_kind

SETTINGS = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_a_kinds_default_tier_supports_a_customers_key(kind: AccountKind) -> None:
    """The local Azure, which has a table of its own, offers the tier and takes a key with it."""
    judged = find_kind(kind.name)
    assert judged
    assert set(kind.tiers) & set(judged.skus)
    assert judged.takes_customer_key(kind.tiers[0])


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_no_caller_may_write_keys(kind: AccountKind) -> None:
    """Callers use the service; none of their roles regenerates its keys or grants roles."""
    assert kind.callers
    for role in kind.callers:
        assert not role.allows("Microsoft.CognitiveServices/accounts/regenerateKey/action")
        assert not role.allows("Microsoft.CognitiveServices/accounts/write")
        assert not role.allows("Microsoft.Authorization/roleAssignments/write")


def test_names_and_prefixes_are_told_apart() -> None:
    """Two services of one name and of different kinds get different account names."""
    assert len(set(kinds.NAMES)) == len({kind.prefix for kind in kinds.ALL}) == len(kinds.ALL)


@pytest.mark.parametrize(
    ("kind", "tier"), [("TextAnalytics", "S"), ("textanalytics", "S"), ("Face", "E0"), ("LUIS", "")]
)
def test_the_tier_to_recommend(kind: str, tier: str) -> None:
    """Whoever sits on a tier without customer-managed keys is told one of its own kind."""
    assert kinds.tier_for_a_key(kind) == tier


def test_an_account_of_azure_openai_becomes_a_foundry_resource() -> None:
    """That is the only change of a kind that Azure makes in place."""
    assert kind_limits.kind_change("OpenAI", "AIServices") is None
    assert kind_limits.kind_change("openai", "OpenAI") is None
    for before, after in (("AIServices", "OpenAI"), ("TextAnalytics", "AIServices"), ("OpenAI", "Face")):
        unmet = kind_limits.kind_change(before, after)
        assert unmet is not None
        assert unmet.expected == repr(before)


@pytest.mark.parametrize(
    ("kind", "after", "is_refused"),
    [
        ("AIServices", "kv-two", True),
        ("aiservices", "KV-One", False),
        ("TextAnalytics", "kv-two", False),
        ("SomethingNew", "kv-two", False),
    ],
)
def test_a_foundry_resource_keeps_its_vault(kind: str, after: str, is_refused: bool) -> None:
    """Vaults are the same in any case; other kinds, and those that are not listed, may change theirs."""
    assert (kind_limits.vault_change(kind, "kv-one", after) is not None) is is_refused


def test_what_azure_ends_is_told_two_years_before() -> None:
    """Of the kind, or of features of it; and for as long as accounts of it are left."""
    told = [
        [text.partition(":")[0].partition(" by ")[0] for text, _ in kinds.ends(kind, date(year, 4, 1))]
        for kind, year in (("contentmoderator", 2026), ("TextAnalytics", 2026), ("AIServices", 2028))
    ]
    assert told == [
        ["Azure ends Content Moderator"],
        [],
        ["Azure ends these features of Microsoft Foundry"] * 2,
    ]
    assert [*kinds.ends("AIServices", date(2028, 4, 1), whole=True)] == []


def test_the_settings_name_each_kind_that_azure_ends() -> None:
    """With the day, where the kind is chosen."""
    said = next(line for line in SETTINGS.read_text().splitlines() if line.startswith("| `kind` |"))
    ended = {name: end.by for end in kinds.RETIREMENTS if not end.features for name in end.of}
    assert {*ended} == {"ContentModerator", "CustomVision.Training", "CustomVision.Prediction"}
    assert [name for name, day in ended.items() if f"`{name}` by {day}" not in said] == []
