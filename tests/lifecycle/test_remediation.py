"""What takes a refresh under the policy pack, on the real engine: of a protected stack that is not called
`dev`, in a project that asks for none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lifecycle.life import Life, begin_life
from tests.support.judge import ACCOUNTS

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A bound account with data."""
    folder = tmp_path_factory.mktemp("life")
    yield from begin_life(folder, {"protect": None}, name="prod-eu", refreshes=False)


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
