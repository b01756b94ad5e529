"""Whether Azure may turn an account into a Foundry resource by itself: one property, through its life."""

from __future__ import annotations

import pytest

from core.facts import Upgrade
from provider.failure import ServiceError
from tests.provider.fake_azure import ACCOUNT_ID, BINDING
from tests.provider.rig import CMK, UPGRADE, Engine, refused

INPUTS = {"accountId": ACCOUNT_ID, "mode": "Disabled", "afterWrite": "a"}


async def test_it_writes_the_mode_alone_and_reads_it_back(pulumi: Engine) -> None:
    """Again where the account was written, by `afterWrite`, though a read shows the mode: it may be late."""
    id, outputs = await pulumi.create(UPGRADE, INPUTS)
    assert (id, dict(outputs.values)) == (ACCOUNT_ID, INPUTS)
    assert (pulumi.azure.modes, pulumi.azure.patches) == (["Disabled"], [])
    news = {**INPUTS, "afterWrite": "b"}
    assert await pulumi.diff(UPGRADE, INPUTS, INPUTS, news) == {"afterWrite": "UPDATE"}
    assert dict((await pulumi.update(UPGRADE, id, INPUTS, INPUTS, news)).values) == news
    assert pulumi.azure.modes == ["Disabled", "Disabled"]


async def test_a_mode_that_a_write_removed_shows_in_the_next_preview(pulumi: Engine) -> None:
    """As one update in place, by a read, which every run begins with."""
    await pulumi.create(UPGRADE, INPUTS)
    assert (await pulumi.read(UPGRADE, ACCOUNT_ID, INPUTS, INPUTS))[2].values == INPUTS
    for shown in ("", "Enabled"):
        pulumi.azure.upgrade_shown = Upgrade(shown)
        id, outputs, inputs = await pulumi.read(UPGRADE, ACCOUNT_ID, INPUTS, INPUTS)
        assert id == ACCOUNT_ID
        changes = await pulumi.diff(UPGRADE, outputs.values, inputs.values, INPUTS)
        assert changes == {"mode": "UPDATE" if shown else "ADD"}


async def test_an_import_has_the_accounts_mode_and_needs_nothing_more(pulumi: Engine) -> None:
    """By the account's id alone."""
    pulumi.azure.upgrade_shown = Upgrade("Disabled")
    id, outputs, inputs = await pulumi.read(UPGRADE, ACCOUNT_ID)
    assert (id, dict(inputs.values)) == (ACCOUNT_ID, {"accountId": ACCOUNT_ID, "mode": "Disabled"})
    assert await pulumi.diff(UPGRADE, outputs.values, inputs.values, INPUTS) == {}


async def test_it_is_gone_with_its_account_and_its_deletion_writes_nothing(pulumi: Engine) -> None:
    """To let Azure upgrade the account again is a decision of its own."""
    await pulumi.create(UPGRADE, INPUTS)
    await pulumi.delete(UPGRADE, ACCOUNT_ID, INPUTS)
    assert pulumi.azure.modes == ["Disabled"]
    pulumi.azure.accounts.clear()
    assert (await pulumi.read(UPGRADE, ACCOUNT_ID, INPUTS, INPUTS))[0] == ""


async def test_it_waits_for_another_write_and_for_the_account_to_settle(pulumi: Engine) -> None:
    """Azure takes one write of an account at a time, and the binding is one."""
    busy = ServiceError(
        409, "AccountProvisioningStateInvalid", "the account is in state Accepted", "changing"
    )
    pulumi.azure.failures["set_upgrade"] = [busy, busy]
    await pulumi.create(CMK, BINDING)
    await pulumi.create(UPGRADE, INPUTS)
    assert pulumi.azure.calls.count("set_upgrade") == 3
    assert pulumi.azure.calls.index("bind") < pulumi.azure.calls.index("set_upgrade")
    assert "progress" in pulumi.azure.calls[pulumi.azure.calls.index("set_upgrade") :]


async def test_a_mode_that_azure_takes_and_does_not_show_is_refused(pulumi: Engine) -> None:
    """After a minute of reading, with what it shows."""

    def keeps() -> None:
        pulumi.azure.upgrade_shown = Upgrade("Enabled")

    pulumi.azure.afterwards["set_upgrade"] = keeps
    await refused(pulumi.create(UPGRADE, INPUTS), "reading back shows 'Enabled'")
    assert pulumi.clock.now() >= 60


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"mode": "disabled"}, {"mode": "found 'disabled', expected 'Disabled' or 'Enabled'"}),
        ({"mode": None}, {"mode": "missing required input 'mode'"}),
    ],
)
async def test_its_inputs_are_checked(pulumi: Engine, wrong: dict[str, str], says: dict[str, str]) -> None:
    """Before anything is written."""
    assert await pulumi.check(UPGRADE, {**INPUTS, **wrong}) == says
