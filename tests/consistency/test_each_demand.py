"""Each demand of the service has one line in `core.demands`; pack and review say what that line says.

A row below is a demand, a property, and how the demand stands for each of its values: known, unknown, secret,
absent, oddly spelt. The pack is asked by its rule on what a program states; the review by its verdict on an
update that changes a right value to this one. What reads Azure's answers has nothing unknown: its findings
are in tests/provider (test_preflight.py, test_references.py) and tests/operate/evidence/test_findings.py. Who
may use a key is in test_access.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from core import demands
from localazure.cognitive.kinds import find_kind
from tests.policies.asking import ACCOUNT, BINDING, KEY, KEY_URI, TENANT, UNKNOWN_TEXT, VAULT, secret, verdict
from tests.policies.bags import VAULT_ID, account_props, key_props, vault_props, with_change
from tests.policies.stacks import ACCOUNT_ID, PRINCIPAL, run, two_phases
from tests.review.build import UNKNOWN, same, state, step, verdicts
from tests.review.changes import SECRET

MET, UNMET, UNDECIDED = "met", "unmet", "undecided"
UNSURE = "undetermined"
IN_PACK = {MET: "pass", UNMET: "violation", UNDECIDED: "open"}
FIREWALL = {"properties.networkAcls": {"defaultAction": "Deny", "bypass": "None"}}
HOST = "kv-one.vault.azure.net"
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"


@dataclass(frozen=True)
class Row:
    """A demand about `path` of a vault, a key or an account. `rule` is the pack's. `values` are what it may
    be, the first of them right, with how the demand then stands; `more` are properties by which the value
    matters. `verdict` is the review's, where it no longer holds; `left_out` is its verdict where an absent
    value leaves what Azure has. `unknown` is what the pack says where others decide."""

    demand: str
    rule: str
    type: str
    path: str
    values: tuple[tuple[Any, str], ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    unknown: str = "open"
    verdict: str = "demand-unmet"
    left_out: str = ""


ROWS = (
    Row(
        "soft-delete",
        "vault-soft-delete",
        VAULT,
        "properties.enableSoftDelete",
        ((True, MET), ("TRUE", MET), (..., MET), (None, MET), (False, UNMET), ("False", UNMET)),
        verdict="recovery-weakened",
    ),
    Row(
        "purge-protection",
        "vault-purge-protection",
        VAULT,
        "properties.enablePurgeProtection",
        ((True, MET), (" True", MET), (False, UNMET), (..., UNMET), (None, UNMET)),
        verdict="recovery-weakened",
        left_out=UNSURE,
    ),
    Row(
        "trusted-services",
        "vault-trusted-services",
        VAULT,
        "properties.networkAcls.bypass",
        (
            ("AzureServices", MET),
            (" azure Services", MET),
            ("Logging, AzureServices", MET),
            (..., MET),
            (None, MET),
            ("None", UNMET),
            ("", UNMET),
        ),
        FIREWALL,
        verdict="access-revoked",
    ),
    Row(
        "trusted-services",
        "vault-trusted-services",
        VAULT,
        "properties.publicNetworkAccess",
        (("SecuredByPerimeter", UNDECIDED), ("securedByPerimeter", UNDECIDED), ("Disabled", UNMET)),
        FIREWALL,
        "violation",
        verdict="access-revoked",
    ),
    Row(
        "key-type",
        "key-rsa-2048",
        KEY,
        "properties.kty",
        (("RSA", MET), ("rsa-hsm", MET), ("EC", UNMET), ("oct", UNMET)),
    ),
    Row(
        "key-type",
        "key-rsa-2048",
        KEY,
        "properties.keySize",
        ((2048, MET), ("2048", MET), (3072, UNMET)),
    ),
    Row(
        "key-operations",
        "key-usable",
        KEY,
        "properties.keyOps",
        (
            (["wrapKey", "unwrapKey"], MET),
            (["WRAPKEY", " unwrapkey"], MET),
            (["wrapKey"], UNMET),
            ([], UNMET),
        ),
    ),
    Row(
        "tier",
        "account-tier-supports-cmk",
        ACCOUNT,
        "sku.name",
        (("S", MET), (" s ", MET), ("F0", UNMET), ("f0", UNMET), ("Free", UNMET)),
        verdict="not-for-kind",
    ),
    Row(
        "outbound",
        "account-outbound-compatible",
        ACCOUNT,
        "properties.allowedFqdnList",
        (
            ([HOST], MET),
            ([HOST.upper()], MET),
            ([], UNMET),
            (..., UNMET),
            (["*.vault.azure.net"], UNMET),
            (["kv-one.vault.azure.cn"], UNMET),
        ),
        {"properties.restrictOutboundNetworkAccess": True},
        verdict="access-revoked",
    ),
    Row(
        "outbound",
        "account-outbound-compatible",
        ACCOUNT,
        "properties.restrictOutboundNetworkAccess",
        ((False, MET), ("false", MET), (..., MET), (True, UNMET), ("True", UNMET)),
        {"properties.allowedFqdnList": []},
        verdict="access-revoked",
    ),
    Row(
        "same-region",
        "same-region",
        VAULT,
        "location",
        (("westeurope", MET), ("West Europe", MET), ("northeurope", UNMET)),
    ),
    Row(
        "same-tenant",
        "same-tenant",
        VAULT,
        "properties.tenantId",
        ((TENANT, MET), (TENANT.upper(), MET), (OTHER_TENANT, UNMET)),
        # Both are of one provider, so of one subscription.
        unknown="pass",
    ),
)
CASES = [(row, *value) for row in ROWS for value in row.values]
cases = pytest.mark.parametrize(
    ("row", "value", "stands"), CASES, ids=[f"{row.demand}-{row.path}-{value}" for row, value, _ in CASES]
)
RIGHT = {VAULT: ("vault", vault_props), KEY: ("key", key_props), ACCOUNT: ("account", account_props)}


def changed(row: Row, value: Any, props: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties with the value, and what makes it matter, in their place."""
    for path, other in (*row.more.items(), (row.path, value)):
        props = with_change(props, path, other)
    return props


