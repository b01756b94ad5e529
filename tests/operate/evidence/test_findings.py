"""Each rule: found where it is broken, and not where everything is as it should be."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import arm_ids
from core.facts import Encryption, PolicyEntry, RotationPolicy, Vault
from core.roles import CRYPTO_USER, Permissions
from operate import evidence
from operate.evidence.collect import NO_LOG, NO_VAULT
from operate.evidence.findings import findings
from operate.evidence.model import DiagnosticSetting, Drill, NotChecked, Service, StackRecord
from operate.evidence.rules import RULES, WORDS, AuditSeverity
from tests.operate.evidence import made
from tests.operate.evidence.made import (
    BOUND,
    NEEDED,
    NEW,
    OLD,
    OPEN,
    OTHER,
    OWN,
    account,
    data,
    key,
    row,
    service,
    vault,
    version,
)

_OWN_POLICY = PolicyEntry(OWN, NEEDED)
_REFUSED = NotChecked("403 Forbidden: no")


def bound_to(name: str) -> Encryption:
    return replace(BOUND, key_version=name)


def granted(*permissions: str, **changes: str) -> Service:
    """The account's identity is granted this and no more."""
    return service(vault=vault(policies=(PolicyEntry(OWN, permissions, **changes),)))


def network(vault: Vault, **changes: Any) -> Vault:
    return replace(vault, network=replace(vault.network, **changes))


