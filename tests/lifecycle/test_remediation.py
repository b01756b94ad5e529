"""What takes targets or protection to be refused, followed to its end on the real engine.

On a protected stack that is not called `dev`, in a project that asks for no refresh, under the policy pack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.lifecycle.life import Life, begin_life
from tests.support.judge import ACCOUNTS

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
ACCOUNT = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.CognitiveServices/accounts/{a}"
_UNPROTECT = re.compile(r"`pulumi state unprotect '([^']+)'`")


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A bound account with data."""
    folder = tmp_path_factory.mktemp("life")
    yield from begin_life(folder, {"protect": None}, name="prod-eu", refreshes=False)


def test_an_update_of_targets_says_that_it_revokes_nothing(life: Life) -> None:
    """The engine ends well without the revocation, which is no target; done as it is said, it is there."""
    life.standing.restore()
    life.stack.configure(access="revoked")
    urns = [str(one["urn"]) for one in life.stack.resources()]
    (grant,) = [urn for urn in urns if urn.endswith("::contoso-dev-access")]
    run = life.stack.deploy("--target", grant)
    assert run.ok, run.output
    assert life.judge.reads_data()
    assert "but not if it runs with --target or --exclude: leave them out" in run.output
    revoked = life.stack.deploy()
    assert revoked.ok, revoked.output
    assert not life.judge.reads_data()
    assert "--target" not in life.stack.deploy("--expect-no-changes").output


def test_the_audit_of_a_protected_stack_is_ended_on_purpose(life: Life) -> None:
    """The engine names what is protected; each command that is printed then leads on, and what holds data
    stays protected."""
    life.standing.restore()
    life.stack.configure(audit={"newWorkspace": False})
    while not (run := life.stack.deploy()).ok:
        urns = set(_UNPROTECT.findall(run.output))
        assert urns, run.output
        assert all(urn.endswith(("-audit", "-workspace")) for urn in urns), urns
        for urn in urns:
            assert life.stack.pulumi("state", "unprotect", urn, "--yes").ok
    assert life.judge.strays(audited=False) == []
    assert life.judge.reads_data()
    assert not life.stack.destroy().ok


def test_a_key_that_has_expired_is_rotated_under_the_pack(life: Life) -> None:
    """A refresh has found the date, which the program does not state."""
    life.standing.restore()
    old = f"/keys/{life.judge.key_name}/{life.judge.bound_version()}"
    life.judge.vault("PATCH", old, {"attributes": {"exp": 1_700_000_000}})
    assert life.stack.refresh().ok
    life.stack.configure(key={"generation": 2})
    rotated = life.stack.up()
    assert rotated.ok, rotated.output
    assert life.judge.bound_version() == life.judge.versions()[-1]


def test_an_identity_that_was_made_anew_takes_a_refresh_under_the_pack(life: Life) -> None:
    """The update gives it access, but the state has the former one until then, which is all that the pack
    sees."""
    life.standing.restore()
    for type in ("None", "SystemAssigned"):
        life.judge.arm("PATCH", life.judge.account_id, ACCOUNTS, {"identity": {"type": type}})
        life.judge.arm("GET", life.judge.account_id, ACCOUNTS)
    refused = life.stack.up()
    assert "and the state has another identity for contoso-dev-binding" in refused.output
    assert life.stack.refresh().ok
    done = life.stack.up()
    assert done.ok, done.output
    assert life.judge.reads_data()
