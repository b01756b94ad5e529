"""One question, one answer: may an account of this kind have this?

It is put to the provider's preflight, the policy pack and the review, of each kind that the table lists; what
the local Azure refuses shows that they are right. The components' arguments: tests/components/test_kinds.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any, Final

import pytest

from core import arm_ids, demands, key_uris, kind_limits, kinds
from core.demands import Judgement
from core.facts import UserAssignedIdentity
from core.kinds import AccountKind
from provider.preflight import Preflight, blocking, findings
from tests.components.guards.first_deployments import IN_SHARED, SHARED, STORAGE, group, storage
from tests.policies.asking import KEY_URI, Thing
from tests.policies.bags import with_change
from tests.policies.editing import says, with_prop
from tests.policies.stacks import CLIENT, Stack, one_phase, two_phases
from tests.provider.fake_azure import PRINCIPAL, an_account, bound_to
from tests.provider.test_preflight import NOW, TARGET, live_state
from tests.review.build import ACCOUNT as ACCOUNT_TOKEN
from tests.review.build import (
    BINDING,
    POLICY,
    VAULT,
    Step,
    account,
    binding,
    policy,
    same,
    state,
    step,
    vault,
)
from tests.review.build import verdicts as verdicts_of
from tests.support.local_deployment import Deployment
from tests.support.recording import service_inputs

SEARCH: Final = f"{IN_SHARED}/providers/Microsoft.Search/searchServices/srch"
TWO: Final = [STORAGE, f"{STORAGE}2"]
BELOW: Final = {"foundry": "Project", "openai": "Deployment"}
LIMITS: Final[Mapping[str, Callable[[str], Judgement | None]]] = {
    "tiers": lambda kind: demands.tier(kind, "F0", planned=True),
    "user_assigned": lambda kind: kind_limits.key_identity(kind, user_assigned=True),
    "rotates": lambda kind: kind_limits.key_version(kind, ""),
    "storage": lambda kind: kind_limits.storage(kind, 1),
    "storage_stays": lambda kind: kind_limits.storage(kind, 2),
    **{has: partial(kind_limits.lacks, has=has) for has in ("search", "bypass", "foundry", "openai")},
}
"""Each column that limits an account, as core asks it."""
OTHERS: Final = {
    "name": "what it is called",
    "product": "what it is called",
    "prefix": "what it is called",
    "language": "by which API it is called",
    "callers": "which roles are offered; Azure assigns any (caller-least-privilege knows the broad ones)",
    "approval": "no API tells; noted before the first account is made (provider/deployment/checks.py)",
    "key_roles": "of the identity that uses the key (role-wider-than-needed, role-by-page)",
    "key_sizes": "of the key, not of the account (tests/core/test_demands.py)",
    "becomes": "what it may turn into (tests/core/test_kinds.py)",
    "terms": "no API tells; noted before the first account is made (provider/deployment/checks.py)",
}
"""Columns that limit nothing, and why."""
NOT_ASKED: Final = {
    ("provider", "storage"): "the preflight reads an account that Azure made with it",
    ("provider", "storage_stays"): "the same",
    ("provider", "search"): "the same",
    ("provider", "bypass"): "the same",
    ("provider", "foundry"): "a binding writes no project; those that are there, it asks about",
    ("provider", "openai"): "a binding writes no deployment",
}
"""Who is not asked about a column, and why."""
CASES: Final = [(column, kind.name) for column in LIMITS for kind in kinds.ALL]
each_case = pytest.mark.parametrize(("column", "kind"), CASES)


def limit(column: str, kind: str) -> Judgement | None:
    """What core says."""
    return LIMITS[column](kind)


def test_every_column_of_the_table_is_asked_about_or_limits_nothing() -> None:
    """A column that is added is asked about here by everybody, or says why not."""
    assert {field.name for field in fields(AccountKind)} == LIMITS.keys() | OTHERS.keys()
    assert {column for column, kind in CASES if limit(column, kind)} == LIMITS.keys()
    assert {column for _, column in NOT_ASKED} <= LIMITS.keys()


def preflight_refuses(column: str, kind: str) -> bool:
    """Whether the provider refuses to bind such an account."""
    user = UserAssignedIdentity("/id", CLIENT, PRINCIPAL)
    found, target = an_account(kind=kind, sku=kinds.named(kind).tiers[0], user_assigned=(user,)), TARGET
    if column == "tiers":
        found = replace(found, sku="F0", capabilities=("VirtualNetworks",))
    if column == "user_assigned":
        target = replace(TARGET, identity_client_id=CLIENT)
    if column == "rotates" and target.key:
        target = replace(TARGET, key=replace(target.key, version=""))
    return bool(blocking(findings(Preflight(target, live_state(found), NOW))))


STATED: Mapping[str, tuple[str, object]] = {
    "tiers": ("sku.name", "F0"),
    "storage": ("properties.userOwnedStorage", [{"resourceId": one} for one in TWO[:1]]),
    "storage_stays": ("properties.userOwnedStorage", [{"resourceId": one} for one in TWO]),
    "search": ("properties.apiProperties", {"qnaAzureSearchEndpointId": SEARCH}),
    "bypass": ("properties.networkAcls", {"defaultAction": "Deny", "bypass": "AzureServices"}),
}
"""What a program states of the account."""


def pack_refuses(column: str, kind: str) -> bool:
    """Whether the policy pack refuses such a stack in a preview."""
    stack: Stack = one_phase(preview=True) if column == "user_assigned" else two_phases(preview=True)
    stack = with_prop(stack, "account", "kind", kind)
    if column in STATED:
        stack = with_prop(stack, "account", *STATED[column])
    if column == "rotates":
        stack = with_prop(stack, "binding", "keyUriWithVersion", KEY_URI[:-33])
    if column in BELOW:
        token, source = f"azure-native:cognitiveservices:{BELOW[column]}", {"accountName": ["account"]}
        stack["below"] = Thing("below", token, {"accountName": "lang-one"}, property_dependencies=source)
    rules = ("account-tier-supports-cmk", "account-fits-its-kind", "cmk-no-versionless")
    return "violation" in {says(stack, rule) for rule in rules}


def review_says(column: str, kind: str) -> bool:
    """Whether the review of a pull request that makes it says that Azure refuses it."""
    return "not-for-kind" in verdicts_of(*preview(column, kind))


def preview(column: str, kind: str) -> Iterator[Step]:
    """A bound account of the kind that gets it."""
    before, after = account(), account()
    for one in (before, after):
        one["inputs"] |= {"kind": kind, "sku": {"name": kinds.named(kind).tiers[0]}}
    if column in STATED:
        after["inputs"] = with_change(after["inputs"], *STATED[column])
    if column in ("storage", "storage_stays"):
        # It is made with them: what it is linked to later is another question.
        yield step("create", ACCOUNT_TOKEN, "a", None, {**after, "id": ""})
    else:
        yield step("update", ACCOUNT_TOKEN, "a", before, after)
    yield same(VAULT, "v", vault())
    yield same(POLICY, "p", policy("get", "wrapKey", "unwrapKey"))
    bound = binding()
    now = {**bound, "inputs": {**bound["inputs"], "identityClientId": CLIENT}}
    if column == "rotates":
        now = binding(bound["inputs"]["keyUriWithVersion"][:-33])
    changes = column in ("user_assigned", "rotates")
    yield step("update", BINDING, "b", bound, now) if changes else same(BINDING, "b", bound)
    if column in BELOW:
        token = f"azure-native:cognitiveservices:{BELOW[column]}"
        yield step("create", token, "below", None, state({"accountName": "lang"}))


@each_case
def test_everybody_refuses_what_core_refuses(column: str, kind: str) -> None:
    """And nothing else."""
    expected = limit(column, kind) is not None
    assert pack_refuses(column, kind) is expected
    assert review_says(column, kind) is expected
    if ("provider", column) not in NOT_ASKED:
        assert preflight_refuses(column, kind) is expected


@pytest.mark.parametrize("kind", kinds.NAMES)
def test_a_key_of_another_vault_is_refused_of_some_kinds(kind: str) -> None:
    """By the provider, whose preflight ends the preview; the components' guards are tested with them."""
    key = key_uris.parse("https://kv-other.vault.azure.net/keys/cmk/" + "b" * 32)
    other = replace(
        TARGET, key=key, vault=arm_ids.vault_id(f"{TARGET.vault.text}-other" if TARGET.vault else "")
    )
    live = live_state(an_account(kind=kind, encryption=bound_to()))
    found = findings(Preflight(other, live, NOW, rebinding=True))
    expected = kind_limits.vault_change(kind, "kv", "kv-other") is not None
    assert ("account-keeps-its-vault" in {one.rule for one in found}) is expected


