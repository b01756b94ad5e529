"""Every finding of the preflight, from the facts that cause it."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from typing import Any

import pytest

from core import key_uris
from core.facts import Network
from provider import preflight
from provider.live_state import ACCOUNT, LiveState, Look, Target
from provider.preflight import Preflight, Severity, findings
from tests.provider.fake_azure import (
    V1,
    V2,
    V3,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.preflight_cases import CASES, CLIENT, NOW, TARGET, USER, live_state


def found(live: LiveState, target: Target = TARGET, **facts: Any) -> list[tuple[str, Severity, str]]:
    judged = findings(Preflight(target, live, NOW, **facts))
    return [(finding.rule, finding.severity, str(finding)) for finding in judged]


def test_nothing_is_found_where_all_holds() -> None:
    """A world as it must be has no finding, not even an unchecked one."""
    assert found(live_state()) == []


@pytest.mark.parametrize(("rule", "severity", "text", "live"), CASES)
def test_one_thing_wrong_is_one_finding(rule: str, severity: Severity, text: str, live: LiveState) -> None:
    """Each fault alone gives exactly one finding: its rule, its weight, what was found and the way out."""
    ((found_rule, found_severity, message),) = found(live)
    assert (found_rule, found_severity) == (rule, severity)
    assert text in message


def test_a_user_assigned_identity_is_looked_for_by_client_id() -> None:
    """With identityClientId it is that identity that must be assigned and granted."""
    target = replace(TARGET, identity_client_id=CLIENT)
    assert found(live_state(an_account(user_assigned=(USER,), principal_id=None)), target) == []
    ((rule, _, message),) = found(live_state(), target)
    assert rule == "account-has-identity"
    assert f"client id {CLIENT}; it has none" in message


def test_everything_is_found_at_once() -> None:
    """Many faults give many findings in one go, so that nobody fixes them one by one."""
    account = an_account(restricts_outbound=True, principal_id=None, capabilities=())
    vault = a_vault(
        purge_protection=None,
        soft_delete=None,
        location="eastus",
        network=Network(default_action="Deny", bypass="None"),
    )
    rules = {rule for rule, _, _ in found(live_state(account, vault, a_version(size=4096, enabled=False)))}
    assert len(rules) == 9


def test_another_vault_is_taken_only_when_it_is_named() -> None:
    """A rebinding to another vault needs vaultId; within one vault it needs nothing."""
    account = an_account(encryption=bound_to(key_vault_uri="https://old.vault.azure.net/"))
    without = replace(TARGET, vault=None)
    rules = [rule for rule, _, _ in found(live_state(account), without, rebinding=True)]
    assert rules == ["other-vault-is-asked-for"]
    assert found(live_state(account), TARGET, rebinding=True) == []
    assert found(live_state(an_account(encryption=bound_to(key_name="old"))), TARGET, rebinding=True) == []


def test_what_is_not_known_yet_is_not_judged() -> None:
    """A preview that knows nothing finds nothing; one that knows the account judges the account alone."""
    assert found(LiveState(), Target(vault_known=False, identity_known=False)) == []
    account_only = LiveState(account=an_account(principal_id=None), read=frozenset({ACCOUNT}))
    assert found(account_only, Target(TARGET.account, vault_known=False, identity_known=False)) == []


def test_every_rule_has_a_case() -> None:
    """No rule is without a fact above, or in the rotation's table, that it finds."""
    begins = r'(?:(?:Finding|_refused|": )\(\s*|rule, \w+ = )'
    named = set(re.findall(rf'{begins}"([a-z0-9-]+)"', inspect.getsource(preflight)))
    named.add(preflight.IDENTITY_HAS_ACCESS)
    elsewhere = {"other-vault-is-asked-for"}
    of_rotations = {"account-was-read", "account-is-on-the-key"}
    # tests/consistency/test_kinds.py
    of_kinds = {"account-takes-identity", "account-keeps-its-vault", "kind-follows-the-key"}
    assert named == {rule for rule, *_ in CASES} | elsewhere | of_rotations | of_kinds


async def test_a_binding_without_a_version_is_judged_by_the_version_that_azure_would_use() -> None:
    """With the newest disabled and the one before it expired, that is the one before them, read whole; where
    none can be used, it is the newest, and the fix names it."""
    target = replace(TARGET, key=key_uris.parse(key_uri("").rstrip("/")))
    azure = FakeAzure(an_account(kind="AIServices"))
    newest, expired = a_version(V3, enabled=False), a_version(V2, expires=int(NOW))
    azure.versions = [a_version(V1), expired, newest]
    live = await Look(azure, target).at_all(NOW)
    assert live.key == azure.versions[0]
    assert findings(Preflight(target, live, NOW)) == []
    azure.versions = [a_version(V1, enabled=False), expired, newest]
    live = await Look(azure, target).at_all(NOW)
    (told,) = findings(Preflight(target, live, NOW))
    assert told.text == f"the key version {V3} is disabled"
    assert f"--id {key_uri(V3)} --enabled true" in told.fix