BROKEN: list[tuple[str, str, Service]] = [
    (
        "error",
        "not-under-customer-key",
        Service("/x/a", account(encryption=Encryption())),
    ),
    ("error", "identity-missing", service(account=account(principal_id=None))),
    (
        "error",
        "identity-missing",
        service(account=account(encryption=replace(BOUND, identity_client_id="gone"))),
    ),
    ("warning", "local-auth-on", service(account=account(local_auth=True))),
    ("warning", "account-network-open", service(account=account(network=OPEN))),
    ("note", "kind-ends", service(account=account(kind="ContentModerator"))),
    ("warning", "account-not-settled", service(account=account(provisioning_state="Accepted"))),
    ("error", "bound-without-version", service(account=account(encryption=bound_to("")))),
    ("note", "follows-key", service(account=account(kind="AIServices", encryption=bound_to("")))),
    (
        "error",
        "key-usable",
        service(
            account=account(kind="AIServices", encryption=bound_to("")),
            key=key(version(OLD, 60, enabled=False), version(NEW, 30, enabled=False)),
        ),
    ),
    ("error", "bound-version-missing", service(account=account(encryption=bound_to(OLD)))),
    ("error", "key-usable", service(key=key(version(NEW, 30, enabled=False)))),
    ("error", "key-usable", service(key=key(version(NEW, 30, expires_in=0)))),
    ("warning", "bound-version-expires-soon", service(key=key(version(NEW, 30, expires_in=59)))),
    (
        "warning",
        "bound-version-expires-soon",
        service(
            account=account(kind="AIServices", encryption=bound_to("")),
            key=key(version(OLD, 60, expires_in=59), version(NEW, 30, enabled=False)),
        ),
    ),
    ("warning", "bound-version-not-newest", service(key=key(version(NEW, 30), version(OLD, 3)))),
    ("note", "old-versions-enabled", service(key=key(version(OLD, 60), version(NEW, 30)))),
    ("error", "key-type", service(key=key(size=3072))),
    ("error", "key-type", service(key=key(type="EC", size=None))),
    ("note", "key-can-do-more", service(key=key(operations=("sign", "unwrapKey", "wrapKey")))),
    ("warning", "no-rotation-policy", service(key=key(rotation=None))),
    ("warning", "no-rotation-policy", service(key=key(rotation=RotationPolicy(expires_after="P1Y")))),
    ("warning", "rotation-overdue", service(key=key(rotation=RotationPolicy(rotates_after_create="P29D")))),
    ("error", "hsm-activated", service(vault=vault(activated=False))),
    ("error", "soft-delete", service(vault=vault(soft_delete=False))),
    ("error", "purge-protection", service(vault=vault(purge_protection=False))),
    ("error", "same-region", service(vault=vault(location="northeurope"))),
    ("error", "same-tenant", service(vault=vault(tenant_id=OTHER))),
    ("error", "trusted-services", service(vault=network(vault(), bypass="None"))),
    ("warning", "vault-network-open", service(vault=vault(network=OPEN))),
    ("error", "soft-delete", service(vault=vault(soft_delete=None, purge_protection=None))),
    ("error", "key-operations", service(key=key(operations=("wrapKey",)))),
    ("error", "tier", service(account=account(capabilities=("VirtualNetworks",)))),
    ("error", "outbound", service(account=account(restricts_outbound=True))),
    ("error", "no-access-to-key", service(vault=vault(policies=()))),
    ("error", "no-access-to-key", granted(*NEEDED, application_id=OTHER)),
    ("error", "no-access-to-key", granted(*NEEDED, tenant_id=OTHER)),
    ("error", "access-too-narrow", granted("unwrapkey")),
    ("error", "access-too-narrow", granted("unwrapkey", "wrapkey")),
    (
        "error",
        "access-uncertain",
        service(
            vault=vault(uses_rbac=True),
            assignments=(made.assignment(OWN, "r", key().id, data("*"), condition="@x"),),
        ),
    ),
    ("error", "no-access-to-key", service(vault=vault(uses_rbac=True))),
    ("warning", "access-too-wide", service(vault=vault(policies=(PolicyEntry(OWN, ("all",)),)))),
    (
        "note",
        "role-by-page",
        service(
            account=account(kind="AIServices"),
            vault=vault(uses_rbac=True),
            assignments=(made.assignment(OWN, CRYPTO_USER.id, key().id, data("*")),),
        ),
    ),
    (
        "warning",
        "others-can-unwrap",
        service(vault=vault(policies=(_OWN_POLICY, PolicyEntry(OTHER, ("decrypt",))))),
    ),
    (
        "note",
        "others-can-grant",
        service(assignments=(made.assignment(OTHER, "Owner", made.SUBSCRIPTION, Permissions(("*",))),)),
    ),
    ("warning", "key-use-not-recorded", service(audit=())),
    (
        "warning",
        "key-use-not-recorded",
        service(audit=(DiagnosticSetting("audit", "/w", ("AllMetrics",), dedicated=False),)),
    ),
    ("warning", "log-gap", service(use=made.use(*map(row, (*range(20, 30), *range(9)))))),
    (
        "note",
        "others-can-delete-log",
        service(
            use=replace(made.use(), assignments=(made.assignment(OTHER, "x", "/", Permissions(("*",))),))
        ),
    ),
    ("warning", "log-gap", service(use=replace(made.use(), since=made.NOW))),
    ("error", "others-did-unwrap", service(use=made.use(row(3), row(2, OTHER)))),
    ("warning", "account-was-refused", service(use=made.use(row(3), row(2, refused=True)))),
    ("warning", "others-were-refused", service(use=made.use(row(3), row(2, OTHER, refused=True)))),
]


def test_an_account_as_it_should_be_has_no_findings() -> None:
    """Nothing is found where nothing is wrong."""
    assert findings(made.facts()) == ()


@pytest.mark.parametrize(("severity", "rule", "broken"), BROKEN)
def test_a_broken_rule_is_found(severity: str, rule: str, broken: Service) -> None:
    """What is broken is found under its rule, with its severity, what was found and what to do."""
    facts = made.facts(broken, since=made.NOW - made.days(89))
    found = [f for f in findings(facts) if f.rule == rule]
    assert [f.severity.word for f in found] == [severity]
    assert found[0].text
    assert found[0].fix