@pytest.mark.parametrize("kind", kinds.NAMES)
@pytest.mark.parametrize("column", ["storage", "bypass", "foundry", "openai"])
def test_the_local_azure_refuses_it(column: str, kind: str) -> None:
    """A judge that shares nothing with the table: what is refused above, it refuses, and takes the rest."""
    deployment = Deployment()
    if column == "storage":
        storage()(deployment)
    group("rg-shared")(deployment)
    id = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/any-claims"
    body: dict[str, Any] = {
        "location": "westeurope",
        "kind": kind,
        "sku": {"name": kinds.named(kind).tiers[0]},
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": "any-claims"},
    }
    if column == "storage":
        body["properties"]["userOwnedStorage"] = [{"resourceId": STORAGE}]
    if column == "bypass":
        body["properties"]["networkAcls"] = {"defaultAction": "Deny", "bypass": "AzureServices"}
    if column == "foundry":
        body["properties"]["allowProjectManagement"] = kinds.named(kind).foundry
    sent = deployment.arm("PUT", id, body, api="2025-06-01")
    if column in BELOW:
        assert sent.status == 201
        segment = f"{BELOW[column].lower()}s"
        below = {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "sku": {"name": "Standard", "capacity": 1},
            "properties": {"model": {"format": "OpenAI", "name": "gpt-4o-mini"}}
            if column == "openai"
            else {},
        }
        deployment.arm("GET", id, api="2025-06-01")
        sent = deployment.arm("PUT", f"{id}/{segment}/one", below, api="2025-06-01")
    assert (sent.status >= 400) is (limit(column, kind) is not None), sent.body


