"""Each rule: found where it is broken, and not where everything is as it should be; and who can unwrap, who
can take the key away, and who could come to unwrap."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import arm_ids
from core.facts import (
    DiagnosticSetting,
    Encryption,
    Network,
    PolicyEntry,
    RoleAssignment,
    RotationPolicy,
    Upgrade,
    Vault,
)
from core.roles import CRYPTO_USER, Permissions
from operate import evidence
from operate.evidence.access import PrincipalRight, controllers, destroyers, unwrappers
from operate.evidence.collect import NO_LOG, NO_VAULT
from operate.evidence.findings import findings
from operate.evidence.model import Drill, NotChecked, Service, StackRecord
from operate.evidence.rules import RULES, WORDS, AuditSeverity
from tests.operate.evidence import made
from tests.operate.evidence.made import (
    BOUND,
    CLOSED,
    GROUP,
    NEEDED,
    NEW,
    NOW,
    OLD,
    OPEN,
    OTHER,
    OWN,
    SUBSCRIPTION,
    account,
    assignment,
    at_vault,
    data,
    given,
    key,
    of_account,
    row,
    service,
    used,
    vault,
    version,
    with_key,
)
from tests.support.printed import printed

REFUSED = NotChecked("403 Forbidden: no")


def bound_to(name: str) -> Encryption:
    return replace(BOUND, key_version=name)


def granted(*entries: PolicyEntry) -> Service:
    """The vault has these access policies and no more."""
    return at_vault(policies=entries)


def reached(network: Network = CLOSED, **changes: Any) -> Service:
    """The vault's network is changed."""
    return at_vault(network=replace(network, **changes))