def in_pack(row: Row, value: Any) -> str:
    """What the pack's rule says of a right stack with the value in it."""
    stack, (name, _) = two_phases(), RIGHT[row.type]
    stack[name] = replace(stack[name], props=changed(row, value, stack[name].props))
    return verdict(run(stack), row.rule)


def in_review(row: Row, value: Any, kind: str = "TextAnalytics") -> set[str]:
    """The verdicts on an update of a bound account, by which a right value becomes this one."""
    steps = {
        "account": (ACCOUNT, with_change(account_props(), "kind", kind), ACCOUNT_ID),
        "vault": (VAULT, vault_props(), VAULT_ID),
        "key": (KEY, key_props(), f"{VAULT_ID}/keys/cmk"),
    }
    identity = {"identity": {"type": "SystemAssigned", "principalId": PRINCIPAL, "tenantId": TENANT}}
    facts = {"accountId": ACCOUNT_ID, "keyUriWithVersion": KEY_URI}
    found = [same(BINDING, "b", state(facts, {**facts, "principalId": PRINCIPAL}, id=ACCOUNT_ID))]
    right, stands = row.values[0]
    for name, (token, props, id) in steps.items():
        before: Mapping[str, Any] = props
        after: Mapping[str, Any] = props
        if name == RIGHT[row.type][0]:
            before = changed(row, right, props) if stands == MET else props
            after = changed(row, value, props)
        known = {**before, **(identity if name == "account" else {})}
        was, now = state(before, known, id=id), state(after, {}, id=id)
        found.append(step("same" if before == after else "update", token, name, was, now))
    return set(verdicts(*found))


@cases
def test_the_review_says_what_core_says(row: Row, value: Any, stands: str) -> None:
    """Known, absent and oddly spelt values: nothing where the demand still holds, else a verdict."""
    said = in_review(row, value)
    expected = {MET: "", UNMET: row.verdict, UNDECIDED: UNSURE}[stands]
    if value in (None, ...) and row.left_out:
        expected = row.left_out
    assert said & {row.verdict, UNSURE} == ({expected} if expected else set())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.demand}-{row.path}")
@pytest.mark.parametrize("hidden", [UNKNOWN, SECRET])
def test_the_review_does_not_guess_what_a_preview_hides(row: Row, hidden: str) -> None:
    """What only the update knows, and what is secret, is neither met nor unmet, unless no value would do."""
    none_will_do = {row.verdict} if row.unknown == IN_PACK[UNMET] else set()
    assert in_review(row, hidden) & {row.verdict, UNSURE} == {UNSURE} | none_will_do


@cases
def test_the_pack_says_what_core_says(row: Row, value: Any, stands: str) -> None:
    """Known, absent and oddly spelt values."""
    assert in_pack(row, value) == IN_PACK[stands]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.demand}-{row.path}")
def test_the_pack_waits_for_what_is_not_known_and_judges_what_is_secret(row: Row) -> None:
    """A value that only the update knows is open; one that is secret is judged by what is in it."""
    (right, stands), (wrong, stands_not) = row.values[0], row.values[-1]
    assert in_pack(row, UNKNOWN_TEXT) == row.unknown
    assert in_pack(row, secret(right)) == IN_PACK[stands]
    if wrong is not ...:
        assert in_pack(row, secret(wrong)) == IN_PACK[stands_not]


@pytest.mark.parametrize(
    ("kind", "size", "stands"),
    [
        ("TextAnalytics", 2048, MET),
        ("TextAnalytics", 4096, UNMET),
        ("TextTranslation", 3072, UNMET),
        ("AIServices", 3072, MET),
        ("AIServices", 4096, MET),
        ("AIServices", 1024, UNMET),
    ],
)
def test_every_surface_judges_a_keys_size_by_the_kind_of_account(kind: str, size: int, stands: str) -> None:
    """Foundry takes larger keys, the other kinds 2048 bits only; and the local Azure refuses what we do."""
    row = next(one for one in ROWS if one.path == "properties.keySize")
    stack = two_phases()
    stack["account"] = replace(stack["account"], props=with_change(stack["account"].props, "kind", kind))
    stack["key"] = replace(stack["key"], props=with_change(stack["key"].props, row.path, size))
    assert verdict(run(stack), row.rule) == IN_PACK[stands]
    assert in_review(row, size, kind) & {row.verdict, UNSURE} == ({row.verdict} if stands == UNMET else set())
    local = find_kind(kind)
    assert local is not None
    assert local.takes_key("RSA", size) is (stands == MET)


def test_every_demand_about_what_exists_is_in_the_table() -> None:
    """A demand that core judges is asked of every surface; a managed HSM alone is activated."""
    others = ("kind-", "network", "public")
    everything = {demand for demand in demands.FIXES if not demand.startswith(others)}
    assert {row.demand for row in ROWS} == everything - {"hsm-activated"}
