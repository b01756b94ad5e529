"""What a refusal prints is followed to its end: the settings and commands in it lead out, and lose nothing.

On a protected stack that is not called `dev`, in a project that asks for no refresh, under the policy pack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle import outsider
from tests.lifecycle.life import Life
from tests.support import cloud
from tests.support.azure import running_azure
from tests.support.crash import Bookmark
from tests.support.judge import ACCOUNTS, Judge
from tests.support.stack import Run, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
_SETTING = re.compile(r"\bset (\w+): ([\w-]+)")
_RECOVER = re.compile(r"run `python (-m operate recover --stack [\w-]+)`")
_UNPROTECT = re.compile(r"`pulumi state unprotect '([^']+)'`")
_FURTHEST = 4
"""How many updates a way out may take."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A bound account with data."""
    folder: Path = tmp_path_factory.mktemp("life")
    with running_azure(folder / "azure") as azure:
        stack = Stack(folder / "checkout", azure.environ, name="prod-eu", refreshes=False)
        nothing = Bookmark(azure, stack, folder / "nothing")
        stack.configure(protect=None)
        run = stack.up()
        assert run.ok, run.output
        judge = Judge(azure, stack)
        judge.write_data()
        yield Life(azure, stack, judge, nothing, Bookmark(azure, stack, folder / "standing"), {})


def identity_made_anew(life: Life) -> None:
    """And a change of the account, which the service refuses until the new identity has access."""
    for kind in ("None", "SystemAssigned"):
        life.judge.arm("PATCH", life.judge.account_id, ACCOUNTS, {"identity": {"type": kind}})
        life.judge.arm("GET", life.judge.account_id, ACCOUNTS)
    life.stack.configure(tags={"owner": "another"})


def access_taken(life: Life) -> None:
    outsider.take_the_grant(life.judge)


def false_404_of_the_account(life: Life) -> None:
    """One read says that the account is not there, and a refresh believes it."""
    path = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.CognitiveServices/accounts/{a}"
    fault = {"host": "arm", "method": "GET", "path": path, "status": 404, "code": "ResourceNotFound"}
    life.azure.control("/faults", {**fault, "call": 1, "times": 1})
    life.stack.refresh()
    life.azure.control("/faults", method="DELETE")


def false_404_of_the_group(life: Life) -> None:
    path = "/subscriptions/{s}/resourceGroups/{g}"
    fault = {"host": "arm", "method": "GET", "path": path, "status": 404, "code": "ResourceGroupNotFound"}
    life.azure.control("/faults", {**fault, "call": 1, "times": 1})
    life.stack.refresh()
    life.azure.control("/faults", method="DELETE")


def key_renamed_and_back(life: Life) -> None:
    """The first key is still in the vault."""
    life.stack.configure(key={"generation": 1, "name": "second"})
    renamed = life.stack.deploy()
    assert renamed.ok, renamed.output
    life.stack.configure(key={"generation": 1})


def audit_forgotten(life: Life) -> None:
    """Somebody takes a diagnostic setting out of the state, which Azure still has."""
    urns = [str(one["urn"]) for one in life.stack.resources()]
    (urn,) = [urn for urn in urns if urn.endswith("-vault-audit")]
    assert life.stack.pulumi("state", "delete", urn, "--force", "--yes").ok


Spoiled = Callable[[Life], None]
LEAD_BACK: tuple[Spoiled, ...] = (
    identity_made_anew,
    access_taken,
    false_404_of_the_account,
    false_404_of_the_group,
    key_renamed_and_back,
    audit_forgotten,
)


def followed(life: Life) -> list[str]:
    """Updates until one succeeds, doing what each refusal says; what was done. The last setting that was
    printed is the one that leads on, once the ones before it are made."""
    done: list[str] = []
    for _ in range(_FURTHEST):
        run = life.stack.deploy()
        if run.ok:
            return done
        done += _next(life, run, done)
    raise AssertionError(f"no way out in {_FURTHEST} updates: {done}\n{run.output}")


def _next(life: Life, run: Run, done: list[str]) -> list[str]:
    if "run `pulumi refresh`" in run.output:
        assert life.stack.refresh().ok
        return ["refresh"]
    if found := _RECOVER.search(run.output):
        words = (*found[1].split(), "--yes")
        for _ in range(_FURTHEST):
            recovered = life.stack.python(*words)
            if "nothing that it would create exists already" in recovered.output:
                return ["recover"]
            assert recovered.ok, recovered.output
        raise AssertionError(recovered.output)
    carried_out = []
    for name, value in _SETTING.findall(run.output):
        step = f"{name}: {value}"
        if step in done or step in carried_out:
            continue
        life.stack.configure(**{name: value})
        again = life.stack.deploy()
        assert again.ok, f"{step}:\n{again.output}"
        carried_out.append(step)
    assert carried_out, f"the refusal names no setting:\n{run.output}"
    return carried_out


