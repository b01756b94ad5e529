"""`up` after `destroy`: names that are held are said, or what holds them comes back with its data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import Stack

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzure]:
    with running_azure(tmp_path_factory.mktemp("azure") / "home") as running:
        yield running


def grants(stack: Stack) -> set[str]:
    """The names of the grants that the stack holds."""
    names = {resource["urn"].rsplit("::", 1)[1] for resource in stack.resources()}
    return {name for name in names if name.endswith("-access")}


def test_up_after_destroy_recovers_vault_key_account_and_data(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Refused by default, with names, dates and remedies; with `recover` the same account is bound to
    the same key version under the policy pack, its data readable, and the next run gives people their rights
    again."""
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    assert stack.deploy().ok
    before = stack.outputs()
    run = stack.destroy()
    assert run.ok, run.output

    held = stack.preview()
    assert not held.ok
    for words in ("'kv-contoso-dev' is held", "'lang-contoso-dev' is held", "until", "softDeleted: recover"):
        assert words in held.output, f"{words} is not in:\n{held.output}"
    assert "Traceback" not in held.output

    stack.configure(softDeleted="recover")
    back = stack.up()
    assert back.ok, back.output
    after = stack.outputs()
    assert after == before
    last = cloud.history(azure, after["accountId"])[-1]
    assert (last["readable"], last["keyUri"], last["identity"]) == (
        True,
        before["keyUriWithVersion"],
        before["principalId"],
    )
    assert grants(stack) == {"contoso-dev-access"}
    rest = stack.deploy()
    assert rest.ok, rest.output
    assert grants(stack) == {"contoso-dev-access", "contoso-dev-operator-deployer-access"}
    stack.configure(softDeleted=None, key={"generation": 2})
    rotated = stack.deploy()
    assert rotated.ok, rotated.output
    assert cloud.unbound_moments(azure, after["accountId"])[1:] == []


def test_up_after_destroy_gives_a_role_again_that_the_vault_has_lost(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A vault comes back without role assignments; one for the same identity is made, under the pack."""
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.environ)
    stack.configure(name="contoso-rbac", accessModel="rbac", vault=None, softDeleted="recover")
    assert stack.deploy().ok
    before = stack.outputs()
    assert stack.destroy().ok
    back = stack.up()
    assert back.ok, back.output
    assert stack.outputs() == before
    assert cloud.history(azure, before["accountId"])[-1]["readable"]
    assert grants(stack) == {"contoso-rbac-access"}