OWN_POLICY = PolicyEntry(OWN, NEEDED)
OWNER = made.assignment(OTHER, "Owner", made.SUBSCRIPTION, Permissions(("*",)))
METRICS = DiagnosticSetting("audit", "/w", ("AllMetrics",), dedicated=False)
OFF = version(NEW, 30, enabled=False)
FOLLOWS = account(kind="AIServices", encryption=bound_to(""))
BROKEN: list[tuple[str, Service]] = [
    ("not-under-customer-key", Service("/x/a", account(encryption=Encryption()))),
    ("identity-missing", of_account(principal_id=None)),
    ("identity-missing", of_account(encryption=replace(BOUND, identity_client_id="gone"))),
    ("local-auth-on", of_account(local_auth=True)),
    ("account-network-open", of_account(network=OPEN)),
    ("kind-ends", of_account(kind="ContentModerator")),
    ("upgrade-planned", service(upgrade=Upgrade("Enabled", planned=True, at="2026-12-15T00:00:00Z"))),
    ("account-not-settled", of_account(provisioning_state="Accepted")),
    ("bound-without-version", of_account(encryption=bound_to(""))),
    ("follows-key", service(account=FOLLOWS)),
    ("key-usable", service(account=FOLLOWS, key=key(version(OLD, 60, enabled=False), OFF))),
    ("bound-version-missing", of_account(encryption=bound_to(OLD))),
    ("key-usable", with_key(OFF)),
    ("key-usable", with_key(version(NEW, 30, expires_in=0))),
    ("bound-version-expires-soon", with_key(version(NEW, 30, expires_in=59))),
    ("bound-version-expires-soon", service(account=FOLLOWS, key=key(version(OLD, 60, expires_in=59), OFF))),
    ("bound-version-not-newest", with_key(version(NEW, 30), version(OLD, 3))),
    ("old-versions-enabled", with_key(version(OLD, 60), version(NEW, 30))),
    ("key-type", with_key(size=3072)),
    ("key-can-do-more", with_key(operations=("sign", "unwrapKey", "wrapKey"))),
    ("no-rotation-policy", with_key(rotation=None)),
    ("no-rotation-policy", with_key(rotation=RotationPolicy(expires_after="P1Y"))),
    ("rotation-overdue", with_key(rotation=RotationPolicy(rotates_after_create="P29D"))),
    ("hsm-activated", at_vault(activated=False)),
    ("soft-delete", at_vault(soft_delete=False)),
    ("soft-delete", at_vault(soft_delete=None, purge_protection=None)),
    ("purge-protection", at_vault(purge_protection=False)),
    ("same-region", at_vault(location="northeurope")),
    ("same-tenant", at_vault(tenant_id=OTHER)),
    ("trusted-services", reached(bypass="None")),
    ("vault-network-open", reached(OPEN)),
    ("key-operations", with_key(operations=("wrapKey",))),
    ("tier", of_account(capabilities=("VirtualNetworks",))),
    ("outbound", of_account(restricts_outbound=True)),
    ("no-access-to-key", granted()),
    ("no-access-to-key", granted(replace(OWN_POLICY, application_id=OTHER))),
    ("no-access-to-key", granted(replace(OWN_POLICY, tenant_id=OTHER))),
    ("no-access-to-key", at_vault(uses_rbac=True)),
    ("access-too-narrow", granted(PolicyEntry(OWN, ("unwrapkey", "wrapkey")))),
    ("access-uncertain", given(made.assignment(OWN, "r", key().id, data("*"), condition="@x"))),
    ("access-too-wide", granted(PolicyEntry(OWN, ("all",)))),
    (
        "role-by-page",
        given(made.assignment(OWN, CRYPTO_USER.id, key().id, data("*")), account=account(kind="AIServices")),
    ),
    ("others-can-unwrap", granted(OWN_POLICY, PolicyEntry(OTHER, ("decrypt",)))),
    ("others-can-unwrap", granted(OWN_POLICY, replace(OWN_POLICY, application_id=OTHER))),
    ("others-can-grant", service(assignments=(OWNER,))),
    ("key-use-not-recorded", service(audit=())),
    ("key-use-not-recorded", service(audit=(METRICS,))),
    ("log-gap", used(*map(row, (*range(20, 30), *range(9))))),
    ("log-gap", used(since=NOW)),
    ("others-can-delete-log", used(assignments=(replace(OWNER, scope="/"),))),
    ("others-did-unwrap", used(row(3), row(2, OTHER))),
    ("account-was-refused", used(row(3), row(2, refused=True))),
    ("others-were-refused", used(row(3), row(2, OTHER, refused=True))),
]


def test_an_account_as_it_should_be_has_no_findings() -> None:
    """Nothing is found where nothing is wrong."""
    assert findings(made.facts()) == ()


@pytest.mark.parametrize(("rule", "broken"), BROKEN)
def test_a_broken_rule_is_found(rule: str, broken: Service) -> None:
    """Once under its rule, with what was found and what to do. Azure may not show the version of a binding
    that names one, so that this is not found without a doubt."""
    facts = made.facts(broken, since=NOW - made.days(89))
    (found,) = [f for f in findings(facts) if f.rule == rule]
    assert found.text
    assert found.fix
    assert ("or Azure does not show it" in found.text) is (rule in ("follows-key", "bound-without-version"))


@pytest.mark.parametrize(
    ("rule", "sound"),
    [
        ("old-versions-enabled", with_key(version(OLD, 60, enabled=False), version(NEW, 30))),
        ("bound-version-not-newest", with_key(version(NEW, 30), version(OLD, 3, enabled=False))),
        ("bound-version-expires-soon", with_key(version(NEW, 30, expires_in=60))),
        ("rotation-overdue", with_key(rotation=RotationPolicy(rotates_after_create="P30D"))),
        ("others-did-unwrap", used(row(3), row(2, OTHER, "KeyWrap"))),
        ("others-can-unwrap", granted(OWN_POLICY, PolicyEntry(OTHER, ("get",)))),
    ],
)
def test_what_is_just_right_is_not_found(rule: str, sound: Service) -> None:
    """Next to what breaks a rule, and not broken."""
    assert rule not in {f.rule for f in findings(made.facts(sound))}