@pytest.mark.parametrize("kind", ["AIServices", "TextAnalytics"])
def test_that_azure_shows_no_version_is_not_taken_for_a_binding_without_one(kind: str) -> None:
    """Azure may not show the version of a binding that names one."""
    found = findings(made.facts(service(account=account(kind=kind, encryption=bound_to("")))))
    (told,) = [one for one in found if one.rule in ("follows-key", "bound-without-version")]
    assert "Azure shows no key version" in told.text
    assert "or Azure does not show it" in told.text


@pytest.mark.parametrize(
    ("rule", "sound"),
    [
        ("key-type", service(account=account(kind="AIServices", sku="S0"), key=key(size=4096))),
        ("old-versions-enabled", service(key=key(version(OLD, 60, enabled=False), version(NEW, 30)))),
        ("bound-version-not-newest", service(key=key(version(NEW, 30), version(OLD, 3, enabled=False)))),
        ("bound-version-expires-soon", service(key=key(version(NEW, 30, expires_in=60)))),
        ("rotation-overdue", service(key=key(rotation=RotationPolicy(rotates_after_create="P30D")))),
        ("trusted-services", service(vault=vault(network=replace(OPEN, bypass="None")))),
        ("soft-delete", service(vault=vault(soft_delete=None))),
        ("access-too-narrow", granted("all")),
        ("others-did-unwrap", service(use=made.use(row(3), row(2, OTHER, "KeyWrap")))),
        ("others-can-unwrap", service(vault=vault(policies=(_OWN_POLICY, PolicyEntry(OTHER, ("get",)))))),
    ],
)
def test_what_is_just_right_is_not_found(rule: str, sound: Service) -> None:
    """Next to what breaks a rule, and not broken."""
    assert rule not in {f.rule for f in findings(made.facts(sound))}


@pytest.mark.parametrize(("refused", "readable", "found"), [(3, 4, []), (3, None, [1]), (None, 4, [1])])
def test_a_drill_that_did_not_hold_is_an_error(
    refused: float | None, readable: float | None, found: list[int]
) -> None:
    """Data that was not refused without the key, or not readable again with it."""
    drill = Drill("", made.NOW, refused, readable, OTHER)
    facts = made.facts(stack=StackRecord((), (drill,)))
    assert [1 for f in findings(facts) if (f.rule, f.severity.word) == ("drill-failed", "error")] == found


OLDEST = "c" * 32
SHARED = key(version(OLDEST, 90), version(OLD, 60), version(NEW, 30))
SPELLED = Encryption("microsoft.keyvault", "https://KV-Contoso.vault.azure.net:443", "CMK", OLDEST.upper())
DISABLED = [
    f"az keyvault key set-attributes --id https://kv-contoso.vault.azure.net/keys/cmk/{one} --enabled false"
    for one in (OLDEST, OLD)
]