@pytest.mark.parametrize("spoiled", LEAD_BACK, ids=lambda spoiled: spoiled.__name__)
def test_what_is_printed_leads_out(life: Life, spoiled: Spoiled) -> None:
    """The stack converges, the data is as it was and readable, and the account was never off its key."""
    life.standing.restore()
    stored = life.judge.ciphertext()
    spoiled(life)
    steps = followed(life)
    # What waited for the access of an identity is done by one more.
    second = life.stack.deploy()
    assert second.ok, second.output
    calm = life.stack.deploy("--expect-no-changes")
    assert calm.ok, f"after {steps}:\n{calm.output}"
    assert life.judge.reads_data()
    assert life.judge.ciphertext() == stored
    assert life.judge.bound_version() in life.judge.versions()
    assert cloud.unbound_moments(life.azure, life.judge.account_id) == []
    assert life.judge.strays() == []


def test_a_revocation_waits_for_no_other_service(life: Life) -> None:
    """One service is refused; the access of the other one is gone nevertheless. The setting gives it back,
    after the refresh that the preview asks for where the project does not."""
    life.nothing.restore()
    services: list[dict[str, Any]] = [{"name": "alpha"}, {"name": "beta"}]
    life.stack.configure(name=None, vault=None, key=None, services=services)
    first = life.stack.deploy()
    assert first.ok, first.output
    beta = Judge(life.azure, life.stack, "beta")
    beta.write_data()
    services = [{"name": "alpha", "location": "northeurope"}, {"name": "beta", "access": "revoked"}]
    life.stack.configure(services=services)
    refused = life.stack.deploy()
    assert not refused.ok
    assert "access: revoked of 'beta' does not wait" in refused.output
    assert not beta.reads_data()
    life.stack.configure(services=[{"name": "alpha"}, {"name": "beta"}])
    assert "run `pulumi refresh` before it" in life.stack.preview().output
    assert life.stack.refresh().ok
    restored = life.stack.deploy()
    assert restored.ok, restored.output
    assert beta.reads_data()
    assert cloud.unbound_moments(life.azure, beta.account_id) == []


def test_an_update_of_targets_says_that_it_revokes_nothing(life: Life) -> None:
    """The engine ends well without the revocation, which is no target; done as it is said, it is there."""
    life.standing.restore()
    life.stack.configure(access="revoked")
    urns = [str(one["urn"]) for one in life.stack.resources()]
    (grant,) = [urn for urn in urns if urn.endswith("::contoso-dev-access")]
    run = life.stack.deploy("--target", grant)
    assert run.ok, run.output
    assert life.judge.reads_data()
    assert "but not with --target or --exclude: leave them out" in run.output
    revoked = life.stack.deploy()
    assert revoked.ok, revoked.output
    assert not life.judge.reads_data()
    assert "--target" not in life.stack.deploy("--expect-no-changes").output


def test_the_audit_of_a_protected_stack_is_ended_on_purpose(life: Life) -> None:
    """The preview says what goes, and that it is protected; each command that is printed then leads on, and
    what holds data stays protected."""
    life.standing.restore()
    life.stack.configure(audit={"newWorkspace": False})
    while not (run := life.stack.deploy()).ok:
        assert "deletes workspace 'log-contoso-dev' with its logs" in run.output
        assert "`pulumi state unprotect` command that is printed" in run.output
        urns = set(_UNPROTECT.findall(run.output))
        assert urns, run.output
        assert all(urn.endswith(("-audit", "-workspace")) for urn in urns), urns
        for urn in urns:
            assert life.stack.pulumi("state", "unprotect", urn, "--yes").ok
    assert life.judge.strays(audited=False) == []
    assert life.judge.reads_data()
    assert not life.stack.destroy().ok


def test_a_refused_destroy_deletes_nothing(life: Life) -> None:
    """Of a protected stack not even the audit, whatever flags are given."""
    life.standing.restore()
    refused = life.stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not refused.ok
    assert life.judge.strays() == []
    calm = life.stack.deploy("--expect-no-changes")
    assert calm.ok, calm.output


def test_a_user_assigned_identity_that_was_deleted_is_told_at_once(life: Life) -> None:
    """The refusal names the way to a new one, by which the account reads its data again."""
    life.nothing.restore()
    life.stack.configure(identity="userAssigned")
    made = life.stack.deploy()
    assert made.ok, made.output
    life.judge.write_data()
    stored = life.judge.ciphertext()
    identity = f"{life.judge.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-contoso-dev"
    life.judge.arm("DELETE", identity, "2023-01-31")
    life.stack.configure(tags={"owner": "another"})
    refused = life.stack.deploy()
    assert not refused.ok
    assert "id-contoso-dev was deleted outside Pulumi" in refused.output
    assert life.stack.refresh().ok
    repaired = life.stack.deploy()
    assert repaired.ok, repaired.output
    second = life.stack.deploy()
    assert second.ok, second.output
    assert life.judge.reads_data()
    assert life.judge.ciphertext() == stored
    assert cloud.unbound_moments(life.azure, life.judge.account_id) == []