@pytest.mark.parametrize(("refused", "readable"), [(3, 4), (3, None), (None, 4)])
def test_a_drill_that_did_not_hold_is_an_error(refused: float | None, readable: float | None) -> None:
    """Data that was not refused without the key, or not readable again with it."""
    drill = Drill("", NOW, refused, readable, OTHER)
    found = [(f.rule, f.severity.word) for f in findings(made.facts(stack=StackRecord((), (drill,))))]
    assert (("drill-failed", "error") in found) is (None in (refused, readable))


OLDEST = "c" * 32
SHARED = key(version(OLDEST, 90), version(OLD, 60), version(NEW, 30))
SPELLED = Encryption("microsoft.keyvault", "https://KV-Contoso.vault.azure.net:443", "CMK", OLDEST.upper())


def beside(encryption: Encryption) -> Service:
    """Another account, which is bound so."""
    return service(account=account("b", encryption=encryption))


DISABLED = [
    f"az keyvault key set-attributes --id https://kv-contoso.vault.azure.net/keys/cmk/{one} --enabled false"
    for one in (OLDEST, OLD)
]


@pytest.mark.parametrize(
    ("other", "every", "commands"),
    [
        pytest.param(service(), True, DISABLED, id="idle"),
        pytest.param(beside(bound_to(OLDEST)), True, DISABLED[1:], id="bound by another"),
        pytest.param(beside(SPELLED), True, DISABLED[1:], id="in another spelling"),
        pytest.param(beside(replace(bound_to(OLD), key_name="second")), True, DISABLED, id="another key"),
        pytest.param(beside(bound_to("")), True, [], id="follows the key"),
        pytest.param(beside(replace(BOUND, key_name="")), True, [], id="unknown key"),
        pytest.param(beside(replace(bound_to(OLD), key_vault_uri="")), True, [], id="unknown vault"),
        pytest.param(of_account(name="b", provisioning_state="Accepted"), True, [], id="being changed"),
        pytest.param(
            at_vault(id=vault().id.replace("subscriptions/", "subscriptions/f")), True, [], id="elsewhere"
        ),
        pytest.param(Service(account("b").id, NotChecked("403")), True, [], id="unread"),
        pytest.param(service(), False, [], id="some only"),
    ],
)
def test_only_a_version_that_no_account_needs_is_to_be_disabled(
    other: Service, every: bool, commands: list[str]
) -> None:
    """An account of any stack may be bound to it. Where one was not read, may use each version, or may not be
    in the report, no command is told, but what to do first."""
    asked = (arm_ids.subscription_of(made.account().id).upper(),) if every else ()
    facts = made.facts(service(key=SHARED), replace(other, key=SHARED), asked=asked)
    fixes = {one.subject: one.fix for one in findings(facts) if one.rule == "old-versions-enabled"}
    fix = fixes["lang-contoso"]
    assert printed(fix) == commands
    assert (fix == WORDS["look_first"]) is not bool(commands)


ELSEWHERE = DiagnosticSetting("audit", "", ("auditevent",), dedicated=False, others=("/st",))
NO_WORKSPACE = NotChecked(f"{NO_LOG} vault sends its audit log to a workspace, but to /st, which is not read")
PERIMETER = "trusted-services: not checked: a network security perimeter decides"
UNREAD: list[tuple[str, str, str, Service]] = [
    ("error", "account: not checked: 403", "with a login that may read it", service(account=REFUSED)),
    ("error", "vault: not checked: 403", "with a login that may read it", service(vault=REFUSED)),
    ("error", "key: not checked: 403", "with a login that may read it", service(key=REFUSED)),
    ("warning", "role assignments", "", service(assignments=REFUSED)),
    ("error", "who can unwrap", "", service(vault=vault(uses_rbac=True), assignments=REFUSED)),
    ("warning", "diagnostic settings", "", service(audit=REFUSED)),
    ("warning", "key use", "", service(use=REFUSED)),
    ("warning", "roles that somebody may activate", "", service(eligible=REFUSED)),
    ("error", "key", "soft-deleted", service(key=NotChecked("404 KeyNotFound: no"))),
    ("error", "key", "soft-deleted", service(key=NotChecked(f"{NO_VAULT} 'kv-x'"))),
    ("warning", "key use", "audit.newWorkspace: true", service(audit=(ELSEWHERE,), use=NO_WORKSPACE)),
    ("warning", PERIMETER, "in the Azure portal", reached(public_access="SecuredByPerimeter")),
]