@pytest.mark.parametrize("kind", ["Face", "TextAnalytics"])
def test_the_local_azure_knows_who_uses_a_key_through_its_own_identity_alone(kind: str) -> None:
    """The identity has no access, so both are refused, but one whatever it had."""
    deployment = Deployment()
    group("rg-shared")(deployment)
    deployment.up({"claims": {**SHARED, "kind": kind}})
    user = f"{IN_SHARED}/providers/{arm_ids.USER_ASSIGNED_IDENTITY}/id-user"
    made = deployment.arm("PUT", user, {"location": "westeurope"}, api="2023-01-31").body
    id = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/{kinds.named(kind).prefix}-claims"
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {user: {}}}
    assert deployment.arm("PATCH", id, {"identity": both}, api="2025-06-01").status == 202
    encryption = deployment.arm("GET", id, api="2025-06-01").body["properties"]["encryption"]
    encryption["keyVaultProperties"]["identityClientId"] = made["properties"]["clientId"]
    sent = deployment.arm("PATCH", id, {"properties": {"encryption": encryption}}, api="2025-06-01")
    said = f"kind {kind} uses a key only through the account's own identity"
    assert (said in sent.headers["x-localazure-findings"]) is (not kinds.named(kind).user_assigned)


def test_what_the_fixes_say_is_taken() -> None:
    """Face without a search service, and with its key through its own identity: nobody names another."""
    assert service_inputs("claims", **SHARED, kind="Face", identity="systemAssigned")
    assert (
        says(with_prop(two_phases(preview=True), "account", "kind", "Face"), "account-fits-its-kind")
        == "pass"
    )
    own = an_account(kind="Face", sku="E0")
    assert blocking(findings(Preflight(replace(TARGET, identity_client_id=None), live_state(own), NOW))) == []
