"""Each way out that the product prints has a test that follows it, and each command in it is a real one."""

from __future__ import annotations

from collections import Counter

import pytest

from core import demands
from localazure import seed
from operate.evidence.findings import DEMAND_FIXES
from provider.error_table import _DEPLOYER, _SERVICE, ErrorContext, ErrorRow
from tests.remediation import messages, table
from tests.remediation.test_findings_lead_out import ACCOUNT, KEY_URL, VAULT, Hub, key_deleted
from tests.support.az import READS, carry_out, commands_in, newest_version


def test_every_message_has_its_test() -> None:
    """A text that is written later fails here until it is in the table."""
    listed: Counter[tuple[str, str]] = Counter()
    for rows in (*table.FOLLOWED.values(), *table.CHECKED.values(), table.HELP):
        listed.update(table.places(rows))
    found = messages.PLACES
    added = {place: count for place, count in found.items() if listed[place] != count}
    gone = [place for place in listed if place not in found]
    assert added == {}, (
        "these print a way out; add them to tests/remediation/table.py with a test that follows it"
    )
    assert gone == [], "these print no way out any more"


@pytest.mark.parametrize("test", table.FOLLOWED)
def test_every_test_of_the_table_exists(test: str) -> None:
    """By its file and its name."""
    file, _, name = test.partition("::")
    assert f"def {name}(" in (messages.ROOT / file).read_text()


def test_az_has_every_command_that_is_printed() -> None:
    """With its options, as az itself lists them."""
    wrong = {}
    for message in messages.MESSAGES:
        try:
            commands_in(message.plain)
        except ValueError as error:
            wrong[f"{message.module}:{message.line}"] = str(error)
    assert wrong == {}


def lock(hub: Hub) -> None:
    properties = {"properties": {"level": "ReadOnly"}}
    hub.arm("PUT", f"{ACCOUNT}/providers/Microsoft.Authorization/locks/kept", properties, "2020-05-01")


SPOILED = {"key recover": key_deleted, "lock delete": lock}
"""What has to be wrong for a command to have something to do."""


OF_VAULTS = [row for row in (*_SERVICE, *_DEPLOYER) if "--hsm-name" not in row.fix]


@pytest.mark.parametrize("row", OF_VAULTS, ids=lambda row: row.pattern[:30])
def test_each_fix_of_a_known_answer_is_carried_out(row: ErrorRow) -> None:
    """With the names of real resources, as the provider fills them in: Azure takes what is printed."""
    hub = Hub()
    identity = hub.arm("GET", ACCOUNT, api="2025-06-01").body["identity"]
    context = ErrorContext(
        ACCOUNT, VAULT, "kv-hub", "cmk", identity["principalId"], deployer_id=seed.DEPLOYER.object_id
    )
    fix = row.fix.format(**context.fields, namespace="Microsoft.KeyVault", action="A", scope="S")
    fix = fix.replace("LOCK_ID", f"{ACCOUNT}/providers/Microsoft.Authorization/locks/kept")
    for words, spoil in SPOILED.items():
        if words in fix:
            spoil(hub)
    acts = [words for words, options in commands_in(fix) if options and not READS.search(words)]
    assert carry_out(hub.door, fix) == len(acts)
    hub.engine.close()


@pytest.mark.parametrize("demand", DEMAND_FIXES)
def test_each_fix_of_a_finding_of_the_evidence_is_carried_out(demand: str) -> None:
    """The same commands as the provider's, and the one for a version that is disabled."""
    hub = Hub()
    version = f"{KEY_URL}/{newest_version(hub.door, KEY_URL)}"
    named = {
        "vault": "kv-hub",
        "vault_id": VAULT,
        "update": demands.update_command(VAULT),
        "subscription": "",
    }
    fix = DEMAND_FIXES[demand].format(**named, key=version, version=version)
    assert carry_out(hub.door, fix) == ("az " in fix)
    hub.engine.close()