@pytest.mark.parametrize(("severity", "text", "fix", "unread"), UNREAD)
def test_what_could_not_be_read_is_found(severity: str, text: str, fix: str, unread: Service) -> None:
    """An error where it would have shown whether the data is protected, as under Azure RBAC the role
    assignments alone do. Another login does not find what was deleted, nor a log that goes elsewhere."""
    (found,) = findings(made.facts(unread))
    assert (found.rule, found.severity.word) == ("not-checked", severity)
    assert text in found.text
    assert fix in found.fix


def test_a_vault_without_purge_protection_is_found_though_its_key_is_not_read() -> None:
    """A key that is gone hides nothing of what protects it."""
    broken = service(vault=vault(purge_protection=False), key=REFUSED)
    assert {"purge-protection", "not-checked"} <= {f.rule for f in findings(made.facts(broken))}


def test_the_fixes_of_a_managed_hsm_are_its_administrators() -> None:
    """No setting of this project changes one."""
    hsm = vault(
        id=f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm", name="hsm", uses_rbac=True, network=OPEN
    )
    wrong = service(vault=hsm, key=key(rotation=None), audit=())
    found = {one.rule: (one.text, one.fix) for one in findings(made.facts(wrong))}
    text, fix = found["vault-network-open"]
    assert text == "managed HSM hsm accepts connections from every network"
    assert fix.startswith("run `az keyvault update-hsm --hsm-name hsm --default")
    assert "send its AuditEvent log to a workspace" in found["key-use-not-recorded"][1]
    assert "by which the managed HSM rotates it" in found["no-rotation-policy"][0]


def test_what_accounts_share_is_found_once() -> None:
    """Two accounts on one vault and key: what is wrong with these is one finding, under their names."""
    shared = {"vault": vault(network=OPEN, purge_protection=False), "key": key(rotation=None)}
    found = findings(made.facts(service(**shared), service(account=account("lang-two"), **shared)))
    assert [(f.rule, f.subject) for f in found if f.rule != "others-can-unwrap"] == [
        ("purge-protection", "kv-contoso"),
        ("vault-network-open", "kv-contoso"),
        ("no-rotation-policy", "kv-contoso/cmk"),
    ]


def test_the_severest_come_first() -> None:
    """Findings are in order of severity, then of subject."""
    found = findings(made.rich())
    assert [f.severity for f in found] == sorted(f.severity for f in found)
    assert {f.severity for f in found} == set(AuditSeverity)


def test_every_rule_is_broken_above_and_in_the_document() -> None:
    """docs/evidence.md has each rule with its severity, and no other."""
    assert set(RULES) == {rule for rule, _ in BROKEN} | {"drill-failed"}
    folder = Path(evidence.__file__ or "").parents[2]
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \| (\w+)", (folder / "docs" / "evidence.md").read_text(), re.MULTILINE
    )
    assert {(rule, severity) for rule, severity in rows if rule != "not-checked"} == {
        (name, rule.severity.word) for name, rule in RULES.items()
    }


Asked = Callable[[Service], tuple[PrincipalRight, ...] | NotChecked]
KEY = key().id
RBAC, NONE = vault(uses_rbac=True), vault(policies=())
WRITE, ASSIGN = "Microsoft.KeyVault/vaults/{}write", "Microsoft.Authorization/{}"
POLICIES, ROLES = WRITE.format("accessPolicies/"), ASSIGN.format("roleAssignments/write")