@pytest.mark.parametrize(
    ("other", "every", "commands"),
    [
        (service(), True, DISABLED),
        (service(account=account("b", encryption=bound_to(OLDEST))), True, DISABLED[1:]),
        (service(account=account("b", encryption=SPELLED)), True, DISABLED[1:]),
        (service(account=account("b", encryption=replace(bound_to(OLD), key_name="second"))), True, DISABLED),
        (service(account=account("b", encryption=bound_to(""))), True, []),
        (service(account=account("b", encryption=replace(BOUND, key_name=""))), True, []),
        (service(account=account("b", encryption=replace(bound_to(OLD), key_vault_uri=""))), True, []),
        (service(account=account("b", provisioning_state="Accepted")), True, []),
        (service(vault=vault(id=vault().id.replace("subscriptions/", "subscriptions/f"))), True, []),
        (Service(account("b").id, NotChecked("403")), True, []),
        (service(), False, []),
    ],
    ids=[
        *(
            "idle",
            "bound by another",
            "in another spelling",
            "another key",
            "follows the key",
            "unknown key",
            "unknown vault",
        ),
        *("being changed", "a vault elsewhere", "unread", "some only"),
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
    assert fixes["lang-contoso"] == ("; ".join(commands) or WORDS["look_first"])


def test_every_rule_is_broken_above() -> None:
    """No rule of the code is without a case."""
    assert set(RULES) == {rule for _, rule, _ in BROKEN} | {"drill-failed"}


@pytest.mark.parametrize(
    ("part", "severity"),
    [
        ("account", "error"),
        ("vault", "error"),
        ("key", "error"),
        ("assignments", "warning"),
        ("audit", "warning"),
        ("use", "warning"),
        ("eligible", "warning"),
    ],
)
def test_what_could_not_be_read_is_found(part: str, severity: str) -> None:
    """A refused part is a finding: an error where it would have shown whether the data is protected."""
    changes: dict[str, Any] = {part: _REFUSED}
    found = findings(made.facts(replace(service(), **changes)))
    assert [(f.rule, f.severity.word) for f in found if f.rule == "not-checked"] == [
        ("not-checked", severity)
    ]
    assert "403 Forbidden: no" in found[0].text


def test_a_vault_without_purge_protection_is_found_though_its_key_is_not_read() -> None:
    """A key that is gone hides nothing of what protects it."""
    broken = service(vault=vault(purge_protection=False), key=NotChecked("404 KeyNotFound: no"))
    assert {"purge-protection", "not-checked"} <= {f.rule for f in findings(made.facts(broken))}


def test_what_the_facts_do_not_decide_is_not_passed_over() -> None:
    """A perimeter's rules are not read: whether the service is let in is said to be open."""
    (found,) = findings(made.facts(service(vault=network(vault(), public_access="SecuredByPerimeter"))))
    assert (found.rule, found.severity) == ("not-checked", AuditSeverity.WARNING)
    assert found.text.startswith("trusted-services: not checked: a network security perimeter decides")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("404 KeyNotFound: no", "soft-deleted"),
        (f"{NO_VAULT} 'kv-x'", "soft-deleted"),
        ("403 Forbidden: no", "with a login that may read it"),
    ],
)
def test_what_is_not_there_is_to_be_recovered(why: str, words: str) -> None:
    """Another login does not find a key or vault that was deleted."""
    (finding,) = (f for f in findings(made.facts(service(key=NotChecked(why)))) if f.rule == "not-checked")
    assert words in finding.fix


def test_a_log_that_goes_elsewhere_alone_is_told_with_the_way_out() -> None:
    """It is recorded, and not read here: the fix is another destination, no other login."""
    elsewhere = DiagnosticSetting("audit", "", ("AuditEvent",), dedicated=False, others=("/st",))
    unread = NotChecked(f"{NO_LOG} vault sends its audit log to a workspace, but to /st, which is not read")
    (found,) = findings(made.facts(service(audit=(elsewhere,), use=unread)))
    assert (found.rule, found.severity) == ("not-checked", AuditSeverity.WARNING)
    assert "audit.newWorkspace: true" in found.fix


def test_under_azure_rbac_unread_role_assignments_are_an_error() -> None:
    """There the role assignments alone tell who can unwrap."""
    found = findings(made.facts(service(vault=vault(uses_rbac=True), assignments=_REFUSED)))
    assert [(f.rule, f.severity) for f in found] == [("not-checked", AuditSeverity.ERROR)]


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


def test_the_document_lists_every_rule() -> None:
    """docs/evidence.md has each rule with its severity, and no other."""
    folder = Path(evidence.__file__ or "").parents[2]
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \| (\w+)", (folder / "docs" / "evidence.md").read_text(), re.MULTILINE
    )
    assert {(rule, severity) for rule, severity in rows if rule != "not-checked"} == {
        (rule, severity) for severity, rule, _ in BROKEN
    } | {("drill-failed", "error")}