def policy(*permissions: str) -> Vault:
    return vault(policies=(PolicyEntry(OTHER, permissions),))


def role(scope: str, *blocks: Permissions) -> RoleAssignment:
    return assignment(OTHER, "a role", scope, *blocks)


def acts(*actions: str, without: tuple[str, ...] = ()) -> RoleAssignment:
    """By actions of Resource Manager in the subscription."""
    return role(SUBSCRIPTION, Permissions(actions, without))


@pytest.mark.parametrize(
    ("asked", "vault", "given", "can"),
    [
        # unwrapKey and decrypt let somebody read data keys; nothing else does. tests/core/test_rights.py has
        # what words and roles stand for, tests/core/test_arm_ids.py which scopes count.
        (unwrappers, policy("unwrapkey"), (), True),
        (unwrappers, policy("decrypt"), (), True),
        (unwrappers, policy("get", "wrapkey", "encrypt", "sign"), (), False),
        # A role by its data actions; Owner alone is no data role.
        (unwrappers, RBAC, (role(KEY, data("unwrap/action")),), True),
        (unwrappers, RBAC, (role(GROUP.upper(), Permissions(data_actions=("*",))),), True),
        (unwrappers, RBAC, (role(f"{vault().id}/keys/another", data("*")),), False),
        (unwrappers, RBAC, (acts("*"),), False),
        # Each model counts its own grants only.
        (unwrappers, vault(uses_rbac=True, policies=(PolicyEntry(OTHER, ("all",)),)), (), False),
        (unwrappers, NONE, (role(KEY, data("*")),), False),
        # Whoever deletes, purges or disables the key, and whoever deletes its vault, in both models.
        (destroyers, policy("delete"), (), True),
        (destroyers, policy("update"), (), True),
        (destroyers, policy("purge"), (), True),
        (destroyers, policy(*NEEDED), (), False),
        (destroyers, NONE, (role(KEY, data("*")),), False),
        (destroyers, RBAC, (role(KEY, data("update/action")),), True),
        (destroyers, NONE, (acts("*"),), True),
        (destroyers, NONE, (acts("Microsoft.KeyVault/vaults/read"),), False),
        # Whoever writes vault or role assignments in both models; access policies, where they count.
        (controllers, vault(), (acts(WRITE.format("")),), True),
        (controllers, vault(), (acts("*", without=(ASSIGN.format("*/Write"),)),), True),
        (controllers, vault(), (acts(ROLES),), True),
        (controllers, vault(), (acts(POLICIES),), True),
        (controllers, RBAC, (acts(POLICIES),), False),
        (controllers, RBAC, (acts(ROLES),), True),
        (controllers, RBAC, (acts("*/read"),), False),
    ],
)
def test_who_can(asked: Asked, vault: Vault, given: Any, can: bool) -> None:
    """Unwrap, make the data unreadable, and give themselves the right to unwrap."""
    found = asked(service(vault=vault, assignments=given))
    assert not isinstance(found, NotChecked)
    assert bool(found) is can


def test_unread_role_assignments_leave_it_open() -> None:
    """Without them nobody can say who can unwrap under Azure RBAC; access policies need none."""
    unread, told = NotChecked("403"), NotChecked("the list of role assignments was not read: 403")
    assert unwrappers(service(vault=RBAC, assignments=unread)) == told
    assert unwrappers(service(vault=NONE, assignments=unread)) == ()
    assert controllers(service(assignments=unread)) == told
    assert isinstance(unwrappers(service(vault=RBAC, assignments=None)), NotChecked)


def test_findings_judge_as_of_a_later_time_that_is_asked_for() -> None:
    """A version that expires before then is no good then."""
    for judged_at, expired in ((None, False), (NOW + made.days(399), False), (NOW + made.days(401), True)):
        rules = {one.rule for one in findings(made.facts(judged_at=judged_at))}
        assert ("key-usable" in rules) is expired
